"""Versions of a key: which one is current, and what putting and deleting does to the others.

The current object of a key lives apart from its past versions and delete markers. So two things
hold at all times: a key whose newest version is a delete marker has no current object, and every
past version is older than the current one.
"""

import base64
import binascii
import logging
from typing import Final

from cosbox.protocol.errors import Refusal
from cosbox.storage.errors import RecordsDamaged
from cosbox.storage.extents import unpack_extents
from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Bucket, Summary, Version

NULL: Final = "null"
ENABLED: Final = "Enabled"
SUSPENDED: Final = "Suspended"

_log = logging.getLogger("cosbox.integrity")

_TOP: Final = 1 << 64


def version_id(version: Version | Summary) -> str:
    """The id of a version as callers see it.

    As COS does it: base64 of the decimal number 2^64 minus the moment in microseconds, so that
    newer versions have smaller numbers.
    """
    return NULL if version.null else stamp_to_id(version.stamp)


def stamp_to_id(stamp: int) -> str:
    """The id that stands for a stamp.

    >>> stamp_to_id(1586511395051528)
    'MTg0NDUxNTc1NjIzMTQ1MDAwODg'
    """
    return base64.b64encode(str(_TOP - stamp).encode()).decode().rstrip("=")


def id_to_stamp(text: str) -> int:
    """The stamp that an id stands for.

    Raises:
        Refusal: InvalidArgument, when no id ever looked so.
    """
    try:
        number = int(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (ValueError, binascii.Error) as error:
        raise Refusal("InvalidArgument", f"{text[:80]!r} is not a version id.") from error
    # Nothing but the id that was given out names a version, so that no version has two names.
    if not 0 < _TOP - number < 1 << 63 or stamp_to_id(_TOP - number) != text:
        raise Refusal("InvalidArgument", f"{text[:80]!r} is not a version id.")
    return _TOP - number


def find(snapshot: Snapshot, bucket: Bucket, key: str, wanted: str | None) -> Version:
    """The version that a read is about: the current one, or the one of an id.

    Raises:
        Refusal: NoSuchKey, where there is none or it is a delete marker (then with the header
            that says so); NoSuchVersion, for an id that names none.
    """
    if wanted is None:
        version = snapshot.current(bucket.id, key)
        if version is not None:
            return version
        if bucket.versioning and (newest := snapshot.newest_past(bucket.id, key)):
            raise _marker_refusal(newest)
        raise Refusal("NoSuchKey")
    version = _by_id(snapshot, bucket, key, wanted)
    if version is None:
        raise Refusal("NoSuchVersion")
    if version.marker:
        raise _marker_refusal(version)
    return version


def _marker_refusal(marker: Version) -> Refusal:
    headers = {"x-cos-delete-marker": "true", "x-cos-version-id": version_id(marker)}
    return Refusal("NoSuchKey", headers=headers)


def _by_id(snapshot: Snapshot, bucket: Bucket, key: str, wanted: str) -> Version | None:
    current = snapshot.current(bucket.id, key)
    if wanted == NULL:
        return current if current and current.null else snapshot.null_past(bucket.id, key)
    stamp = id_to_stamp(wanted)
    found = current if current and current.stamp == stamp else None
    found = found or snapshot.past(bucket.id, key, stamp)
    # The null version is found by its name alone.
    return None if found is None or found.null else found


def place(txn: Transaction, bucket: Bucket, version: Version, now: int) -> None:
    """Make a new version the current one of its key, and do with the others what the bucket's
    versioning says. ``version.null`` is set by the caller: not versioning enabled."""
    _displace(txn, bucket, version.key, now)
    txn.set_current(bucket.id, version)


def make_room(txn: Transaction, bucket: Bucket, key: str, now: int) -> None:
    """Move the current version of a key to the past, where versions are kept, and remove the one
    that a new null version replaces, where they are not."""
    if _displace(txn, bucket, key, now):
        txn.drop_current(bucket.id, key)


def _displace(txn: Transaction, bucket: Bucket, key: str, now: int) -> bool:
    """The same but for the record of the current version, which the caller replaces or removes;
    whether there is one."""
    current = txn.current(bucket.id, key)
    if current is not None:
        if current.null and bucket.versioning != ENABLED:
            discard(txn, current, now)
        else:
            txn.add_past(bucket.id, current)
    suspended = bucket.versioning == SUSPENDED
    if suspended and (old := txn.null_past(bucket.id, key)):
        txn.drop_past(bucket.id, key, old.stamp)
        discard(txn, old, now)
    return current is not None


def remove(txn: Transaction, bucket: Bucket, key: str, wanted: str, now: int) -> Version | None:
    """Remove one version for good; the one before it becomes current again. None if there is none.

    Raises:
        Refusal: InvalidArgument, when ``wanted`` is no version id.
    """
    version = _by_id(txn, bucket, key, wanted)
    if version is None:
        return None
    current = txn.current(bucket.id, key)
    if current is not None and current.stamp == version.stamp:
        txn.drop_current(bucket.id, key)
        current = None
    else:
        txn.drop_past(bucket.id, key, version.stamp)
    discard(txn, version, now)
    if current is None:
        _bring_back(txn, bucket, key)
    return version


def _bring_back(txn: Transaction, bucket: Bucket, key: str) -> None:
    """Make the newest past version current, unless it is a delete marker."""
    newest = txn.newest_past(bucket.id, key)
    if newest is not None and not newest.marker:
        txn.drop_past(bucket.id, key, newest.stamp)
        txn.set_current(bucket.id, newest)


def discard(txn: Transaction, version: Version, now: int) -> None:
    """Let go of a version's content."""
    if version.extents:
        let_go(txn, version.extents, now)


def let_go(txn: Transaction, extents: bytes, now: int) -> None:
    """One reference less to each blob of a packed list. Where it cannot be read, its blobs are kept
    until a repair counts them: what is damaged can be replaced and deleted all the same."""
    try:
        found = unpack_extents(extents)
    except RecordsDamaged as error:
        _log.error("%s; its blobs are kept", error)
        return
    txn.release(found, now)


def update(txn: Transaction, bucket: Bucket, version: Version) -> None:
    """Replace the record of a version with one of the same stamp."""
    current = txn.current(bucket.id, version.key)
    if current is not None and current.stamp == version.stamp:
        txn.set_current(bucket.id, version)
    else:
        txn.drop_past(bucket.id, version.key, version.stamp)
        txn.add_past(bucket.id, version)
