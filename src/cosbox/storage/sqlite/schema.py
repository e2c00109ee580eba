"""The tables. docs/on-disk-format.md explains them; change both, and `FORMAT`, together."""

from typing import Final

import apsw

from cosbox._version import __version__
from cosbox.storage.errors import StorageError, StoreFormatError
from cosbox.storage.sqlite.connections import run

FORMAT: Final = 1
"""Of the whole folder. Kept in the marker file and, as ``user_version``, in the database."""

APPLICATION_ID: Final = 0x434F5342
"""``COSB``, by which file(1) and others tell the database."""

# Keys are compared by BINARY, the default: by their UTF-8 bytes. `current` and `past` are the
# tables that listings walk, so what a listing shows comes first in a row, and what may be long
# comes last.
_TABLES: Final = """
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    last_stamp INTEGER NOT NULL,
    next_blob INTEGER NOT NULL,
    next_bucket INTEGER NOT NULL
) STRICT;
INSERT INTO state VALUES (1, 0, 1, 1);

CREATE TABLE account (
    appid TEXT PRIMARY KEY,
    uin TEXT NOT NULL,
    name TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_uin ON account (uin);

CREATE TABLE key_pair (
    secret_id TEXT PRIMARY KEY,
    secret_key TEXT NOT NULL,
    appid TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX key_pair_appid ON key_pair (appid, created);

CREATE TABLE bucket (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    appid TEXT NOT NULL,
    region TEXT NOT NULL,
    created INTEGER NOT NULL,
    versioning TEXT NOT NULL,
    acl TEXT NOT NULL
) STRICT;
CREATE INDEX bucket_appid ON bucket (appid, name);

CREATE TABLE current (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    stamp INTEGER NOT NULL,
    is_null INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified INTEGER NOT NULL,
    storage_class TEXT NOT NULL,
    owner TEXT NOT NULL,
    restore TEXT NOT NULL,
    crc64 INTEGER,
    acl TEXT NOT NULL,
    headers TEXT NOT NULL,
    extents BLOB NOT NULL,
    PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE past (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    stamp INTEGER NOT NULL,
    is_null INTEGER NOT NULL,
    is_marker INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified INTEGER NOT NULL,
    storage_class TEXT NOT NULL,
    owner TEXT NOT NULL,
    restore TEXT NOT NULL,
    crc64 INTEGER,
    acl TEXT NOT NULL,
    headers TEXT NOT NULL,
    extents BLOB NOT NULL,
    PRIMARY KEY (bucket, key, stamp DESC)
) STRICT, WITHOUT ROWID;
CREATE INDEX past_null ON past (bucket, key) WHERE is_null = 1;

CREATE TABLE upload (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    initiated INTEGER NOT NULL,
    storage_class TEXT NOT NULL,
    owner TEXT NOT NULL,
    initiator TEXT NOT NULL,
    acl TEXT NOT NULL,
    headers TEXT NOT NULL,
    PRIMARY KEY (bucket, key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE part (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    crc64 INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    extents BLOB NOT NULL,
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    crc64 INTEGER NOT NULL,
    refs INTEGER NOT NULL,
    garbage_since INTEGER,
    data BLOB
) STRICT;
CREATE INDEX blob_garbage ON blob (garbage_since) WHERE garbage_since IS NOT NULL;

CREATE TABLE reservation (
    first INTEGER PRIMARY KEY,
    owner TEXT NOT NULL
) STRICT;
"""


def check(connection: apsw.Connection) -> None:
    """See that a database is of this format.

    Raises:
        StoreFormatError: it is of another.
    """
    application = connection.pragma("application_id")
    found = connection.pragma("user_version")
    if (application, found) != (APPLICATION_ID, FORMAT):
        raise StoreFormatError(
            f"{connection.filename} has format {found} of application {application:#x}, "
            f"and cosbox {__version__} reads format {FORMAT} of {APPLICATION_ID:#x}: "
            "open it with a newer version of cosbox, or name another folder"
        )


def prepare(connection: apsw.Connection) -> None:
    """Make the tables if the database is empty; else check that it is of this format.

    Raises:
        StoreFormatError: it is of another.
        StorageError: the file system cannot keep a write-ahead log.
    """
    if connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        check(connection)
        return
    if connection.pragma("journal_mode", "wal") != "wal":
        raise StorageError("the file system of the store cannot keep SQLite's write-ahead log")
    run(
        connection,
        f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id = {APPLICATION_ID}; "
        f"PRAGMA user_version = {FORMAT}; COMMIT",
    )
