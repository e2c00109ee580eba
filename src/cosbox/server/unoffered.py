"""Wishes of a request that this store cannot fulfil, and so must not pass over.

Whoever asks for encryption must not be left with plain bytes, and whoever asks for a condition must
not have it ignored. What COS offers and we do not is refused by name.
"""

from collections.abc import Mapping
from typing import Final

from cosbox.protocol.errors import Refusal

_HEADERS: Final = frozenset(
    {
        "pic-operations",
        "x-cos-callback",
        "x-cos-callback-var",
        "x-cos-tagging",
        "x-cos-tagging-directive",
    }
)
_PREFIXES: Final = (
    "x-cos-server-side-encryption",
    "x-cos-copy-source-server-side-encryption",
    "x-cos-object-lock",
)
_CONDITIONS_OF_READS: Final = frozenset({"if-match", "if-none-match"})


def check_offered(method: str, headers: Mapping[str, str]) -> None:
    """Let a request pass, unless one of its headers asks for what is not offered.

    Raises:
        Refusal: NotImplemented.
    """
    for name in headers:
        if name.startswith(("x-cos-", "pic-")) and (name in _HEADERS or name.startswith(_PREFIXES)):
            raise Refusal("NotImplemented", f"{name} is not offered by this store.")
    if method in {"PUT", "POST"}:
        for name in _CONDITIONS_OF_READS.intersection(headers):
            raise Refusal(
                "NotImplemented",
                f"{name} on a {method} is not offered here; x-cos-forbid-overwrite is.",
            )
