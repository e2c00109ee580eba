"""Names never reach the file system, and no name harms."""

import re
from pathlib import Path

import pytest

import cosbox
from support.ways import NOBODY, OWNER, OverHttp

BUCKET = "names-1250000000"
LARGE = 100_000

HOSTILE = [
    "../../../../tmp/escaped",
    "a/../../../../../../tmp/escaped",
    "./../blobs/000/000/000/1",
    "a/..",
    "a/./b/../c",
    "a//b///",
    "..\\..\\escaped",
    "C:\\escaped",
    "con",
    "a\x00b",
    "a\x01\x02\x1f\x7f",
    "a\r\nSet-Cookie: b",
    "a\n",
    "%2e%2e%2f",
    "%00",
    "~root/.ssh/id",
    "-rf",
    "$(touch escaped)",
    "`id`",
    "'; DROP TABLE current; --",
    "<script>alert(1)</script>",
    "\u202egpj.exe",
    "e\u0301 is not \u00e9",
    "\ufeff",
    "\uffff\U0010ffff",
    "k" * 850,
    "中" * 283,
]


@pytest.fixture(scope="module")
def way(tmp_path_factory):
    way = OverHttp(tmp_path_factory.mktemp("names") / "store")
    way.client().create_bucket(BUCKET)
    yield way
    way.close()


def test_keys_are_nothing_but_keys(way):
    """Each is stored, listed, read and deleted as it is; the folder holds only what it always
    does."""
    parent = way.folder.parent
    before = sorted(parent.iterdir())
    bodies = {}
    for number, key in enumerate(HOSTILE):
        bodies[key] = f"{number}".encode() * (LARGE if number % 2 else 1)
        reply = way.ask("PUT", f"/{BUCKET}/{key}", body=bodies[key])
        assert reply.status == 200, key
        assert "set-cookie" not in reply.headers
    for key, body in bodies.items():
        reply = way.ask("GET", f"/{BUCKET}/{key}")
        assert (reply.status, reply.body) == (200, body), key
    pages = way.client().paginate("list_objects", Bucket=BUCKET)
    assert {item["Key"] for page in pages for item in page["Contents"]} == set(HOSTILE)
    allowed = re.compile(
        r"(cosbox|scrub)\.json|reserve|records\.db(-wal|-shm)?|blobs(/[0-9a-f/]+)?|locks(/[a-z0-9-]+)?"
    )
    for path in way.folder.rglob("*"):
        assert allowed.fullmatch(str(path.relative_to(way.folder))), path
    assert sorted(parent.iterdir()) == before
    assert not Path("/tmp/escaped").exists()
    for key in HOSTILE:
        assert way.ask("DELETE", f"/{BUCKET}/{key}").status == 204
    assert "Contents" not in way.client().list_objects(BUCKET)


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "a",
        "a-",
        "-125",
        "A-125",
        "a_b-125",
        "a/b-125",
        "a\x00-125",
        "a" * 60 + "-125",
        "中-125",
    ],
)
def test_buckets_are_nothing_but_names(way, name):
    reply = way.ask("PUT", f"/{name}/")
    assert reply.status in {400, 403}
    assert reply.code in {"InvalidBucketName", "InvalidURI", "AccessDenied"}


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("k" * 851, "KeyTooLong"),
        ("中" * 284, "KeyTooLong"),
        ("k" * 5000, "KeyTooLong"),
        ("/a", "InvalidObjectName"),
        ("\\a", "InvalidObjectName"),
        ("a\x18", "InvalidObjectName"),
    ],
)
def test_keys_that_cannot_be(way, key, code):
    for method, query in (("PUT", {}), ("POST", {"uploads": ""})):
        reply = way.ask(method, f"/{BUCKET}/{key}", query=query, body=b"x" if not query else b"")
        assert reply.told == (400, code)


def test_metadata_comes_back_as_it_is_or_not_at_all(way):
    """No value of a header makes another header."""
    for value in ("a%0d%0aSet-Cookie:%20b", "a\\r\\nSet-Cookie: b", "a; b", "é中", '"', "a" * 1900):
        reply = way.ask(
            "PUT", f"/{BUCKET}/meta", headers={"x-cos-meta-a": value.encode()}, body=b"x"
        )
        assert reply.status == 200
        reply = way.ask("GET", f"/{BUCKET}/meta")
        assert reply.headers["x-cos-meta-a"].encode("latin-1") == value.encode()
        assert "set-cookie" not in reply.headers


# --------------------------------------------------------------------------------------------
# Who may


READS = (("GET", "a"), ("HEAD", "a"))
WRITES = (("PUT", "a"), ("DELETE", "a"), ("PUT", "new"), ("POST", "a?uploads"))
OTHERS = (("GET", "a?acl"), ("PUT", "a?acl"), ("GET", "?acl"), ("PUT", "?acl"), ("DELETE", ""))


def allowed(way, bucket, who):
    """What of the above is not denied."""
    found = set()
    for method, what in (*READS, *WRITES, *OTHERS, ("GET", ""), ("GET", "b")):
        key, _, marker = what.partition("?")
        headers = {"x-cos-acl": "private"} if method == "PUT" and marker else {}
        query = {marker: ""} if marker else {}
        body = b"x" if method == "PUT" and not marker else b""
        reply = way.ask(
            method, f"/{bucket}/{key}", query=query, headers=headers, body=body, who=who
        )
        if reply.status != 403:
            found.add(f"{method} {what}")
        if what == "a" and method == "DELETE" and reply.status == 204:
            way.client().put_object(bucket, b"a", "a", ACL="public-read")
    return found


@pytest.mark.parametrize(
    ("bucket_acl", "object_acl", "expected"),
    [
        ("private", "default", set()),
        ("private", "public-read", {"GET a", "HEAD a"}),
        ("public-read", "default", {"GET a", "HEAD a", "GET b", "GET "}),
        ("public-read", "private", {"GET b", "GET "}),
        ("authenticated-read", "authenticated-read", set()),
    ],
)
def test_nobody_may_do_more_than_was_granted(way, bucket_acl, object_acl, expected):
    bucket = way.fresh_name()
    client = way.client(OWNER)
    client.create_bucket(bucket, ACL=bucket_acl)
    client.put_object(bucket, b"a", "a", ACL=object_acl)
    client.put_object(bucket, b"b", "b")
    assert allowed(way, bucket, NOBODY) == expected
    conf = cosbox.CosConfig(Endpoint=f"127.0.0.1:{way.port}", Anonymous=True)
    with cosbox.CosS3Client(conf, retry=0) as nobody, pytest.raises(cosbox.AccessDeniedError):
        nobody.list_buckets()
