"""restore_object: archived objects, and the hours and days of their restoring."""

from datetime import UTC, datetime, timedelta

import pytest

from cosbox.protocol.errors import ConflictError, ParameterError
from support.checks import read, refused, source
from support.ways import OTHER

BODY = b"cold"
TIERS = [
    ("ARCHIVE", "Expedited", timedelta(minutes=5)),
    ("ARCHIVE", "Standard", timedelta(hours=5)),
    ("ARCHIVE", "Bulk", timedelta(hours=12)),
    ("DEEP_ARCHIVE", "Standard", timedelta(hours=24)),
    ("DEEP_ARCHIVE", "Bulk", timedelta(hours=48)),
]
FORM = "%a, %d %b %Y %H:%M:%S GMT"


def restore(client, bucket, key="a", days=1, tier=None, **options):
    request = {"Days": days}
    if tier:
        request["CASJobParameters"] = {"Tier": tier}
    return client.restore_object(bucket, key, request, **options)


def status(client, bucket, key="a"):
    """What the listing says."""
    [entry] = client.list_objects(bucket, Prefix=key)["Contents"]
    return entry.get("RestoreStatus")


def expiry(head):
    text = head["x-cos-restore"].partition('expiry-date="')[2].strip('"')
    return datetime.strptime(text, FORM).replace(tzinfo=UTC)


@pytest.mark.parametrize(("storage_class", "tier", "takes"), TIERS)
def test_each_tier(way, client, bucket, storage_class, tier, takes):
    client.put_object(bucket, BODY, "a", StorageClass=storage_class)
    assert status(client, bucket) is None
    assert restore(client, bucket, tier=tier) is None
    head = client.head_object(bucket, "a")
    assert head["x-cos-restore"] == 'ongoing-request="true"'
    asked = datetime.fromtimestamp(way.now() / 1e6, UTC)
    told, date = head["x-cos-restore-status"].split("; ")
    assert told == f'tier="{tier.lower()}"'
    made = datetime.strptime(date, f'request-date="{FORM}"').replace(tzinfo=UTC)
    assert abs(made - asked) < timedelta(seconds=10)
    assert status(client, bucket) == "ONGOING"
    way.travel(seconds=(takes - timedelta(minutes=1)).total_seconds())
    with refused(403, "InvalidObjectState"):
        client.get_object(bucket, "a")
    assert status(client, bucket) == "ONGOING"
    way.travel(minutes=2)
    answer = client.get_object(bucket, "a")
    assert answer["Body"].read() == BODY
    assert answer["x-cos-storage-class"] == storage_class
    assert answer["x-cos-restore"].startswith('ongoing-request="false", expiry-date="')
    assert "x-cos-restore-status" not in answer
    assert status(client, bucket) == "DONE"


def test_the_answer(way, client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE")
    body = b"<RestoreRequest><Days>1</Days></RestoreRequest>"
    reply = way.ask("POST", f"/{bucket}/a", query={"restore": ""}, body=body)
    assert (reply.status, reply.body) == (202, b"")


def test_standard_unless_said(client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE")
    restore(client, bucket)
    assert 'tier="standard"' in client.head_object(bucket, "a")["x-cos-restore-status"]


def test_it_expires_at_a_midnight_of_beijing(way, client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE")
    restore(client, bucket, days=2, tier="Expedited")
    ready = datetime.fromtimestamp(way.now() / 1e6, UTC) + timedelta(minutes=5)
    way.travel(minutes=6)
    end = expiry(client.head_object(bucket, "a"))
    assert (end.hour, end.minute, end.second) == (16, 0, 0)
    assert timedelta(days=2) <= end - ready + timedelta(seconds=10)
    assert end - ready < timedelta(days=3)
    now = datetime.fromtimestamp(way.now() / 1e6, UTC)
    way.travel(seconds=(end - now).total_seconds() - 60)
    assert read(client, bucket, "a") == BODY
    way.travel(minutes=2)
    with refused(403, "InvalidObjectState"):
        client.get_object(bucket, "a")
    assert "x-cos-restore" not in client.head_object(bucket, "a")
    assert status(client, bucket) is None
    restore(client, bucket, tier="Expedited")
    assert status(client, bucket) == "ONGOING"


def test_while_it_is_restored(client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE")
    restore(client, bucket, tier="Bulk")
    for tier in ("Bulk", "Expedited"):
        with refused(409, "RestoreAlreadyInProgress") as caught:
            restore(client, bucket, tier=tier)
        assert isinstance(caught.value, ConflictError)


def test_it_is_extended(way, client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE")
    restore(client, bucket, days=1, tier="Expedited")
    way.travel(minutes=6)
    first = expiry(client.head_object(bucket, "a"))
    restore(client, bucket, days=10)
    head = client.head_object(bucket, "a")
    assert expiry(head) - first == timedelta(days=9)
    assert read(client, bucket, "a") == BODY


def test_what_is_not_archived(client, bucket):
    for storage_class in ("STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING"):
        client.put_object(bucket, BODY, "a", StorageClass=storage_class)
        with refused(405, "RestoreNonArchiveObject"):
            restore(client, bucket)


def test_deep_archives_are_not_expedited(client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="DEEP_ARCHIVE")
    with refused(400, "InvalidArgument", "Tier"):
        restore(client, bucket, tier="Expedited")
    assert status(client, bucket) is None


@pytest.mark.parametrize(("days", "tier"), [(0, None), (366, None), (10**9, None), (1, "Fast")])
def test_requests_out_of_range(client, bucket, days, tier):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE")
    with refused(400, "InvalidArgument"):
        restore(client, bucket, days=days, tier=tier)
    assert status(client, bucket) is None


def test_requests_that_are_none(way, client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE")
    for request in (None, {}, {"Days": "soon"}, {"Days": -1}, {"Days": 1, "Tier": "Bulk"}):
        with pytest.raises(ParameterError):
            client.restore_object(bucket, "a", request)
    ask = {"method": "POST", "path": f"/{bucket}/a", "query": {"restore": ""}}
    assert way.ask(**ask).told == (400, "MissingRequestBodyError")
    for body in (b"<RestoreRequest/>", b"<RestoreRequest><Days>-1</Days></RestoreRequest>", b"x"):
        assert way.ask(**ask, body=body).told == (400, "MalformedXML")


def test_versions(way, client, versioned):
    cold = client.put_object(versioned, BODY, "a", StorageClass="ARCHIVE")["x-cos-version-id"]
    client.put_object(versioned, b"warm", "a")
    with refused(405, "RestoreNonArchiveObject"):
        restore(client, versioned)
    restore(client, versioned, VersionId=cold, tier="Expedited")
    way.travel(minutes=6)
    assert read(client, versioned, "a", VersionId=cold) == BODY
    marker = client.delete_object(versioned, "a")["x-cos-version-id"]
    with refused(404, "NoSuchKey"):
        restore(client, versioned)
    with refused(404, "NoSuchKey"):
        restore(client, versioned, VersionId=marker)
    with refused(404, "NoSuchVersion"):
        restore(client, versioned, VersionId="null")


def test_what_is_not_there(client, bucket):
    with refused(404, "NoSuchKey"):
        restore(client, bucket)
    with refused(404, "NoSuchBucket"):
        restore(client, "missing-1250000000")


def test_who_may(way, client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE", ACL="public-read")
    with refused(403, "AccessDenied"):
        restore(way.client(OTHER), bucket)


def test_a_copy_of_the_archived_is_not_restored(way, client, bucket):
    client.put_object(bucket, BODY, "a", StorageClass="ARCHIVE")
    restore(client, bucket, tier="Expedited")
    way.travel(minutes=6)
    client.copy_object(bucket, "b", source(bucket, "a"), StorageClass="ARCHIVE")
    with refused(403, "InvalidObjectState"):
        client.get_object(bucket, "b")
