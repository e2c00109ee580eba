"""The head of an answer, as libcurl hands it over line by line."""


class Head:
    """Gathers the status and the fields of the final answer; interim ones are dropped."""

    __slots__ = ("_lines", "complete", "status")

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self.status = 0
        self.complete = False

    def feed(self, line: bytes) -> None:
        """Take a line: a status line, a field, or the empty line at the end."""
        if line.startswith(b"HTTP/"):
            words = line.split(None, 2)
            self.status = int(words[1])
            self._lines.clear()
            self.complete = False
        elif line in {b"\r\n", b"\n"}:
            self.complete = self.status >= 200
        elif not self.complete:  # what follows a chunked body is no part of the head
            self._lines.append(line)

    def fields(self) -> list[tuple[str, str]]:
        """Names and values in order, as they were spelt; what is not UTF-8 is read as Latin-1."""
        fields = []
        for line in self._lines:
            name, colon, value = line.partition(b":")
            if colon:
                fields.append((name.decode("latin-1").strip(), _text(value.strip())))
        return fields

    def length(self) -> int | None:
        """The Content-Length."""
        for name, value in self.fields():
            if name.lower() == "content-length" and value.isascii() and value.isdigit():
                return int(value)
        return None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
