"""The file that says that a folder is a store, and which."""

import json
from pathlib import Path
from typing import Any, Final

from cosbox._version import __version__
from cosbox.storage.durable import replace_file
from cosbox.storage.errors import StoreFormatError
from cosbox.storage.sqlite.schema import FORMAT

MARKER: Final = "cosbox.json"


def check_marker(folder: Path) -> bool:
    """Whether the folder holds a store that this version can open.

    Raises:
        StoreFormatError: it holds one that this version cannot.
        OSError: nobody can say.
    """
    marker = _read(folder)
    if marker is None:
        return False
    if marker["format"] != FORMAT:
        raise StoreFormatError(
            f"the store in {folder} has format {marker['format']}, and cosbox {__version__} reads "
            f"format {FORMAT}: open it with a newer version of cosbox"
        )
    return True


def store_id(folder: Path) -> str:
    """What tells a store from others; a backup that is restored goes on with it. Stores made
    before there were ids have none."""
    marker = _read(folder)
    return str(marker.get("id", "")) if marker else ""


def write_marker(folder: Path, store_id: str) -> None:
    """Make a folder a store, once all else is in it, durably."""
    marker = {"format": FORMAT, "made_by": f"cosbox {__version__}", "id": store_id}
    replace_file(folder / MARKER, f"{json.dumps(marker)}\n".encode())


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        text = (folder / MARKER).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        marker: dict[str, Any] = json.loads(text)
        marker["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreFormatError(f"{folder / MARKER} does not name a store's format") from error
    return marker
