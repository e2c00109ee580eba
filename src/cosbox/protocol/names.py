"""What a bucket and a key may be called (COS: product overview, specifications and limits)."""

import re
from functools import lru_cache
from typing import Final

from cosbox.protocol.errors import ParameterError, Refusal

MAX_KEY_BYTES: Final = 850
MAX_BUCKET_LENGTH: Final = 50
"""``name-APPID``. COS limits the whole domain to 60 characters; this leaves room for the shortest
region, and every bucket that fits COS fits here."""

_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-[0-9]+", re.ASCII)
_FORBIDDEN_CONTROLS = re.compile("[\x18-\x1b]")


@lru_cache(maxsize=1024)
def is_bucket_name(text: str) -> bool:
    """Whether ``text`` has the form ``name-APPID``.

    >>> is_bucket_name("examplebucket-1250000000"), is_bucket_name("Example_1")
    (True, False)
    """
    return len(text) <= MAX_BUCKET_LENGTH and _BUCKET.fullmatch(text) is not None


def appid_of(bucket: str) -> str:
    """The APPID at the end of a bucket's name.

    >>> appid_of("examplebucket-1250000000")
    '1250000000'
    """
    return bucket.rpartition("-")[2]


def check_bucket(bucket: str) -> None:
    """Refuse what is no bucket's name, on the store's side.

    Raises:
        Refusal: InvalidBucketName.
    """
    if not is_bucket_name(bucket):
        raise Refusal(
            "InvalidBucketName",
            f"{bucket[:100]!r} is not <name>-<APPID>: lower-case letters, digits and '-' in the"
            f" name, digits in the APPID, {MAX_BUCKET_LENGTH} characters at the most.",
        )


def check_key(key: str) -> None:
    """Refuse keys that COS does not take, on the store's side.

    Raises:
        Refusal: KeyTooLong or InvalidObjectName.
    """
    if len(key) > MAX_KEY_BYTES or len(key.encode()) > MAX_KEY_BYTES:
        raise Refusal("KeyTooLong", f"Your key is longer than {MAX_KEY_BYTES} bytes of UTF-8.")
    if key[:1] in {"/", "\\", ""}:
        raise Refusal("InvalidObjectName", "A key must not be empty or begin with '/' or '\\'.")
    if _FORBIDDEN_CONTROLS.search(key):
        raise Refusal(
            "InvalidObjectName",
            "A key must not contain the control characters CAN, EM, SUB and ESC.",
        )


def normal_key(key: object) -> str:
    """The key as the client sends it: text, without the one leading ``/`` that COS SDKs drop.

    A key that would turn an object call into a bucket call on the way ("", "/", "..", "a/..") is
    refused before anything is sent.

    >>> normal_key("/dir/file")
    'dir/file'

    Raises:
        ParameterError: not text, not UTF-8, empty, or made of dots and slashes only.
    """
    if isinstance(key, bytes):
        try:
            key = key.decode()
        except UnicodeDecodeError as error:
            raise ParameterError(f"Key is not UTF-8: {key!r}") from error
    if not isinstance(key, str):
        raise ParameterError(f"Key must be str, not {type(key).__name__}")
    if not key.isascii():
        try:
            key.encode()
        except UnicodeEncodeError as error:
            raise ParameterError(f"Key is not valid Unicode: {key!r}") from error
    normal = key.removeprefix("/")
    if ("." in normal or not normal.strip("/")) and _folds_to_root(normal):
        raise ParameterError(
            f"Key {key!r} names no object: once '.' and '..' are folded, nothing of it is left"
        )
    return normal


def _folds_to_root(key: str) -> bool:
    """Whether a proxy that folds dot segments would leave nothing of the path."""
    depth = 0
    for segment in key.split("/"):
        if segment == "..":
            depth = max(0, depth - 1)
        elif segment not in {"", "."}:
            depth += 1
    return depth == 0


def normal_bucket(bucket: object, appid: str | None = None) -> str:
    """The bucket's full name, with the configured APPID appended where it is missing.

    >>> normal_bucket("examplebucket", "1250000000")
    'examplebucket-1250000000'

    Raises:
        ParameterError: not text or not a bucket's name.
    """
    if not isinstance(bucket, str):
        raise ParameterError(f"Bucket must be str, not {type(bucket).__name__}")
    if appid and not bucket.endswith(f"-{appid}"):
        bucket = f"{bucket}-{appid}"
    if not is_bucket_name(bucket):
        raise ParameterError(
            f"Bucket {bucket!r} is not <name>-<APPID>: lower-case letters, digits and '-' in the"
            " name, digits in the APPID"
        )
    return bucket
