"""Which unfinished upload a new one may take up."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cosbox.transfer.parts import Part

_STANDARD: Final = "STANDARD"
_OF_REQUESTS: Final = frozenset({"ContentLength", "ContentMD5", "ForbidOverwrite", "TrafficLimit"})
"""Options that say how something is sent, and leave no mark on the object."""

_MANY: Final = 10


def digest_of(options: Mapping[str, object]) -> str:
    """What tells whether two calls make the same object, and does not tell what their options
    are."""
    marks = sorted(
        (name, _plain(value)) for name, value in options.items() if name not in _OF_REQUESTS
    )
    text = json.dumps(marks, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    return sorted(value.items()) if isinstance(value, Mapping) else str(value)


def visible(options: Mapping[str, object]) -> bool:
    """Whether a listing of uploads shows all that these options ask for."""
    given = {name for name, value in options.items() if value}
    return given <= {"StorageClass", *_OF_REQUESTS}


def candidates(
    uploads: Iterable[Mapping[str, Any]], key: str, storage_class: object
) -> list[Mapping[str, Any]]:
    """The unfinished uploads of an object in a storage class, the newest first, and of many only
    the newest ones.

    >>> uploads = [
    ...     {"Key": "a", "UploadId": "1", "Initiated": "2026-01-01T00:00:00.000Z"},
    ...     {"Key": "a", "UploadId": "2", "Initiated": "2026-01-02T00:00:00.000Z"},
    ...     {"Key": "ab", "UploadId": "3", "Initiated": "2026-01-03T00:00:00.000Z"},
    ... ]
    >>> [upload["UploadId"] for upload in candidates(uploads, "a", None)]
    ['2', '1']
    """
    wanted = str(storage_class or _STANDARD)
    found = [
        upload
        for upload in uploads
        if upload.get("Key") == key and (upload.get("StorageClass") or _STANDARD) == wanted
    ]
    found.sort(key=lambda upload: str(upload.get("Initiated", "")), reverse=True)
    return found[:_MANY]


def fitting(
    stored: Iterable[Mapping[str, Any]], parts: Sequence[Part]
) -> list[tuple[Part, str]] | None:
    """The stored parts and their ETags, as parts of the plan; None if one is no part of it."""
    found = []
    for listed in stored:
        number = int(listed["PartNumber"])
        if not 1 <= number <= len(parts) or int(listed["Size"]) != parts[number - 1].length:
            return None
        found.append((parts[number - 1], str(listed["ETag"])))
    return found
