"""The head of an answer, as libcurl hands it over line by line."""

from collections.abc import Sequence
from typing import Final, NamedTuple

_BLANK: Final = " \t\r\n"
_END: Final = frozenset({b"\r\n", b"\n"})


class Answer(NamedTuple):
    """A status line and fields.

    Attributes:
        status: the HTTP status.
        fields: names and values in order, as they were spelt; a line that is not UTF-8 is read as
            Latin-1.
    """

    status: int
    fields: list[tuple[str, str]]

    def length(self) -> int | None:
        """The Content-Length."""
        for name, value in self.fields:
            if name.lower() == "content-length" and value.isascii() and value.isdigit():
                return int(value)
        return None


def final_head(lines: Sequence[bytes]) -> Answer | None:
    """The head of the final answer, behind any interim ones; None while it is not complete."""
    begin = 0
    for end, line in enumerate(lines):
        if line in _END:
            status = int(lines[begin].split(None, 2)[1])
            if status >= 200:
                return Answer(status, _fields(lines[begin + 1 : end]))
            begin = end + 1
    return None


def _fields(lines: Sequence[bytes]) -> list[tuple[str, str]]:
    try:
        texts = b"".join(lines).decode().split("\n")
    except UnicodeDecodeError:
        texts = [_decoded(line) for line in lines]
    fields = []
    for text in texts:
        name, colon, value = text.partition(":")
        if colon:
            fields.append((name.strip(_BLANK), value.strip(_BLANK)))
    return fields


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
