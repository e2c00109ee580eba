"""Files of any size, as flows: what `cosbox.transfer` plans, done.

The flows are loaded when the first one is used: many clients move no files.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cosbox.client.transfers.copying import copy
    from cosbox.client.transfers.download import download_file
    from cosbox.client.transfers.streaming import upload_stream
    from cosbox.client.transfers.upload import put_file, upload_file

__all__ = ["copy", "download_file", "put_file", "upload_file", "upload_stream"]

_WHERE: Final = {
    "copy": "copying",
    "download_file": "download",
    "put_file": "upload",
    "upload_file": "upload",
    "upload_stream": "streaming",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value
