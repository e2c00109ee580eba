"""``upload_file``: one PUT up to 20 MB, parts above, taken up where an earlier call stopped."""

import os
import stat
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from cosbox.client.effects import Flow, Work
from cosbox.client.flow import Caller
from cosbox.client.transfers.checkpoints import default_folder
from cosbox.client.transfers.control import TransferControl
from cosbox.client.transfers.crew import alone
from cosbox.client.transfers.meter import Meter
from cosbox.client.transfers.multipart import Multipart, put_whole
from cosbox.client.transfers.naming import OF_PUT, check_names
from cosbox.client.transfers.parted import PartedUpload
from cosbox.client.transfers.source import SourceFile
from cosbox.client.transfers.streaming import upload_stream
from cosbox.protocol.errors import ParameterError
from cosbox.transfer.parts import MEGABYTE, Part, at_least_one, megabytes, plan_parts
from cosbox.transfer.tally import Progress, Tally

SIMPLE_LIMIT: Final = 20 * MEGABYTE
"""The largest file that goes as one PUT."""


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
    threads: int,
    enable_md5: bool,
    progress: Progress | None,
    control: TransferControl | None,
    folder: str | os.PathLike[str] | None,
    options: Mapping[str, object],
) -> Flow[dict[str, Any]]:
    """Store a file of any size.

    Args:
        caller: makes the calls.
        bucket: the bucket.
        key: the object's name.
        path: the file.
        part_size: in megabytes.
        threads: how many parts are sent at once.
        enable_md5: send the MD5 of every request's body.
        progress: told how far it is.
        control: ends it or slows it down.
        folder: of checkpoints; None is the usual one.
        options: those of put_object.
    """
    check_names("upload_file", options, OF_PUT)
    size_of_part = megabytes("PartSize", part_size)
    width = at_least_one("MAXThread", threads)
    control = control or TransferControl()
    if _has_no_size(path):
        opened: BinaryIO = yield Work(partial(Path(path).open, "rb"))  # waits for a writer
        with opened as file:
            return (
                yield from upload_stream(
                    caller,
                    bucket,
                    key,
                    file,
                    part_size=part_size,
                    threads=threads,
                    enable_md5=enable_md5,
                    progress=progress,
                    control=control,
                    options=options,
                )
            )
    source = SourceFile(path, control.check)
    try:
        tally = Tally(progress, source.size)
        meter = Meter(control, tally, live=caller.live)
        target = Multipart(caller, bucket, key)
        if source.size <= SIMPLE_LIMIT:
            sending = _in_one(target, source, meter, enable_md5=enable_md5, options=options)
            result = yield from alone(sending, control)
        else:
            yield Work(lambda: _check_declared(source, options))
            upload = PartedUpload(
                target,
                source,
                plan_parts(source.size, size_of_part),
                meter,
                width,
                enable_md5=enable_md5,
                options=options,
            )
            result = yield from upload.run(default_folder() if folder is None else Path(folder))
        tally.finish()
        return result
    finally:
        source.close()


def _has_no_size(path: str | os.PathLike[str]) -> bool:
    """Whether it is a pipe or a device: those have no size, nor could one go on with them."""
    mode = Path(path).stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _in_one(
    target: Multipart,
    source: SourceFile,
    meter: Meter,
    *,
    enable_md5: bool,
    options: Mapping[str, object],
) -> Flow[dict[str, Any]]:
    whole = Part(1, 0, source.size)
    args = dict(options)
    if enable_md5 and not args.get("ContentMD5"):
        digest, _ = yield Work(lambda: source.sums(whole))
        args["ContentMD5"] = b64encode(digest).decode()
    result = yield from put_whole(target, args, lambda: source.body(whole, meter))
    meter.stored(source.size)
    return result


def _check_declared(source: SourceFile, options: Mapping[str, object]) -> None:
    """Check here what no single request of a multipart upload can carry."""
    length, digest = options.get("ContentLength"), options.get("ContentMD5")
    if length and str(length) != str(source.size):
        raise ParameterError(f"ContentLength is {length}, but the file has {source.size} bytes")
    if digest:
        found, _ = source.sums(Part(1, 0, source.size))
        if b64encode(found).decode() != digest:
            raise ParameterError("ContentMD5 is not that of the file")
