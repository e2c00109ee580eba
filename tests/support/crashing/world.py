"""What one client's buckets hold, as it was promised; and what a deed makes of that.

A deed is a dict of plain values: what is done, where, and with what. So it can be logged, sent
through a pipe, and done again in the model.
"""

import hashlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

UNKNOWN = "?"
"""The id that a deed gave to what it made, where its answer never came."""

COLD = "cold"
"""The digest of what is archived and cannot be read."""

Deed = dict[str, Any]
Answer = dict[str, Any]


@dataclass(slots=True)
class Version:
    """A version, or a delete marker, which has no digest."""

    id: str
    digest: str | None = None
    size: int = 0
    etag: str = ""
    meta: str = ""
    public: bool = False
    archived: bool = False
    restoring: bool = False
    pieces: tuple[str, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class Part:
    """A part of an upload."""

    etag: str
    size: int
    pieces: tuple[str, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class Upload:
    """An upload under way: its parts by number."""

    key: str
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    """A bucket: versions of each key, newest first, and uploads by id."""

    versioning: str = ""
    public: bool = False
    keys: dict[str, list[Version]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    def find(self, key: str, version_id: str | None = None) -> Version | None:
        """The current version, or one by its id."""
        versions = self.keys.get(key, [])
        if version_id is None:
            return versions[0] if versions else None
        return next((each for each in versions if each.id == version_id), None)

    def objects(self) -> list[str]:
        """The keys that a plain read finds."""
        return [key for key, versions in self.keys.items() if versions[0].digest is not None]


World = dict[str, Bucket]


def as_shown(world: World) -> World:
    """The same in the order that listings tell: the newest of a key, the other versions, its other
    delete markers. A listing does not say which of these two came first."""
    return {
        name: replace(bucket, keys={key: in_order(each) for key, each in bucket.keys.items()})
        for name, bucket in world.items()
    }


def in_order(versions: list[Version]) -> list[Version]:
    """The versions of a key in that order."""
    newest, *others = versions
    return [newest, *sorted(others, key=lambda each: each.digest is None)]


@lru_cache(maxsize=8)
def body(name: str) -> bytes:
    """The bytes that a name such as ``w0-17:70000`` stands for: so many, and unlike any other."""
    return hashlib.shake_128(name.encode()).digest(int(name.rpartition(":")[2]))


def joined(pieces: tuple[str, ...]) -> bytes:
    """The bytes of several names, one after the other."""
    return b"".join(map(body, pieces))


def apply(world: World, deed: Deed, answer: Answer) -> None:
    """Change the world as a deed does that was answered like this.

    Raises:
        AssertionError: the answer is not what this deed is answered.
    """
    _DEEDS[deed["do"]](world, deed, answer)


def _add(world: World, deed: Deed, version: Version) -> None:
    bucket = world[deed["bucket"]]
    versions = bucket.keys.setdefault(deed["key"], [])
    if bucket.versioning != "Enabled":
        version.id = "null"
        versions[:] = [each for each in versions if each.id != "null"]
    versions.insert(0, version)


def _write(world: World, deed: Deed, answer: Answer, pieces: tuple[str, ...], **more: Any) -> None:
    """A new version with this content. Its ETag is that of one piece, or as given."""
    data = joined(pieces)
    digest = hashlib.md5(data).hexdigest()
    more.setdefault("etag", f'"{digest}"')
    if more.get("archived"):
        digest = COLD
    assert answer.get("etag", more["etag"]) == more["etag"], (deed, answer)
    version_id = answer.get("version", UNKNOWN)
    _add(world, deed, Version(version_id, digest, len(data), pieces=pieces, **more))


def _put(world: World, deed: Deed, answer: Answer) -> None:
    _write(
        world, deed, answer, (deed["body"],), meta=deed["meta"], archived=deed["archived"]
    )  # fmt: skip


def _copy(world: World, deed: Deed, answer: Answer) -> None:
    source = world[deed["bucket"]].find(deed["source"], deed["version"])
    assert source is not None
    _write(world, deed, answer, source.pieces, meta=source.meta, etag=source.etag)


def _delete(world: World, deed: Deed, answer: Answer) -> None:
    if world[deed["bucket"]].versioning:
        _add(world, deed, Version(answer.get("version", UNKNOWN)))
    else:
        world[deed["bucket"]].keys.pop(deed["key"], None)


def _delete_version(world: World, deed: Deed, answer: Answer) -> None:
    versions = world[deed["bucket"]].keys[deed["key"]]
    versions[:] = [each for each in versions if each.id != deed["version"]]
    if not versions:
        del world[deed["bucket"]].keys[deed["key"]]


def _delete_many(world: World, deed: Deed, answer: Answer) -> None:
    for key in deed["keys"]:
        told = {"version": answer.get("markers", {}).get(key, UNKNOWN)}
        _delete(world, {"bucket": deed["bucket"], "key": key}, told)


def _begin(world: World, deed: Deed, answer: Answer) -> None:
    world[deed["bucket"]].uploads[answer.get("upload", UNKNOWN)] = Upload(deed["key"])


def _part(world: World, deed: Deed, answer: Answer) -> None:
    bucket = world[deed["bucket"]]
    if "body" in deed:
        pieces = (deed["body"],)
    else:
        source = bucket.find(deed["source"], deed["version"])
        assert source is not None
        pieces = source.pieces
    data = joined(pieces)
    etag = f'"{hashlib.md5(data).hexdigest()}"'
    assert answer.get("etag", etag) == etag, (deed, answer)
    bucket.uploads[deed["upload"]].parts[deed["number"]] = Part(etag, len(data), pieces)


def _complete(world: World, deed: Deed, answer: Answer) -> None:
    upload = world[deed["bucket"]].uploads.pop(deed["upload"])
    parts = [upload.parts[number] for number in deed["numbers"]]
    digests = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
    etag = f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'
    pieces = tuple(piece for part in parts for piece in part.pieces)
    _write(world, deed, answer, pieces, etag=etag)


def _abort(world: World, deed: Deed, answer: Answer) -> None:
    del world[deed["bucket"]].uploads[deed["upload"]]


def _versioning(world: World, deed: Deed, answer: Answer) -> None:
    world[deed["bucket"]].versioning = deed["status"]


def _share_bucket(world: World, deed: Deed, answer: Answer) -> None:
    world[deed["bucket"]].public = deed["public"]


def _share(world: World, deed: Deed, answer: Answer) -> None:
    world[deed["bucket"]].keys[deed["key"]][0].public = deed["public"]


def _restore(world: World, deed: Deed, answer: Answer) -> None:
    world[deed["bucket"]].keys[deed["key"]][0].restoring = True


def _make(world: World, deed: Deed, answer: Answer) -> None:
    world[deed["bucket"]] = Bucket()


def _drop(world: World, deed: Deed, answer: Answer) -> None:
    del world[deed["bucket"]]


_DEEDS = {
    "put": _put,
    "copy": _copy,
    "delete": _delete,
    "delete version": _delete_version,
    "delete many": _delete_many,
    "begin": _begin,
    "part": _part,
    "part copy": _part,
    "complete": _complete,
    "abort": _abort,
    "versioning": _versioning,
    "share bucket": _share_bucket,
    "share": _share,
    "restore": _restore,
    "make": _make,
    "drop": _drop,
}
