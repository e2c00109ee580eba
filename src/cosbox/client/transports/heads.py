"""The head of an answer, as libcurl hands it over line by line."""

from collections.abc import Sequence
from typing import Final, NamedTuple

_BLANK: Final = " \t\r\n"


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
        if line in {b"\r\n", b"\n"}:
            status = int(lines[begin].split(None, 2)[1])
            if status >= 200:
                return Answer(status, _fields(lines[begin + 1 : end]))
            begin = end + 1
    return None


def _fields(lines: Sequence[bytes]) -> list[tuple[str, str]]:
    fields = []
    for line in lines:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        name, colon, value = text.partition(":")
        if colon:
            fields.append((name.strip(_BLANK), value.strip(_BLANK)))
    return fields


class Head:
    """Gathers the status and the fields of the final answer; interim ones are dropped."""

    __slots__ = ("_answer", "_lines")

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._answer: Answer | None = None

    @property
    def complete(self) -> bool:
        """Whether all of it is there."""
        return self._answer is not None

    @property
    def status(self) -> int:
        """The HTTP status; 0 while it is not complete."""
        return self._answer.status if self._answer is not None else 0

    def feed(self, line: bytes) -> None:
        """Take a line: a status line, a field, or the empty line at the end."""
        if self._answer is not None:
            return  # what follows a chunked body is no part of the head
        self._lines.append(line)
        if line in {b"\r\n", b"\n"}:
            self._answer = final_head(self._lines)

    def fields(self) -> list[tuple[str, str]]:
        """Names and values in order."""
        return self._answer.fields if self._answer is not None else []

    def length(self) -> int | None:
        """The Content-Length."""
        return self._answer.length() if self._answer is not None else None
