"""Files of any size."""

import os
from typing import Unpack, cast

from cosbox.client import types as t
from cosbox.client.methods.base import Calls
from cosbox.client.transfers.control import TransferControl
from cosbox.client.transfers.upload import upload_file
from cosbox.transfer.tally import Progress


class TransferCalls(Calls):
    """Files of any size."""

    def upload_file(
        self,
        Bucket: str,
        Key: str | bytes,
        LocalFilePath: str | os.PathLike[str],
        PartSize: int = 1,
        MAXThread: int = 5,
        EnableMD5: bool = False,
        progress_callback: Progress | None = None,
        *,
        control: TransferControl | None = None,
        CheckpointDir: str | os.PathLike[str] | None = None,
        **kwargs: Unpack[t.PutObjectOptions],
    ) -> t.UploadFileResult:
        """Store a file: in one request up to 20 MB, as a multipart upload above.

        An upload that is interrupted, by whatever it be, goes on where it stopped when the same
        call is made again: from this machine by its checkpoint; from another one, if no options
        but StorageClass are given, by comparing the parts that the store has with the file. Other
        options, or another file, begin anew.

        >>> client.upload_file(Bucket=bucket, Key="empty", LocalFilePath=os.devnull)["ETag"]
        '"d41d8cd98f00b204e9800998ecf8427e"'

        Args:
            Bucket: the bucket.
            Key: the object's name.
            LocalFilePath: the file.
            PartSize: size of a part in MB; it grows when 10,000 parts would not do.
            MAXThread: how many parts are sent at once; fewer while the store says slow down.
            EnableMD5: send the MD5 of every request's body. CRC64s are checked in any case.
            progress_callback: called with the bytes sent so far and the bytes of the file, never
                by two threads at once; what it raises ends the upload.
            control: cancels the upload, or limits its bandwidth, while it runs.
            CheckpointDir: where checkpoints are kept; ``~/.local/state/cosbox/uploads`` otherwise.
            **kwargs: `PutObjectOptions`.

        Raises:
            OSError: the file cannot be read.
            NotFoundError: the bucket does not exist.
            IntegrityError: the store received other bytes than were sent, twice.
            SourceChangedError: the file was written to meanwhile; nothing was stored.
            TransferCancelledError: ``control`` was cancelled.
        """
        flow = upload_file(
            self._caller,
            Bucket,
            Key,
            LocalFilePath,
            part_size=PartSize,
            threads=MAXThread,
            enable_md5=EnableMD5,
            progress=progress_callback,
            control=control,
            folder=CheckpointDir,
            options=kwargs,
        )
        return cast(t.UploadFileResult, self._run(flow))
