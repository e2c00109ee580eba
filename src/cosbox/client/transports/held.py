"""The body of an answer that came whole."""


class HeldBody:
    """All of a body, which holds nothing else: its connection is free again."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, or all that are left; b"" at the end."""
        at, data = self._at, self._data
        self._at = len(data) if size < 0 else min(len(data), at + size)
        return data if at == 0 and self._at == len(data) else data[at : self._at]

    def close(self) -> None:
        """Give nothing any more."""
        self._data = b""
