"""What can go wrong where things are kept."""


class StorageError(Exception):
    """The store's own trouble; callers see InternalError unless a subclass says otherwise."""


class StorageFull(StorageError):  # noqa: N818 - names the state
    """There is no room left. Nothing was changed."""


class StorageBusy(StorageError):  # noqa: N818 - names the state
    """The process has no file left to open for it. Nothing was changed."""


class BlobMissing(StorageError):  # noqa: N818 - names the state
    """A blob that should be there is not."""


class SyncFailed(StorageError):  # noqa: N818 - says what happened
    """The system could not make something durable, and nobody knows what is on the disk of it.
    Nothing more is written until the store is opened anew. Whether the change that met with it was
    made shows only then."""


class StoreFormatError(StorageError):
    """The folder holds no store, or one that this version of cosbox does not understand."""


class StoreInUseError(StorageError):
    """Another process uses the folder in a way that excludes this one."""


class RecordsDamaged(StorageError):  # noqa: N818 - names the state
    """The database of the records is not what was written to it."""
