"""Files of any size."""

import os
from typing import Unpack, cast

from cosbox.client import transfers
from cosbox.client import types as t
from cosbox.client.methods.base import Calls
from cosbox.client.sources import BodySource
from cosbox.client.transfers.control import TransferControl
from cosbox.transfer.parts import at_least_one, megabytes
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
        flow = transfers.upload_file(
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

    def upload_stream(
        self,
        Bucket: str,
        Key: str | bytes,
        Stream: BodySource,
        PartSize: int = 10,
        MAXThread: int = 5,
        EnableMD5: bool = False,
        progress_callback: Progress | None = None,
        *,
        control: TransferControl | None = None,
        **kwargs: Unpack[t.PutObjectOptions],
    ) -> t.UploadFileResult:
        """Store what a pipe, socket or iterator gives, however much it is.

        Up to MAXThread parts are in memory. Parts double every thousand, so that there is no need
        to know how much will come. An upload that fails is aborted: what was read is gone.

        >>> lines = (f"line {number}\\n".encode() for number in range(3))
        >>> _ = client.upload_stream(Bucket=bucket, Key="lines", Stream=lines)
        >>> client.get_object(bucket, "lines")["Body"].read()
        b'line 0\\nline 1\\nline 2\\n'

        Args:
            Bucket: the bucket.
            Key: the object's name.
            Stream: as Body in put_object.
            PartSize: size of the first thousand parts in MB; less than that goes as one PUT.
            MAXThread: how many parts are sent at once.
            EnableMD5: send the MD5 of every request's body. CRC64s are checked in any case.
            progress_callback: as in upload_file; while nobody knows how much there will be, the
                bytes in all are those so far.
            control: cancels the upload, or limits its bandwidth, while it runs.
            **kwargs: `PutObjectOptions`, but for ContentLength and ContentMD5.

        Raises:
            NotFoundError: the bucket does not exist.
            IntegrityError: the store received other bytes than were sent, twice.
            TransferCancelledError: ``control`` was cancelled.
        """
        flow = transfers.upload_stream(
            self._caller,
            Bucket,
            Key,
            Stream,
            part_size=PartSize,
            threads=MAXThread,
            enable_md5=EnableMD5,
            progress=progress_callback,
            control=control,
            options=kwargs,
        )
        return cast(t.UploadFileResult, self._run(flow))

    def upload_file_from_buffer(
        self,
        Bucket: str,
        Key: str | bytes,
        Body: BodySource,
        MaxBufferSize: int = 100,
        PartSize: int = 10,
        MAXThread: int = 5,
        **kwargs: Unpack[t.PutObjectOptions],
    ) -> t.UploadFileResult:
        """`upload_stream` by its name in the official SDK.

        >>> _ = client.upload_file_from_buffer(bucket, "lines", [b"one", b"two"])
        >>> client.get_object(bucket, "lines")["Body"].read()
        b'onetwo'

        Args:
            Bucket: the bucket.
            Key: the object's name.
            Body: as in put_object.
            MaxBufferSize: how many MB of parts may be in memory.
            PartSize: as in upload_stream.
            MAXThread: as in upload_stream, as far as MaxBufferSize allows.
            **kwargs: as in upload_stream.
        """
        fitting = max(
            1, megabytes("MaxBufferSize", MaxBufferSize) // megabytes("PartSize", PartSize)
        )
        return self.upload_stream(
            Bucket,
            Key,
            Body,
            PartSize,
            min(fitting, at_least_one("MAXThread", MAXThread)),
            **kwargs,
        )

    def download_file(
        self,
        Bucket: str,
        Key: str | bytes,
        DestFilePath: str | os.PathLike[str],
        PartSize: int = 20,
        MAXThread: int = 5,
        EnableCRC: bool = False,
        progress_callback: Progress | None = None,
        DumpRecordDir: str | os.PathLike[str] | None = None,
        KeySimplifyCheck: bool = True,
        DisableTempDestFilePath: bool = False,
        MaxPartCount: int = 10_000,
        *,
        control: TransferControl | None = None,
        **kwargs: Unpack[t.GetObjectOptions],
    ) -> t.HeadObjectResult:
        """Read an object into a file, in ranges side by side.

        The file appears under its name when it is whole, synced, and its CRC64 is the one that the
        store says. A download that is interrupted, by whatever it be, goes on where it stopped when
        the same call is made again; what it has by then is in a hidden file beside the destination.

        >>> _ = client.put_object(Bucket=bucket, Body=b"hello", Key="a.txt")
        >>> result = client.download_file(bucket, "a.txt", folder / "copy.txt")
        >>> result["Content-Length"], (folder / "copy.txt").read_bytes()
        ('5', b'hello')

        Args:
            Bucket: the bucket.
            Key: the object's name.
            DestFilePath: the file; one that exists is replaced, a device or pipe is written to.
            PartSize: size of a range in MB; it grows when MaxPartCount would not do.
            MAXThread: how many ranges are read at once; fewer while the store says slow down.
            EnableCRC: the CRC64 is always checked; this is for callers of the official SDK.
            progress_callback: called with the bytes written so far and the bytes of the object,
                never by two threads at once; what it raises ends the download.
            DumpRecordDir: where the journal of the download is kept, instead of beside the file.
            KeySimplifyCheck: keys that stand for no object are always refused; as EnableCRC.
            DisableTempDestFilePath: write under the file's own name from the beginning.
            MaxPartCount: the most ranges, up to 10,000.
            control: cancels the download, or limits its bandwidth, while it runs.
            **kwargs: VersionId, TrafficLimit and the conditions of `GetObjectOptions`.

        Returns:
            What head_object returns.

        Raises:
            OSError: the file cannot be written.
            NotFoundError: no such object or bucket.
            PreconditionError: a condition does not hold.
            SourceChangedError: the object was overwritten or deleted meanwhile.
            IntegrityError: what was read is not what the store's checksum describes, twice.
            TransferCancelledError: ``control`` was cancelled.
        """
        del EnableCRC, KeySimplifyCheck
        flow = transfers.download_file(
            self._caller,
            Bucket,
            Key,
            DestFilePath,
            part_size=PartSize,
            threads=MAXThread,
            most_parts=MaxPartCount,
            progress=progress_callback,
            control=control,
            folder=DumpRecordDir,
            in_place=DisableTempDestFilePath,
            options=kwargs,
        )
        return cast(t.HeadObjectResult, self._run(flow))

    def copy(
        self,
        Bucket: str,
        Key: str | bytes,
        CopySource: t.CopySourceArgument,
        CopyStatus: str = "Copy",
        PartSize: int = 10,
        MAXThread: int = 5,
        progress_callback: Progress | None = None,
        *,
        control: TransferControl | None = None,
        **kwargs: Unpack[t.CopyObjectOptions],
    ) -> t.CopyResult:
        """Copy an object of any size inside the store: in one request up to 5 GiB, in parts above.

        All parts are of the same version of the source. A copy that fails is aborted.

        >>> _ = client.put_object(Bucket=bucket, Body=b"hello", Key="a.txt")
        >>> source = {"Bucket": bucket, "Key": "a.txt", "Region": "local"}
        >>> _ = client.copy(bucket, "b.txt", source)
        >>> client.get_object(bucket, "b.txt")["Body"].read()
        b'hello'

        Args:
            Bucket: of the copy.
            Key: the copy's name.
            CopySource: Bucket, Key, Region and, if need be, VersionId of the source.
            CopyStatus: ``Copy`` keeps the source's metadata, ``Replaced`` takes those given here.
            PartSize: size of a part in MB; it grows when 10,000 parts would not do.
            MAXThread: how many parts are copied at once; fewer while the store says slow down.
            progress_callback: called with the bytes copied so far and the bytes of the object,
                never by two threads at once; what it raises ends the copy.
            control: cancels the copy while it runs.
            **kwargs: `CopyObjectOptions`.

        Raises:
            NotFoundError: no such source or bucket.
            PreconditionError: a condition about the source does not hold.
            SourceChangedError: the source was overwritten meanwhile.
            TransferCancelledError: ``control`` was cancelled.
        """
        flow = transfers.copy(
            self._caller,
            Bucket,
            Key,
            CopySource,
            CopyStatus,
            part_size=PartSize,
            threads=MAXThread,
            progress=progress_callback,
            control=control,
            options=kwargs,
        )
        return cast(t.CopyResult, self._run(flow))
