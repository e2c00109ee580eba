"""Blobs as files in a folder."""

from cosbox.storage.files.blobs import FileBlobs

__all__ = ["FileBlobs"]
