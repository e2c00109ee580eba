"""``upload_file`` as a flow: one PUT up to 20 MB, parts one after the other above."""

import io
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import file_digest, md5
from pathlib import Path
from typing import Any, BinaryIO, Final

from cosbox.checksums import combine
from cosbox.client.bodies import MAX_BODY, FileBody
from cosbox.client.effects import Flow, Work
from cosbox.client.flow import Caller
from cosbox.protocol.errors import CosException, IntegrityError, ParameterError
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.suggest import unknown_name

Progress = Callable[[int, int], object]
"""Called with the bytes that are stored so far and the bytes of the file."""

SIMPLE_LIMIT: Final = 20 * 1024**2
"""The largest file that goes as one PUT."""

_MEGABYTE: Final = 1024**2
_MAX_PARTS: Final = 10_000
_OF_PUT: Final = frozenset(param.name for param in OPERATIONS["put_object"].params) - {"Body"}
_OF_CREATE: Final = frozenset(param.name for param in OPERATIONS["create_multipart_upload"].params)
_OF_PART: Final = frozenset({"TrafficLimit"})
_OF_COMPLETE: Final = frozenset({"ForbidOverwrite"})


def plan_parts(size: int, part_size: int) -> list[tuple[int, int]]:
    """Offset and length of each part; the parts grow when there would be too many.

    >>> plan_parts(25, 10)
    [(0, 10), (10, 10), (20, 5)]

    Raises:
        ParameterError: the file is larger than the largest object.
    """
    part_size = max(part_size, -(-size // _MAX_PARTS))
    if part_size > MAX_BODY:
        raise ParameterError(f"{size} bytes are more than {_MAX_PARTS} parts can hold")
    return [(at, min(part_size, size - at)) for at in range(0, size, part_size)]


def put_file(
    caller: Caller,
    bucket: str,
    key: str | bytes,
    path: str | os.PathLike[str],
    *,
    enable_md5: bool,
    options: Mapping[str, object],
) -> Flow[dict[str, Any]]:
    """Store a file in one request; the parameters are those of `upload_file`."""
    with Path(path).open("rb") as file:
        result: dict[str, Any] = yield from caller.call(
            "put_object", bucket, key, options, body=file, enable_md5=enable_md5
        )
        return result


def upload_file(
    caller: Caller,
    bucket: str,
    key: str | bytes,
    path: str | os.PathLike[str],
    *,
    part_size: int,
    enable_md5: bool,
    progress: Progress | None,
    options: Mapping[str, object],
) -> Flow[dict[str, Any]]:
    """Store a file of any size.

    Args:
        caller: makes the calls.
        bucket: the bucket.
        key: the object's name.
        path: the file.
        part_size: in megabytes.
        enable_md5: send the MD5 of every request's body.
        progress: told how far it is.
        options: those of put_object.
    """
    for name in options:
        if name not in _OF_PUT:
            raise ParameterError(
                unknown_name(f"upload_file has no parameter {name!r}", name, _OF_PUT)
            )
    if not isinstance(part_size, int) or part_size < 1:
        raise ParameterError(f"PartSize must be a whole number of megabytes, not {part_size!r}")
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size <= SIMPLE_LIMIT:
            result: dict[str, Any] = yield from caller.call(
                "put_object", bucket, key, options, body=file, enable_md5=enable_md5
            )
            if progress is not None:
                progress(size, size)
            return result
        yield Work(lambda: _check_declared(file, size, options))
        upload = _Upload(caller, bucket, key, file, enable_md5, progress, options)
        return (yield from upload.run(size, plan_parts(size, part_size * _MEGABYTE)))


def _check_declared(file: io.BufferedReader, size: int, options: Mapping[str, object]) -> None:
    """Check here what no single request of a multipart upload can carry."""
    length, digest = options.get("ContentLength"), options.get("ContentMD5")
    if length and str(length) != str(size):
        raise ParameterError(f"ContentLength is {length}, but the file has {size} bytes")
    if digest:
        found = file_digest(file, lambda: md5(usedforsecurity=False)).digest()
        if b64encode(found).decode() != digest:
            raise ParameterError("ContentMD5 is not that of the file")


class _Upload:
    """One multipart upload of a file."""

    def __init__(
        self,
        caller: Caller,
        bucket: str,
        key: str | bytes,
        file: BinaryIO,
        enable_md5: bool,
        progress: Progress | None,
        options: Mapping[str, object],
    ) -> None:
        self._caller = caller
        self._bucket = bucket
        self._key = key
        self._file = file
        self._enable_md5 = enable_md5
        self._progress = progress
        self._options = options

    def _only(self, names: frozenset[str]) -> dict[str, object]:
        return {name: value for name, value in self._options.items() if name in names}

    def run(self, size: int, parts: list[tuple[int, int]]) -> Flow[dict[str, Any]]:
        created = yield from self._caller.call(
            "create_multipart_upload", self._bucket, self._key, self._only(_OF_CREATE)
        )
        upload_id = created["UploadId"]
        try:
            done, crc = yield from self._parts(upload_id, size, parts)
            args = {
                "UploadId": upload_id,
                "MultipartUpload": {"Part": done},
                **self._only(_OF_COMPLETE),
            }
            result: dict[str, Any] = yield from self._caller.call(
                "complete_multipart_upload", self._bucket, self._key, args
            )
        except GeneratorExit:
            raise  # nobody drives this any more
        except BaseException as error:
            yield from self._abort(upload_id, error)
            raise
        stored = result.get("x-cos-hash-crc64ecma", str(crc))
        if stored != str(crc):
            raise IntegrityError(f"the CRC64 of what was sent is {crc}, and the store has {stored}")
        return result

    def _parts(
        self, upload_id: str, size: int, parts: list[tuple[int, int]]
    ) -> Flow[tuple[list[dict[str, object]], int]]:
        done: list[dict[str, object]] = []
        crc = 0
        for number, (offset, length) in enumerate(parts, 1):
            self._file.seek(offset)
            body = FileBody(self._file, offset, length)
            args = {"PartNumber": number, "UploadId": upload_id, **self._only(_OF_PART)}
            stored = yield from self._caller.call(
                "upload_part",
                self._bucket,
                self._key,
                args,
                body=body,
                enable_md5=self._enable_md5,
            )
            done.append({"PartNumber": number, "ETag": stored["ETag"]})
            crc = combine(crc, body.crc64() or 0, length)
            if self._progress is not None:
                self._progress(offset + length, size)
        return done, crc

    def _abort(self, upload_id: str, error: BaseException) -> Flow[None]:
        try:
            yield from self._caller.call(
                "abort_multipart_upload", self._bucket, self._key, {"UploadId": upload_id}
            )
        except CosException as failure:
            error.add_note(f"cosbox: the upload {upload_id} could not be aborted: {failure}")
