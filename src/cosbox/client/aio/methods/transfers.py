"""Files of any size.

Written by tools/generate_async.py from cosbox/client/methods/transfers.py; change that and run it
again.
"""

import os
from typing import Unpack, cast

from cosbox.client import types as t
from cosbox.client.aio.methods.base import AsyncCalls
from cosbox.client.uploads import Progress, upload_file
from cosbox.protocol.errors import ParameterError


class AsyncTransferCalls(AsyncCalls):
    """Files of any size."""

    async def upload_file(
        self,
        Bucket: str,
        Key: str | bytes,
        LocalFilePath: str | os.PathLike[str],
        PartSize: int = 1,
        MAXThread: int = 5,
        EnableMD5: bool = False,
        progress_callback: Progress | None = None,
        **kwargs: Unpack[t.PutObjectOptions],
    ) -> t.UploadFileResult:
        """Store a file: in one request up to 20 MB, as a multipart upload above.

        An upload that fails is aborted.

        >>> (await client.upload_file(Bucket=bucket, Key="empty", LocalFilePath=os.devnull))["ETag"]
        '"d41d8cd98f00b204e9800998ecf8427e"'

        Args:
            Bucket: the bucket.
            Key: the object's name.
            LocalFilePath: the file.
            PartSize: size of a part in MB; it grows when 10,000 parts would not do.
            MAXThread: how many parts may be sent at once.
            EnableMD5: send the MD5 of every request's body. CRC64s are checked in any case.
            progress_callback: called with the bytes stored so far and the bytes of the file.
            **kwargs: `PutObjectOptions`.

        Raises:
            OSError: the file cannot be read.
            NotFoundError: the bucket does not exist.
            IntegrityError: the store received other bytes than were sent.
        """
        if not isinstance(MAXThread, int) or MAXThread < 1:
            raise ParameterError(f"MAXThread must be 1 or more, not {MAXThread!r}")
        flow = upload_file(
            self._caller,
            Bucket,
            Key,
            LocalFilePath,
            part_size=PartSize,
            enable_md5=EnableMD5,
            progress=progress_callback,
            options=kwargs,
        )
        return cast(t.UploadFileResult, await self._run(flow))
