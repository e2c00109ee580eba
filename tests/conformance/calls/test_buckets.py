"""create_bucket, head_bucket, bucket_exists, get_bucket_location, list_buckets, delete_bucket."""

import pytest

from cosbox.protocol.errors import AccessDeniedError, ParameterError
from support.checks import ISO_SECONDS, refused
from support.ways import NOBODY, OTHER, OWNER, REGION


def test_a_bucket_is_made_seen_and_deleted(way, client):
    name = way.fresh_name()
    assert not client.bucket_exists(name)
    assert client.create_bucket(name) is None
    assert client.bucket_exists(name)
    head = client.head_bucket(name)
    assert head["x-cos-bucket-region"] == REGION
    assert head["Content-Type"] == "application/xml"
    assert client.get_bucket_location(name) == {"LocationConstraint": REGION}
    assert client.list_objects(name)["Name"] == name
    assert client.delete_bucket(name) is None
    assert not client.bucket_exists(name)
    with refused(404, "NoSuchBucket"):
        client.delete_bucket(name)


def test_statuses(way, client):
    path = f"/{way.fresh_name()}/"
    assert way.ask("PUT", path).status == 200
    assert way.ask("HEAD", path).status == 200
    assert way.ask("DELETE", path).status == 204
    gone = way.ask("HEAD", path)
    assert (gone.status, gone.body) == (404, b"")
    assert gone.headers["content-type"] == "application/xml"
    assert gone.headers["x-cos-trace-id"]


def test_names_are_taken_once(way, client, bucket):
    with refused(409, "BucketAlreadyOwnedByYou"):
        client.create_bucket(bucket)
    with refused(409, "BucketAlreadyExists"):
        way.client(OTHER).create_bucket(bucket)


def test_names_end_in_the_account(way, client):
    with refused(403, "AccessDenied"):
        client.create_bucket("mine-1250000001")
    with refused(403, "AccessDenied"):
        way.client(NOBODY).create_bucket(way.fresh_name())


@pytest.mark.parametrize(
    "name",
    [
        "Upper-1250000000",
        "under_score-1250000000",
        "-a-1250000000",
        "noappid",
        "a-",
        "a-b",
        "-1",
        f"{'a' * 50}-1250000000",
        "a.b-1250000000",
    ],
)
def test_bad_names(way, client, name):
    with pytest.raises(ParameterError):
        client.create_bucket(name)
    for method in ("PUT", "GET", "DELETE"):
        assert way.ask(method, f"/{name}/").told == (400, "InvalidBucketName")
    assert way.ask("HEAD", f"/{name}/").status == 400


@pytest.mark.parametrize(
    "name", ["a-1250000000", "0-1250000000", "a--b-1250000000", "1-2-3-1250000000"]
)
def test_short_and_odd_names(client, name):
    client.create_bucket(name)
    assert client.bucket_exists(name)
    client.delete_bucket(name)


def test_the_longest_name(client):
    name = f"{'x' * 39}-1250000000"
    assert len(name) == 50
    client.create_bucket(name)
    client.delete_bucket(name)


def test_only_an_empty_bucket_is_deleted(client, bucket):
    client.put_object(bucket, b"", "a")
    with refused(409, "BucketNotEmpty"):
        client.delete_bucket(bucket)
    client.delete_object(bucket, "a")
    upload_id = client.create_multipart_upload(bucket, "a")["UploadId"]
    with refused(409, "BucketNotEmpty"):
        client.delete_bucket(bucket)
    client.abort_multipart_upload(bucket, "a", upload_id)
    client.put_bucket_versioning(bucket, "Enabled")
    marker = client.delete_object(bucket, "a")["x-cos-version-id"]
    with refused(409, "BucketNotEmpty"):
        client.delete_bucket(bucket)
    client.delete_object(bucket, "a", VersionId=marker)


def test_what_is_not_there(way, client):
    name = way.fresh_name()
    for call in (
        client.list_objects,
        client.list_objects_versions,
        client.list_multipart_uploads,
        client.get_bucket_location,
        client.get_bucket_acl,
        client.get_bucket_versioning,
        client.delete_bucket,
    ):
        with refused(404, "NoSuchBucket"):
            call(name)
    with refused(404, "NoSuchResource"):
        client.head_bucket(name)


def test_the_list_of_buckets(way, client, make_bucket):
    made = sorted(make_bucket() for _ in range(3))
    other = make_bucket(OTHER)
    answer = client.list_buckets()
    assert answer["Owner"] == {"ID": OWNER.cam, "DisplayName": OWNER.uin}
    entries = answer["Buckets"]["Bucket"]
    names = [entry["Name"] for entry in entries]
    assert set(made) <= set(names)
    assert names == sorted(names)
    assert other not in names
    for entry in entries:
        assert entry["Location"] == REGION
        assert ISO_SECONDS.fullmatch(entry["CreationDate"])
    assert other in [e["Name"] for e in way.client(OTHER).list_buckets()["Buckets"]["Bucket"]]
    assert client.list_buckets(Region="ap-beijing")["Buckets"] in (None, {}, {"Bucket": []})


def test_the_list_of_buckets_in_pages(client, make_bucket):
    for _ in range(3):
        make_bucket()
    whole = [entry["Name"] for entry in client.list_buckets()["Buckets"]["Bucket"]]
    found, marker = [], ""
    while True:
        page = client.list_buckets(MaxKeys=1, Marker=marker)
        found += [entry["Name"] for entry in page["Buckets"]["Bucket"]]
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
        assert marker == found[-1]
    assert found == whole


def test_the_list_of_buckets_is_for_accounts(way):
    with refused(403, "AccessDenied"):
        way.client(NOBODY).list_buckets()


def test_others_may_not(way, bucket):
    other = way.client(OTHER)
    for call in (other.list_objects, other.get_bucket_location, other.get_bucket_versioning):
        with refused(403, "AccessDenied"):
            call(bucket)
    with refused(403, "AccessDenied"):
        other.delete_bucket(bucket)
    with refused(403, "AccessDenied"):
        other.put_bucket_versioning(bucket, "Enabled")
    with pytest.raises(AccessDeniedError):
        other.bucket_exists(bucket)


@pytest.mark.parametrize(
    ("acl", "may_list", "may_write"),
    [
        ("private", False, False),
        ("public-read", True, False),
        ("authenticated-read", True, False),
        ("public-read-write", True, True),
    ],
)
def test_a_bucket_made_with_a_canned_list(way, make_bucket, acl, may_list, may_write):
    name = make_bucket(ACL=acl)
    other = way.client(OTHER)
    assert _may(lambda: other.list_objects(name)) is may_list
    assert _may(lambda: other.put_object(name, b"", "a")) is may_write


def test_a_bucket_made_with_grants(way, make_bucket):
    name = make_bucket(GrantWrite=f'id="{OTHER.uin}"')
    other = way.client(OTHER)
    other.put_object(name, b"mine", "a")
    with refused(403, "AccessDenied"):
        other.list_objects(name)


def test_a_bucket_with_a_list_that_is_none(way):
    path = f"/{way.fresh_name()}/"
    for headers in ({"x-cos-acl": "everything"}, {"x-cos-grant-read": "id=me"}):
        assert way.ask("PUT", path, headers=headers).told == (400, "InvalidArgument")
    assert way.ask("GET", path).told == (404, "NoSuchBucket")


def _may(call):
    try:
        call()
    except AccessDeniedError:
        return False
    return True
