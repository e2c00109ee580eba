"""What a store shows of a client's buckets, each claim of it checked against the others."""

import hashlib
from typing import Any

from cosbox.checksums import crc64
from support.crashing.world import COLD, Bucket, Part, Upload, Version, World

_PUBLIC = "http://cam.qcloud.com/groups/global/AllUsers"
_PAGE = 3
"""Small, so that listings take several pages."""


def observe(client: Any, names: list[str]) -> World:
    """The buckets of these names that there are.

    Raises:
        AssertionError: two answers contradict each other, or a body its checksum.
    """
    listed = {each["Name"] for each in client.iter_buckets()}
    found = {}
    for name in names:
        assert client.bucket_exists(name) == (name in listed), name
        if name in listed:
            found[name] = _bucket(client, name)
    return found


def _bucket(client: Any, name: str) -> Bucket:
    keys: dict[str, list[Version]] = {}
    for entry in _all_versions(client, name):
        version = _version(client, name, entry)
        versions = keys.setdefault(entry["Key"], [])
        versions.insert(0 if entry["IsLatest"] == "true" else len(versions), version)
    bucket = Bucket(
        client.get_bucket_versioning(name).get("Status") or "",
        _is_public(client.get_bucket_acl(name)),
        keys,
        _uploads(client, name),
    )
    _check_listing(client, name, bucket)
    return bucket


def _all_versions(client: Any, name: str) -> list[Any]:
    """The versions in their order, and then the delete markers in theirs."""
    pages = list(client.paginate("list_objects_versions", Bucket=name, MaxKeys=_PAGE))
    return [
        entry
        for kind in ("Version", "DeleteMarker")
        for page in pages
        for entry in page.get(kind, [])
    ]


def _version(client: Any, name: str, entry: Any) -> Version:
    key, version_id = entry["Key"], entry["VersionId"] or "null"
    if "ETag" not in entry:
        return Version(version_id)
    head = client.head_object(name, key, VersionId=version_id)
    assert head["ETag"] == entry["ETag"], entry
    assert head["Content-Length"] == entry["Size"], entry
    if entry["IsLatest"] == "true":
        assert client.head_object(name, key)["ETag"] == head["ETag"], entry
    archived = head.get("x-cos-storage-class") == "ARCHIVE"
    digest = COLD if archived else _digest(client, name, key, version_id, head)
    return Version(
        version_id,
        digest,
        int(entry["Size"]),
        entry["ETag"],
        head.get("x-cos-meta-note") or "",
        _is_public(client.get_object_acl(name, key, VersionId=version_id)),
        archived,
        "x-cos-restore" in head,
    )


def _digest(client: Any, name: str, key: str, version_id: str, head: Any) -> str:
    """The MD5 of a body that reads back with its checksum."""
    data = client.get_object(name, key, VersionId=version_id)["Body"].read()
    assert len(data) == int(head["Content-Length"]), (name, key, version_id)
    assert str(crc64(data)) == head["x-cos-hash-crc64ecma"], (name, key, version_id)
    return hashlib.md5(data).hexdigest()


def _is_public(acl: Any) -> bool:
    grants = acl["AccessControlList"]["Grant"]
    return any(grant["Grantee"].get("URI") == _PUBLIC for grant in grants)


def _uploads(client: Any, name: str) -> dict[str, Upload]:
    return {
        entry["UploadId"]: Upload(
            entry["Key"],
            {
                int(part["PartNumber"]): Part(part["ETag"], int(part["Size"]))
                for part in client.iter_parts(name, entry["Key"], entry["UploadId"])
            },
        )
        for entry in client.iter_uploads(name)
    }


def _check_listing(client: Any, name: str, bucket: Bucket) -> None:
    """The plain listing shows the newest versions that are no markers."""
    shown = [
        (entry["Key"], entry["ETag"], int(entry["Size"]))
        for entry in client.iter_objects(name, MaxKeys=_PAGE)
    ]
    expected = [
        (key, versions[0].etag, versions[0].size)
        for key, versions in bucket.keys.items()
        if versions[0].digest is not None
    ]
    expected.sort(key=lambda each: each[0].encode())
    assert shown == expected, name
