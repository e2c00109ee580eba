"""Choosing what a client does next, and doing it."""

import random
from typing import Any

from support.crashing.world import Answer, Bucket, Deed, World, body

APPID = "1250000000"
NAMES = ("a", "b/c", "b/d", "你好", "e\U00010000")
_SIZES = (0, 5, 300, 20_000, 65_536, 65_537, 200_000)
"""Up to 64 KiB a body lies in the records, above in a file."""
_PART = 1 << 20
"""The least that a part has, unless it is the last."""
_MOST_VERSIONS = 5
_MOST_UPLOADS = 3
_PUBLIC = "http://cam.qcloud.com/groups/global/AllUsers"

_WEIGHTS = {
    "put": 8, "copy": 3, "delete": 2, "delete version": 2, "delete many": 1, "begin": 2, "part": 3,
    "part copy": 1, "complete": 3, "abort": 1, "versioning": 1, "share bucket": 1, "share": 1,
    "restore": 1,
}  # fmt: skip


class Chooser:
    """Thinks of deeds that succeed in the world as it is.

    Args:
        name: of the client; its buckets and bodies are named after it.
        chance: what comes next.
    """

    def __init__(self, name: str, chance: random.Random) -> None:
        self.home, self.away = f"{name}-{APPID}", f"{name}-away-{APPID}"
        self._name = name
        self._chance = chance
        self._bodies = 0

    def next(self, world: World) -> Deed:
        """The next deed."""
        if self.home not in world:
            return {"do": "make", "bucket": self.home}
        if self._chance.random() < 0.1:
            if self.away not in world:
                return {"do": "make", "bucket": self.away}
            away = world[self.away]
            if not away.keys and not away.uploads and self._chance.random() < 0.7:
                return {"do": "drop", "bucket": self.away}
            return self._inside(self.away, away)
        return self._inside(self.home, world[self.home])

    def _inside(self, name: str, bucket: Bucket) -> Deed:
        while True:
            (do,) = self._chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            found = getattr(self, f"_{do.replace(' ', '_')}")(bucket)
            if found is not None:
                return {"do": do, "bucket": name, **found}

    def _any(self, items: Any) -> Any:
        items = list(items)
        return self._chance.choice(items) if items else None

    def _body(self, size: int) -> str:
        self._bodies += 1
        # Also unlike the bodies of rounds before, whose numbers began at one as well.
        return f"{self._name}-{self._chance.getrandbits(40):x}-{self._bodies}:{size}"

    def _key(self, bucket: Bucket) -> str | None:
        key = self._any(NAMES)
        return key if len(bucket.keys.get(key, ())) < _MOST_VERSIONS else None

    def _readable(self, bucket: Bucket) -> tuple[str, str | None] | None:
        """A key and perhaps a version that can be copied."""
        found = [
            (key, self._any([None, version.id]) if version is versions[0] else version.id)
            for key, versions in bucket.keys.items()
            for version in versions
            if version.digest is not None and not version.archived
        ]
        return self._any(found)

    def _put(self, bucket: Bucket) -> Deed | None:
        if (key := self._key(bucket)) is None:
            return None
        return {
            "key": key,
            "body": self._body(self._any(_SIZES)),
            "meta": self._any(["", "one", "two"]),
            "archived": self._chance.random() < 0.1,
        }

    def _copy(self, bucket: Bucket) -> Deed | None:
        key, found = self._key(bucket), self._readable(bucket)
        if key is None or found is None or key == found[0]:
            return None
        return {"key": key, "source": found[0], "version": found[1]}

    def _delete(self, bucket: Bucket) -> Deed | None:
        key = self._any(bucket.keys)
        if key is None or (bucket.versioning and len(bucket.keys[key]) >= _MOST_VERSIONS):
            return None
        return {"key": key}

    def _delete_version(self, bucket: Bucket) -> Deed | None:
        if (key := self._any(bucket.keys)) is None:
            return None
        return {"key": key, "version": self._any(bucket.keys[key]).id}

    def _delete_many(self, bucket: Bucket) -> Deed | None:
        keys = [key for key in bucket.keys if len(bucket.keys[key]) < _MOST_VERSIONS]
        if not keys:
            return None
        return {"keys": sorted(self._chance.sample(keys, self._chance.randint(1, len(keys))))}

    def _begin(self, bucket: Bucket) -> Deed | None:
        return {"key": self._any(NAMES)} if len(bucket.uploads) < _MOST_UPLOADS else None

    def _part(self, bucket: Bucket) -> Deed | None:
        if (upload := self._any(bucket.uploads)) is None:
            return None
        number = self._chance.randint(1, 3)
        # Small and last most of the time: a MiB takes a while.
        size = _PART + self._chance.randrange(9) if number < 3 else self._any((7, 70_000))
        key = bucket.uploads[upload].key
        return {"key": key, "upload": upload, "number": number, "body": self._body(size)}

    def _part_copy(self, bucket: Bucket) -> Deed | None:
        upload, found = self._any(bucket.uploads), self._readable(bucket)
        # Copies of copies would otherwise grow without end.
        if upload is None or found is None or not 0 < bucket.find(*found).size <= 2 * _PART:
            return None
        key, where = bucket.uploads[upload].key, {"source": found[0], "version": found[1]}
        return {"key": key, "upload": upload, "number": 3, **where}

    def _complete(self, bucket: Bucket) -> Deed | None:
        ready = [
            (upload_id, upload)
            for upload_id, upload in bucket.uploads.items()
            if upload.parts and len(bucket.keys.get(upload.key, ())) < _MOST_VERSIONS
        ]
        if not ready:
            return None
        upload_id, upload = self._any(ready)
        return {"key": upload.key, "upload": upload_id, "numbers": sorted(upload.parts)}

    def _abort(self, bucket: Bucket) -> Deed | None:
        if (upload := self._any(bucket.uploads)) is None:
            return None
        return {"key": bucket.uploads[upload].key, "upload": upload}

    def _versioning(self, bucket: Bucket) -> Deed:
        return {"status": self._any(["Enabled", "Enabled", "Suspended"])}

    def _share_bucket(self, bucket: Bucket) -> Deed:
        return {"public": not bucket.public}

    def _share(self, bucket: Bucket) -> Deed | None:
        if (key := self._any(bucket.objects())) is None:
            return None
        return {"key": key, "public": not bucket.keys[key][0].public}

    def _restore(self, bucket: Bucket) -> Deed | None:
        cold = [
            key
            for key in bucket.objects()
            if bucket.keys[key][0].archived and not bucket.keys[key][0].restoring
        ]
        return {"key": self._any(cold)} if cold else None


def perform(client: Any, deed: Deed) -> Answer:
    """Do it; returns what was promised."""
    return _CALLS[deed["do"]](client, deed)


def _version_of(told: Any, name: str = "x-cos-version-id") -> Answer:
    found = (told or {}).get(name) or "null"
    return {"version": found, **({"etag": told["ETag"]} if told and "ETag" in told else {})}


def _source(deed: Deed) -> dict[str, str]:
    version = {} if deed["version"] is None else {"VersionId": deed["version"]}
    return {"Bucket": deed["bucket"], "Key": deed["source"], "Region": "local", **version}


def _put(client: Any, deed: Deed) -> Answer:
    more: dict[str, Any] = {"Metadata": {"x-cos-meta-note": deed["meta"]}} if deed["meta"] else {}
    if deed["archived"]:
        more["StorageClass"] = "ARCHIVE"
    return _version_of(client.put_object(deed["bucket"], body(deed["body"]), deed["key"], **more))


def _copy(client: Any, deed: Deed) -> Answer:
    return _version_of(
        client.copy_object(deed["bucket"], deed["key"], _source(deed)), "VersionId"
    )  # fmt: skip


def _delete(client: Any, deed: Deed) -> Answer:
    return _version_of(client.delete_object(deed["bucket"], deed["key"]))


def _delete_version(client: Any, deed: Deed) -> Answer:
    client.delete_object(deed["bucket"], deed["key"], VersionId=deed["version"])
    return {}


def _delete_many(client: Any, deed: Deed) -> Answer:
    wanted = {"Object": [{"Key": key} for key in deed["keys"]]}
    told = client.delete_objects(deed["bucket"], wanted)
    assert "Error" not in told, told
    markers = {each["Key"]: each.get("DeleteMarkerVersionId", "") for each in told["Deleted"]}
    assert sorted(markers) == deed["keys"]
    return {"markers": markers}


def _begin(client: Any, deed: Deed) -> Answer:
    told = client.create_multipart_upload(deed["bucket"], deed["key"])
    return {"upload": told["UploadId"]}


def _part(client: Any, deed: Deed) -> Answer:
    told = client.upload_part(
        deed["bucket"], deed["key"], body(deed["body"]), deed["number"], deed["upload"]
    )
    return {"etag": told["ETag"]}


def _part_copy(client: Any, deed: Deed) -> Answer:
    told = client.upload_part_copy(
        deed["bucket"], deed["key"], deed["number"], deed["upload"], _source(deed)
    )
    return {"etag": told["ETag"]}


def _complete(client: Any, deed: Deed) -> Answer:
    listed = client.list_parts(deed["bucket"], deed["key"], deed["upload"])["Part"]
    parts = [{"PartNumber": int(each["PartNumber"]), "ETag": each["ETag"]} for each in listed]
    assert [part["PartNumber"] for part in parts] == deed["numbers"]
    return _version_of(
        client.complete_multipart_upload(
            deed["bucket"], deed["key"], deed["upload"], {"Part": parts}
        )
    )


def _abort(client: Any, deed: Deed) -> Answer:
    client.abort_multipart_upload(deed["bucket"], deed["key"], deed["upload"])
    return {}


def _versioning(client: Any, deed: Deed) -> Answer:
    client.put_bucket_versioning(deed["bucket"], deed["status"])
    return {}


def _share_bucket(client: Any, deed: Deed) -> Answer:
    client.put_bucket_acl(deed["bucket"], ACL="public-read" if deed["public"] else "private")
    return {}


def _share(client: Any, deed: Deed) -> Answer:
    acl = "public-read" if deed["public"] else "private"
    client.put_object_acl(deed["bucket"], deed["key"], ACL=acl)
    return {}


def _restore(client: Any, deed: Deed) -> Answer:
    client.restore_object(deed["bucket"], deed["key"], {"Days": 300})
    return {}


def _make(client: Any, deed: Deed) -> Answer:
    client.create_bucket(deed["bucket"])
    return {}


def _drop(client: Any, deed: Deed) -> Answer:
    client.delete_bucket(deed["bucket"])
    return {}


_CALLS = {
    "put": _put,
    "copy": _copy,
    "delete": _delete,
    "delete version": _delete_version,
    "delete many": _delete_many,
    "begin": _begin,
    "part": _part,
    "part copy": _part_copy,
    "complete": _complete,
    "abort": _abort,
    "versioning": _versioning,
    "share bucket": _share_bucket,
    "share": _share,
    "restore": _restore,
    "make": _make,
    "drop": _drop,
}
