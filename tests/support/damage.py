"""A closed store that holds one of everything, and ways to damage it."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cosbox
from cosbox.service.upkeep.fsck import check
from cosbox.storage.extents import unpack_extents
from cosbox.storage.files import layout
from cosbox.storage.sqlite.connections import connect

BUCKET = "fsck-1250000000"
VERSIONED = "history-1250000000"
LARGE = bytes(range(256)) * 800
SMALL = b"a small body"
PART = bytes(1024 * 1024) + b"x"


@dataclass
class Victim:
    """A store to be damaged."""

    folder: Path

    @classmethod
    def make(cls, folder):
        """A store with objects, versions, delete markers, copies and unfinished uploads."""
        with cosbox.open(folder) as client:
            client.create_bucket(BUCKET)
            client.create_bucket(VERSIONED)
            client.put_bucket_versioning(VERSIONED, "Enabled")
            client.put_object(BUCKET, LARGE, "large")
            client.put_object(BUCKET, SMALL, "small")
            client.put_object(BUCKET, b"", "empty")
            client.put_object(BUCKET, LARGE[:70_000], "deleted")
            client.delete_object(BUCKET, "deleted")
            where = {"Bucket": BUCKET, "Key": "large", "Region": "local"}
            client.copy_object(BUCKET, "copy", where, ACL="public-read")
            for body in (LARGE, SMALL):
                client.put_object(VERSIONED, body, "kept/你好")
            client.delete_object(VERSIONED, "kept/你好")
            upload = client.create_multipart_upload(BUCKET, "whole")["UploadId"]
            parts = [
                {"PartNumber": n, "ETag": client.upload_part(BUCKET, "whole", b, n, upload)["ETag"]}
                for n, b in enumerate((PART, SMALL), 1)
            ]
            client.complete_multipart_upload(BUCKET, "whole", upload, {"Part": parts})
            upload = client.create_multipart_upload(BUCKET, "unfinished")["UploadId"]
            client.upload_part(BUCKET, "unfinished", PART, 1, upload)
            client.upload_part_copy(
                BUCKET, "unfinished", 2, upload, where, CopySourceRange="bytes=10-99"
            )
        return cls(folder)

    def sql(self, statement, *values):
        """Run a statement on the records, and return its rows."""
        # Not the sqlite3 module: a second SQLite in a process that has the store open takes the
        # locks of the first away.
        with closing(connect(self.folder / "records.db", cache_kib=1024)) as database:
            return database.execute(statement, values).fetchall()

    def blobs(self, key, bucket=BUCKET):
        """The ids of the blobs of the current version of an object."""
        rows = self.sql(
            "SELECT extents FROM current JOIN bucket ON bucket.id = current.bucket"
            " WHERE bucket.name = ? AND key = ?", bucket, key,
        )  # fmt: skip
        return [extent.blob for extent in unpack_extents(rows[0][0])]

    def file(self, blob_id):
        """The file of a blob."""
        return self.folder / "blobs" / layout.shard(blob_id) / layout.file_name(blob_id)

    def is_file(self, blob_id):
        """Whether a blob is a file."""
        return self.sql("SELECT data IS NULL FROM blob WHERE id = ?", blob_id) == [(1,)]

    def flip(self, blob_id, at):
        """Change a byte of a blob, wherever it is."""
        ((data,),) = self.sql("SELECT data FROM blob WHERE id = ?", blob_id)
        if data is None:
            path = self.file(blob_id)
            body = bytearray(path.read_bytes())
            body[at] ^= 1
            path.write_bytes(body)
        else:
            body = bytearray(data)
            body[at] ^= 1
            self.sql("UPDATE blob SET data = ? WHERE id = ?", bytes(body), blob_id)

    def found(self, **options):
        """What a check finds: kind, place as (bucket, key) or None, and blob."""
        return {brief(finding) for finding in check(self.folder, **options).findings}


def brief(finding):
    """A finding without its words."""
    place = finding.place
    return finding.kind, place and (place.bucket, place.key), finding.blob
