"""Every error code that an operation of the table names is produced, for that operation.

For each code there is a way to provoke it from a request that would succeed; a code of the table
without one fails here, and so does one that the operation cannot be refused with.
"""

import contextlib
import socket
import subprocess
from contextlib import closing

import pytest

import cosbox
from cosbox.protocol.codes import status_of
from cosbox.protocol.errors import ServerFaultError
from cosbox.protocol.operations import OPERATIONS, SHARED_ERRORS
from cosbox.protocol.requests import Defaults, bind, encode
from cosbox.protocol.schema import Place
from cosbox.storage.extents import unpack_extents
from cosbox.storage.folder import open_folder
from support.checks import PART, md5, source, upload
from support.rawhttp import Client
from support.ways import (
    NOBODY,
    OTHER,
    OWNER,
    REGION,
    THIRD,
    OverHttp,
    Reply,
    authorization,
    target_of,
)

BUCKET = "codes-1250000000"
MISSING = "missing-1250000000"
NO_UPLOAD = "1" * 74
NO_VERSION = "MTg0NDUxNTc1NjIzMTQ1MDAwODg"
LARGE = 5 * 1024**3 + 1


class Stage(OverHttp):
    """A store with something of everything, and requests that would succeed on it."""

    def __init__(self, folder):
        super().__init__(folder)
        client = self.client()
        client.create_bucket(BUCKET)
        for key in ("a", "b"):
            client.put_object(BUCKET, b"text", key)
        client.put_object(BUCKET, b"cold", "cold", StorageClass="ARCHIVE")
        client.put_object(BUCKET, b"cold", "thawing", StorageClass="ARCHIVE")
        client.restore_object(BUCKET, "thawing", {"Days": 1})
        self.upload_id, self.parts = upload(client, BUCKET, "a", [b"small", b"parts"])

    def request(self, operation, **args):
        """A request of an operation, with arguments beside those it needs."""
        needed = {
            "CopySource": source(BUCKET, "b"),
            "Delete": {"Object": [{"Key": "nothing"}]},
            "MultipartUpload": {"Part": self.parts[:1]},
            "PartNumber": 1,
            "RestoreRequest": {"Days": 1},
            "UploadId": self.upload_id,
            "VersioningConfiguration": {"Status": "Enabled"},
        }
        given = {
            param.name: needed[param.name]
            for param in operation.params
            if param.required and param.name in needed
        }
        if operation.name in {"put_bucket_acl", "put_object_acl"}:
            given["ACL"] = "private"
        key = "cold" if operation.name == "restore_object" else "a"
        return encode(bind(operation, BUCKET, key, given | args, Defaults(region=REGION)))

    def send(self, request, *, who=OWNER, query=(), **headers):
        """Send it, with other parameters and headers; ``_`` in names of headers is ``-``."""
        more = {name.replace("_", "-"): text for name, text in headers.items()}
        path = "/" if request.bucket is None else f"/{request.bucket}/{request.key or ''}"
        return self.ask(
            request.method,
            path,
            query={**request.query, **dict(query)},
            headers={k: v for k, v in {**request.headers, **more}.items() if v is not None},
            body=request.body,
            who=who,
        )

    def raw(self, request, *lines, body=b"", end=False):
        """Send only its head, with these lines, and then some body."""
        path = f"/{request.bucket}/{request.key}"
        signed = authorization(OWNER, request.method, path, request.query)
        head = [
            f"{request.method} {target_of(path, request.query)} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: {signed}",
            *lines,
        ]
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as sock:
            talk = Client(sock)
            try:
                talk.send("\r\n".join(head).encode() + b"\r\n\r\n" + body)
                if end:
                    sock.shutdown(socket.SHUT_WR)
                reply = talk.reply()
            finally:
                talk.file.close()
        return Reply(reply.status, reply.headers, reply.body)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with closing(Stage(tmp_path_factory.mktemp("codes") / "store")) as stage:
        yield stage


def other(request, **fields):
    return request._replace(**fields)


def takes(operation, name):
    return any(param.name == name for param in operation.params)


def copies(operation):
    return takes(operation, "CopySource")


PROVOKE = {}


def provokes(code):
    def register(function):
        PROVOKE[code] = function
        return function

    return register


@provokes("NoSuchBucket")
def no_such_bucket(stage, operation):
    return stage.send(other(stage.request(operation), bucket=MISSING))


@provokes("NoSuchKey")
def no_such_key(stage, operation):
    if copies(operation):
        return stage.send(stage.request(operation, CopySource=source(BUCKET, "missing")))
    return stage.send(other(stage.request(operation), key="missing"))


@provokes("NoSuchVersion")
def no_such_version(stage, operation):
    if copies(operation):
        wanted = source(BUCKET, "b", VersionId=NO_VERSION)
        return stage.send(stage.request(operation, CopySource=wanted))
    return stage.send(stage.request(operation, VersionId=NO_VERSION))


@provokes("NoSuchUpload")
def no_such_upload(stage, operation):
    return stage.send(stage.request(operation, UploadId=NO_UPLOAD))


@provokes("InvalidArgument")
def invalid_argument(stage, operation):
    request = stage.request(operation)
    if takes(operation, "ACL"):
        return stage.send(request, x_cos_acl="everything")
    if takes(operation, "PartNumber"):
        return stage.send(request, query={"partNumber": "0"})
    if operation.name == "restore_object":
        return stage.send(stage.request(operation, RestoreRequest={"Days": 366}))
    for param in operation.params:
        if param.place is Place.QUERY and param.low is not None:
            return stage.send(request, query={param.wire: "-1"})
    return stage.send(request, query={"versionId": "x"})


@provokes("MalformedXML")
def malformed_xml(stage, operation):
    request = other(stage.request(operation), body=b"<Other/>")
    return stage.send(request, content_md5=md5(request.body), x_cos_acl=None)


@provokes("BadDigest")
def bad_digest(stage, operation):
    request = stage.request(operation)
    return stage.send(other(request, body=request.body or b"x"), content_md5=md5(b"other"))


@provokes("InvalidDigest")
def invalid_digest(stage, operation):
    request = stage.request(operation)
    return stage.send(other(request, body=request.body or b"x"), content_md5="x")


@provokes("InvalidRequest")
def invalid_request(stage, operation):
    if copies(operation):
        return stage.send(stage.request(operation, CopySource=source(BUCKET, "a")))
    return stage.send(stage.request(operation), content_md5=None)


@provokes("PolicyFull")
def policy_full(stage, operation):
    grants = ",".join(f'id="{200000000000 + number}"' for number in range(101))
    return stage.send(stage.request(operation), x_cos_acl=None, x_cos_grant_read=grants)


@provokes("FileAlreadyExists")
def file_already_exists(stage, operation):
    return stage.send(stage.request(operation), x_cos_forbid_overwrite="true")


@provokes("NotSupportedStorageClass")
def not_supported_storage_class(stage, operation):
    return stage.send(stage.request(operation), x_cos_storage_class="COLD")


@provokes("KeyTooLong")
def key_too_long(stage, operation):
    return stage.send(other(stage.request(operation), key="k" * 851))


@provokes("InvalidObjectName")
def invalid_object_name(stage, operation):
    return stage.send(other(stage.request(operation), key="/a"))


@provokes("PreconditionFailed")
def precondition_failed(stage, operation):
    if copies(operation):
        return stage.send(stage.request(operation, CopySourceIfMatch='"x"'))
    return stage.send(stage.request(operation, IfMatch='"x"'))


@provokes("InvalidRange")
def invalid_range(stage, operation):
    if copies(operation):
        return stage.send(stage.request(operation, CopySourceRange="bytes=4-4"))
    return stage.send(stage.request(operation, Range="bytes=4-"))


@provokes("InvalidObjectState")
def invalid_object_state(stage, operation):
    if copies(operation):
        return stage.send(stage.request(operation, CopySource=source(BUCKET, "cold")))
    return stage.send(other(stage.request(operation), key="cold"))


@provokes("InvalidCopySource")
def invalid_copy_source(stage, operation):
    return stage.send(stage.request(operation), x_cos_copy_source="nothing")


@provokes("MissingContentLength")
def missing_content_length(stage, operation):
    return stage.raw(stage.request(operation))


@provokes("IncompleteBody")
def incomplete_body(stage, operation):
    return stage.raw(stage.request(operation), "Content-Length: 10", body=b"12345", end=True)


@provokes("EntityTooLarge")
def entity_too_large(stage, operation):
    if not copies(operation):
        return stage.raw(stage.request(operation), f"Content-Length: {LARGE}")
    client = stage.client()
    if not client.object_exists(BUCKET, "large"):
        make_large(client)
    return stage.send(stage.request(operation, CopySource=source(BUCKET, "large")))


def make_large(client):
    """An object of over 5 GiB, made of one piece of 64 MiB many times over."""
    size = 64 * PART
    client.put_object(BUCKET, bytes(size), "piece")
    upload_id = client.create_multipart_upload(BUCKET, "large")["UploadId"]
    parts = []
    for number in range(1, LARGE // size + 2):
        copied = client.upload_part_copy(
            BUCKET, "large", number, upload_id, source(BUCKET, "piece")
        )
        parts.append({"PartNumber": number, "ETag": copied["ETag"]})
    client.complete_multipart_upload(BUCKET, "large", upload_id, {"Part": parts})


@provokes("EntityTooSmall")
def entity_too_small(stage, operation):
    return stage.send(stage.request(operation, MultipartUpload={"Part": stage.parts}))


@provokes("InvalidPart")
def invalid_part(stage, operation):
    wanted = {"Part": [{"PartNumber": 1, "ETag": '"x"'}]}
    return stage.send(stage.request(operation, MultipartUpload=wanted))


@provokes("InvalidPartOrder")
def invalid_part_order(stage, operation):
    return stage.send(stage.request(operation, MultipartUpload={"Part": stage.parts[::-1]}))


@provokes("RestoreAlreadyInProgress")
def restore_already_in_progress(stage, operation):
    return stage.send(other(stage.request(operation), key="thawing"))


@provokes("RestoreNonArchiveObject")
def restore_non_archive_object(stage, operation):
    return stage.send(other(stage.request(operation), key="a"))


@provokes("BucketAlreadyExists")
def bucket_already_exists(stage, operation):
    return stage.send(stage.request(operation), who=OTHER)


@provokes("BucketAlreadyOwnedByYou")
def bucket_already_owned_by_you(stage, operation):
    return stage.send(stage.request(operation))


@provokes("BucketNotEmpty")
def bucket_not_empty(stage, operation):
    return stage.send(stage.request(operation))


@provokes("TooManyBuckets")
def too_many_buckets(stage, operation):
    def fill(txn):
        for number in range(200):
            txn.add_bucket(f"b{number}-{THIRD.appid}", THIRD.appid, REGION, 0, "")

    with open_folder(stage.folder) as folder:
        folder.records.write(fill).result()
    return stage.send(other(stage.request(operation), bucket=f"more-{THIRD.appid}"), who=THIRD)


@provokes("AccessDenied")
def access_denied(stage, operation):
    return stage.send(stage.request(operation), who=NOBODY)


@provokes("InvalidAccessKeyId")
def invalid_access_key_id(stage, operation):
    return stage.send(stage.request(operation), who=OWNER._replace(secret_id="AKIDnobody"))


@provokes("SignatureDoesNotMatch")
def signature_does_not_match(stage, operation):
    return stage.send(stage.request(operation), who=OWNER._replace(secret_key="another-secret"))


@provokes("RequestTimeTooSkewed")
def request_time_too_skewed(stage, operation):
    request = stage.request(operation)
    path = "/" if request.bucket is None else f"/{request.bucket}/{request.key or ''}"
    early = authorization(OWNER, request.method, path, start=3600, end=7200)
    return stage.send(request, who=NOBODY, Authorization=early)


@provokes("InvalidBucketName")
def invalid_bucket_name(stage, operation):
    return stage.send(other(stage.request(operation), bucket="Bad_Name"))


@provokes("InvalidURI")
def invalid_uri(stage, operation):
    request = stage.request(operation)
    with contextlib.closing(stage.serving.connection()) as connection:
        connection.request(request.method, "/%ff")
        answer = connection.getresponse()
        return Reply(answer.status, {}, answer.read())


@provokes("MethodNotAllowed")
def method_not_allowed(stage, operation):
    return stage.send(other(stage.request(operation), method="PATCH"))


@provokes("InternalError")
def internal_error(stage, operation):
    """A store that lost the bytes of an object."""
    stage.client().put_object(BUCKET, b"lost", "lost")

    def lose(txn):
        version = txn.current(txn.bucket(BUCKET).id, "lost")
        txn.release(unpack_extents(version.extents), 0)

    with open_folder(stage.folder) as folder:
        folder.records.write(lose).result()
    return stage.send(other(stage.request(operation), key="lost"))


BY_OPERATION = [(operation, code) for operation in OPERATIONS.values() for code in operation.errors]
ELSEWHERE = {"ServiceUnavailable"}
"""Has a test of its own."""


@pytest.mark.parametrize(
    ("operation", "code"), BY_OPERATION, ids=[f"{op.name}-{code}" for op, code in BY_OPERATION]
)
def test_codes_of_operations(stage, operation, code):
    check(operation, PROVOKE[code](stage, operation), code)


@pytest.mark.parametrize("code", sorted(set(SHARED_ERRORS) - ELSEWHERE))
def test_codes_of_all_operations(stage, code):
    operation = OPERATIONS["get_object"]
    check(operation, PROVOKE[code](stage, operation), code)


def check(operation, reply, code):
    assert reply.status == status_of(code), reply.body
    if operation.method != "HEAD":
        assert reply.code == code, reply.body


def test_no_way_to_provoke_is_left_over():
    named = {code for _, code in BY_OPERATION} | set(SHARED_ERRORS)
    assert set(PROVOKE) == named - ELSEWHERE


def test_a_store_that_is_full(tmp_path):
    """On a disk of 8 MiB, which needs the right to mount one, as root has."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path], check=True)
    try:
        with cosbox.open(tmp_path / "store") as client:
            client.create_bucket(BUCKET)
            client.put_object(BUCKET, b"kept", "kept")
            with pytest.raises(ServerFaultError, match="no room left") as caught:
                client.put_object(BUCKET, bytes(9 * PART), "large")
            error = caught.value
            assert (error.get_status_code(), error.get_error_code()) == (503, "ServiceUnavailable")
            with client.get_object(BUCKET, "kept")["Body"] as body:
                assert body.read() == b"kept"
    finally:
        subprocess.run(["umount", tmp_path], check=True)
