"""put_bucket_acl, get_bucket_acl, put_object_acl, get_object_acl, and what they open to whom."""

import pytest

from cosbox.protocol.errors import AccessDeniedError, ParameterError
from support.checks import read, refused
from support.ways import NOBODY, OTHER, OWNER, THIRD

ALL = {"Type": "Group", "URI": "http://cam.qcloud.com/groups/global/AllUsers"}
AUTHENTICATED = {"Type": "Group", "URI": "http://cam.qcloud.com/groups/global/AuthenticatedUsers"}


def user(who):
    return {"Type": "CanonicalUser", "ID": who.cam, "DisplayName": who.cam}


def grants(acl):
    """Grantees and permissions of a list, without the owner's own."""
    found = [(g["Grantee"], g["Permission"]) for g in acl["AccessControlList"]["Grant"]]
    owner = {"Type": "CanonicalUser", **acl["Owner"]}
    assert found[0] == (owner, "FULL_CONTROL")
    return found[1:]


def policy(*items):
    """A document: pairs of a grantee and a permission."""
    return {
        "Owner": {"ID": OWNER.cam},
        "AccessControlList": {
            "Grant": [{"Grantee": who, "Permission": permission} for who, permission in items]
        },
    }


def may(call):
    try:
        call()
    except AccessDeniedError:
        return False
    return True


def test_the_result(client, bucket):
    client.put_object(bucket, b"x", "a")
    expected = {
        "Owner": {"ID": OWNER.cam, "DisplayName": OWNER.cam},
        "AccessControlList": {"Grant": [{"Grantee": user(OWNER), "Permission": "FULL_CONTROL"}]},
    }
    assert client.get_bucket_acl(bucket) == expected
    assert client.get_object_acl(bucket, "a") == expected


@pytest.mark.parametrize(
    ("canned", "expected"),
    [
        ("private", []),
        ("public-read", [(ALL, "READ")]),
        ("public-read-write", [(ALL, "FULL_CONTROL")]),
        ("authenticated-read", [(AUTHENTICATED, "READ")]),
    ],
)
def test_canned_lists_of_buckets(client, bucket, canned, expected):
    assert client.put_bucket_acl(bucket, ACL=canned) is None
    assert grants(client.get_bucket_acl(bucket)) == expected
    client.put_bucket_acl(bucket, ACL="private")
    assert grants(client.get_bucket_acl(bucket)) == []


@pytest.mark.parametrize(
    ("canned", "expected"),
    [
        ("default", []),
        ("private", []),
        ("public-read", [(ALL, "READ")]),
        ("authenticated-read", [(AUTHENTICATED, "READ")]),
        ("bucket-owner-read", []),
        ("bucket-owner-full-control", []),
    ],
)
def test_canned_lists_of_objects(client, bucket, canned, expected):
    client.put_object(bucket, b"x", "a", ACL=canned)
    assert grants(client.get_object_acl(bucket, "a")) == expected
    client.put_object(bucket, b"x", "b")
    client.put_object_acl(bucket, "b", ACL=canned)
    assert grants(client.get_object_acl(bucket, "b")) == expected


def test_canned_lists_that_are_none(client, bucket):
    client.put_object(bucket, b"x", "a", ACL="public-read")
    for canned in ("Private", "log-delivery-write", "public"):
        with refused(400, "InvalidArgument", "x-cos-acl value invalid:"):
            client.put_bucket_acl(bucket, ACL=canned)
        with refused(400, "InvalidArgument"):
            client.put_object_acl(bucket, "a", ACL=canned)
        with refused(400, "InvalidArgument"):
            client.put_object(bucket, b"other", "a", ACL=canned)
    for canned in ("default", "bucket-owner-read"):
        with refused(400, "InvalidArgument"):
            client.put_bucket_acl(bucket, ACL=canned)
    with refused(400, "InvalidArgument"):
        client.put_object_acl(bucket, "a", ACL="public-read-write")
    assert grants(client.get_object_acl(bucket, "a")) == [(ALL, "READ")]


@pytest.mark.parametrize(
    "form",
    [
        'id="{uin}"',
        "id={uin}",
        'id="{uin}/{uin}"',
        'id="qcs::cam::uin/{uin}:uin/{uin}"',
        ' id = "{uin}" ',
        'id="{uin}",id="{uin}"',
    ],
)
def test_forms_of_a_grant(way, bucket, form):
    headers = {"x-cos-grant-read": form.format(uin=OTHER.uin).strip()}
    reply = way.ask("PUT", f"/{bucket}/", query={"acl": ""}, headers=headers)
    if form.startswith(" "):
        assert reply.status in {200, 400}
        return
    assert reply.status == 200
    assert grants(way.client().get_bucket_acl(bucket)) == [(user(OTHER), "READ")]


@pytest.mark.parametrize("text", ["me", 'uri="x"', 'id=""', 'id="x"', 'id="1",', 'id="1" id="2"'])
def test_grants_that_are_none(client, bucket, text):
    with refused(400, "InvalidArgument", "A grant must be"):
        client.put_bucket_acl(bucket, GrantRead=text)
    with refused(400, "InvalidArgument"):
        client.put_object(bucket, b"", "a", GrantRead=text)


@pytest.mark.parametrize(
    ("name", "permission"),
    [
        ("GrantRead", "READ"),
        ("GrantReadAcp", "READ_ACP"),
        ("GrantWriteAcp", "WRITE_ACP"),
        ("GrantFullControl", "FULL_CONTROL"),
        ("GrantWrite", "WRITE"),
    ],
)
def test_each_grant(client, bucket, name, permission):
    grant = {name: f'id="{OTHER.uin}",id="{THIRD.uin}"'}
    expected = [(user(OTHER), permission), (user(THIRD), permission)]
    client.put_bucket_acl(bucket, **grant)
    assert grants(client.get_bucket_acl(bucket)) == expected
    client.put_object(bucket, b"x", "a")
    if name == "GrantWrite":
        with pytest.raises(ParameterError):
            client.put_object_acl(bucket, "a", **grant)
        return
    client.put_object_acl(bucket, "a", **grant)
    assert grants(client.get_object_acl(bucket, "a")) == expected
    client.put_object(bucket, b"x", "b", **grant)
    assert grants(client.get_object_acl(bucket, "b")) == expected


def test_documents(client, bucket):
    client.put_object(bucket, b"x", "a")
    other = {"Type": "CanonicalUser", "ID": OTHER.cam}
    document = policy(({"Type": "CanonicalUser", "ID": OWNER.cam}, "FULL_CONTROL"), (other, "READ"))
    client.put_bucket_acl(bucket, document)
    client.put_object_acl(bucket, "a", document)
    for acl in (client.get_bucket_acl(bucket), client.get_object_acl(bucket, "a")):
        assert grants(acl) == [(user(OTHER), "READ")]
    client.put_bucket_acl(bucket, client.get_object_acl(bucket, "a"))
    client.put_bucket_acl(bucket, policy((ALL, "READ"), (AUTHENTICATED, "WRITE")))
    assert grants(client.get_bucket_acl(bucket)) == [(ALL, "READ"), (AUTHENTICATED, "WRITE")]
    client.put_bucket_acl(bucket, policy())
    assert grants(client.get_bucket_acl(bucket)) == []


def test_headers_beat_the_document(client, bucket):
    client.put_bucket_acl(bucket, policy((ALL, "READ")), ACL="private")
    assert grants(client.get_bucket_acl(bucket)) == []


def test_documents_that_are_none(way, client, bucket):
    client.put_object(bucket, b"x", "a")
    for path in (f"/{bucket}/", f"/{bucket}/a"):
        ask = {"method": "PUT", "path": path, "query": {"acl": ""}}
        assert way.ask(**ask).told == (400, "MissingRequestBodyError")
        for body in (b"<AccessControlPolicy/>", b"x", b"<AccessControlList/>"):
            assert way.ask(**ask, body=body).told == (400, "MalformedXML")
    other = {"Type": "CanonicalUser", "ID": OTHER.cam}
    for item in (
        ({"Type": "Group", "URI": "http://example.com/all"}, "READ"),
        ({"Type": "CanonicalUser", "ID": "somebody"}, "READ"),
        (other, "EVERYTHING"),
        (other, "read"),
    ):
        with refused(400, "InvalidArgument"):
            client.put_bucket_acl(bucket, policy(item))
        with refused(400, "InvalidArgument"):
            client.put_object_acl(bucket, "a", policy(item))
    with refused(400, "InvalidArgument"):
        client.put_object_acl(bucket, "a", policy((other, "WRITE")))
    assert grants(client.get_bucket_acl(bucket)) == []


def test_a_hundred_grants_and_no_more(client, bucket):
    client.put_object(bucket, b"x", "a")
    ids = [f'id="{200000000000 + number}"' for number in range(101)]
    client.put_bucket_acl(bucket, GrantRead=",".join(ids[:100]))
    assert len(grants(client.get_bucket_acl(bucket))) == 100
    with refused(400, "PolicyFull"):
        client.put_bucket_acl(bucket, GrantRead=",".join(ids))
    with refused(400, "PolicyFull"):
        client.put_object_acl(bucket, "a", GrantRead=",".join(ids))
    items = [({"ID": str(200000000000 + number)}, "READ") for number in range(101)]
    with refused(400, "PolicyFull"):
        client.put_object_acl(bucket, "a", policy(*items))
    assert len(grants(client.get_bucket_acl(bucket))) == 100


def test_versions(client, versioned):
    ids = [client.put_object(versioned, body, "a")["x-cos-version-id"] for body in (b"1", b"2")]
    client.put_object_acl(versioned, "a", ACL="public-read", VersionId=ids[0])
    assert grants(client.get_object_acl(versioned, "a")) == []
    assert grants(client.get_object_acl(versioned, "a", VersionId=ids[0])) == [(ALL, "READ")]


def test_what_is_not_there(client, versioned):
    with refused(404, "NoSuchKey"):
        client.get_object_acl(versioned, "a")
    with refused(404, "NoSuchKey"):
        client.put_object_acl(versioned, "a", ACL="private")
    version = client.put_object(versioned, b"", "b")["x-cos-version-id"]
    marker = client.delete_object(versioned, "a")["x-cos-version-id"]
    with refused(404, "NoSuchVersion"):
        client.get_object_acl(versioned, "a", VersionId=version)
    with refused(404, "NoSuchVersion"):
        client.put_object_acl(versioned, "a", ACL="private", VersionId=version)
    with refused(404, "NoSuchKey"):
        client.get_object_acl(versioned, "a", VersionId=marker)
    for call in (client.get_bucket_acl, client.get_bucket_versioning):
        with refused(404, "NoSuchBucket"):
            call("missing-1250000000")


@pytest.mark.parametrize(
    ("permission", "can"),
    [
        ("READ", {"list", "read"}),
        ("WRITE", {"write"}),
        ("READ_ACP", {"read list"}),
        ("WRITE_ACP", {"write list"}),
        ("FULL_CONTROL", {"list", "read", "write", "read list", "write list"}),
    ],
)
def test_what_a_grant_on_a_bucket_opens(way, client, bucket, permission, can):
    client.put_object(bucket, b"x", "a")
    document = policy(({"Type": "CanonicalUser", "ID": OTHER.cam}, permission))
    client.put_bucket_acl(bucket, document)
    other = way.client(OTHER)
    calls = {
        "list": lambda: other.list_objects(bucket),
        "read": lambda: read(other, bucket, "a"),
        "write": lambda: other.put_object(bucket, b"y", "b"),
        "read list": lambda: other.get_bucket_acl(bucket),
        "write list": lambda: other.put_bucket_acl(bucket, document),
    }
    assert {name for name, call in calls.items() if may(call)} == can
    for who in (THIRD, NOBODY):
        assert not may(lambda who=who: way.client(who).list_objects(bucket))


@pytest.mark.parametrize(
    ("permission", "can"),
    [
        ("READ", {"read", "head"}),
        ("READ_ACP", {"read list"}),
        ("WRITE_ACP", {"write list"}),
        ("FULL_CONTROL", {"read", "head", "read list", "write list"}),
    ],
)
def test_what_a_grant_on_an_object_opens(way, client, bucket, permission, can):
    client.put_object(bucket, b"x", "a")
    document = policy(({"Type": "CanonicalUser", "ID": OTHER.cam}, permission))
    client.put_object_acl(bucket, "a", document)
    other = way.client(OTHER)
    calls = {
        "read": lambda: read(other, bucket, "a"),
        "head": lambda: other.head_object(bucket, "a"),
        "read list": lambda: other.get_object_acl(bucket, "a"),
        "write list": lambda: other.put_object_acl(bucket, "a", document),
        "write": lambda: other.put_object(bucket, b"y", "a"),
        "delete": lambda: other.delete_object(bucket, "a"),
    }
    assert {name for name, call in calls.items() if may(call)} == can
    assert not may(lambda: read(way.client(THIRD), bucket, "a"))


def test_an_object_s_own_list_beats_the_bucket_s(way, client, make_bucket):
    public, private = make_bucket(ACL="public-read"), make_bucket()
    for name in (public, private):
        for canned in ("default", "private", "public-read", "authenticated-read"):
            client.put_object(name, b"x", canned, ACL=canned)

    def readable(who, name):
        found = way.client(who)
        return {
            key
            for key in ("default", "private", "public-read", "authenticated-read")
            if may(lambda key=key: read(found, name, key))
        }

    assert readable(NOBODY, public) == {"default", "public-read"}
    assert readable(OTHER, public) == {"default", "public-read", "authenticated-read"}
    assert readable(NOBODY, private) == {"public-read"}
    assert readable(OTHER, private) == {"public-read", "authenticated-read"}
    assert len(readable(OWNER, private)) == 4


def test_keys_are_not_given_away(way, client, bucket):
    """Who may not list a bucket does not learn which keys it has."""
    client.put_object(bucket, b"x", "a")
    for who in (OTHER, NOBODY):
        for key in ("a", "missing"):
            with refused(403, "AccessDenied"):
                way.client(who).get_object(bucket, key)
            with refused(403, "AccessDenied"):
                way.client(who).get_object_acl(bucket, key)
    client.put_bucket_acl(bucket, ACL="public-read")
    with refused(404, "NoSuchKey"):
        way.client(NOBODY).get_object(bucket, "missing")


def test_public_read_write(way, client, make_bucket):
    name = make_bucket(ACL="public-read-write")
    nobody = way.client(NOBODY)
    nobody.put_object(name, b"from nobody", "a")
    assert read(nobody, name, "a") == b"from nobody"
    assert grants(client.get_object_acl(name, "a")) == []
    upload_id = nobody.create_multipart_upload(name, "b")["UploadId"]
    part = nobody.upload_part(name, "b", b"part", 1, upload_id)
    [upload] = nobody.list_multipart_uploads(name)["Upload"]
    assert upload["Initiator"] == {"ID": "qcs::cam::anyone:anyone", "DisplayName": "anyone"}
    parts = {"Part": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    nobody.complete_multipart_upload(name, "b", upload_id, parts)
    assert read(nobody, name, "b") == b"part"
    nobody.delete_object(name, "b")
    client.put_object(name, b"mine", "c", ACL="private")
    with refused(403, "AccessDenied"):
        nobody.get_object(name, "c")


def test_what_another_account_put(way, client, make_bucket):
    name = make_bucket(ACL="public-read-write")
    other = way.client(OTHER)
    other.put_object(name, b"x", "a", ACL="private")
    client.put_bucket_acl(name, ACL="private")
    assert other.get_object_acl(name, "a")["Owner"]["ID"] == OTHER.cam
    assert read(other, name, "a") == b"x"
    assert read(client, name, "a") == b"x"
    with refused(403, "AccessDenied"):
        way.client(THIRD).get_object(name, "a")
