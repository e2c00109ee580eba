"""The requests of a multipart upload, and what becomes of those whose answers are lost."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cosbox.client.bodies import FileBody
from cosbox.client.effects import Flow, Sleep, T
from cosbox.client.flow import Caller
from cosbox.client.logs import logger
from cosbox.client.paging import Pages, entries
from cosbox.protocol.errors import (
    AccessDeniedError,
    CosException,
    CosServiceError,
    IntegrityError,
    NotFoundError,
    ServerFaultError,
    TransportError,
)
from cosbox.protocol.names import normal_key
from cosbox.transfer.ledger import Done, Ledger

log: Final = logger()

CRC: Final = "x-cos-hash-crc64ecma"
_DAMAGED: Final = frozenset({"BadDigest", "InvalidDigest"})
"""What the store says when a part is not the one whose MD5 was sent with it."""

_LOST: Final = (TransportError, ServerFaultError)
"""After these, nobody knows whether the request was carried out."""


class Multipart:
    """The multipart uploads of one object."""

    def __init__(self, caller: Caller, bucket: str, key: str | bytes) -> None:
        """Make calls by ``caller`` about an object."""
        self.caller = caller
        self.bucket = bucket
        self.key = key

    def call(self, name: str, args: Mapping[str, object], **more: Any) -> Flow[Any]:
        """Make a call about the object."""
        return self.caller.call(name, self.bucket, self.key, args, **more)

    def unfinished(self) -> Flow[list[dict[str, Any]] | None]:
        """The object's uploads that are not finished; None where one may not see them."""
        key = normal_key(self.key)
        pages = Pages(self.caller, "list_multipart_uploads", {"Bucket": self.bucket, "Prefix": key})
        found = []
        try:
            while (page := (yield from pages.next())) is not None:
                found += [one for one in entries(page[0], "Upload") if one["Key"] == key]
        except AccessDeniedError:
            return None
        return found

    def known(self) -> Flow[list[str] | None]:
        """The ids of those, as `begin` takes them."""
        found = yield from self.unfinished()
        return None if found is None else [str(one["UploadId"]) for one in found]

    def parts(self, upload_id: str) -> Flow[list[dict[str, Any]]]:
        """The parts that an upload has.

        Raises:
            NotFoundError: there is no such upload.
        """
        args = {"Bucket": self.bucket, "Key": self.key, "UploadId": upload_id}
        pages = Pages(self.caller, "list_parts", args)
        found = []
        while (page := (yield from pages.next())) is not None:
            found += entries(page[0], "Part")
        return found

    def begin_anew(self, options: Mapping[str, object]) -> Flow[str]:
        """Begin an upload, whatever others there are; returns its id."""
        before = yield from self.known()
        return (yield from self.begin(options, before))

    def begin(self, options: Mapping[str, object], before: list[str] | None) -> Flow[str]:
        """Begin an upload; returns its id.

        An upload whose beginning was not answered is looked for, so that none is left behind.

        Args:
            options: of create_multipart_upload.
            before: ids of the uploads before this one; None where one may not see them.
        """
        attempt = 0
        while True:
            try:
                created = yield from self.call("create_multipart_upload", options)
                return str(created["UploadId"])
            except _LOST as error:
                if before is not None and (found := (yield from self._new_since(before, error))):
                    return found
                if attempt >= self.caller.retries:
                    raise
            yield Sleep(self.caller.backoff.delay(attempt))
            attempt += 1

    def only_new(self, before: list[str]) -> Flow[str | None]:
        """The one upload of the object that was not there before; None if there are others, or
        none."""
        now = yield from self.unfinished()
        new = [one["UploadId"] for one in now or () if one["UploadId"] not in before]
        return str(new[0]) if len(new) == 1 else None

    def _new_since(self, before: list[str], error: CosException) -> Flow[str | None]:
        try:
            return (yield from self.only_new(before))
        except CosException as failure:
            error.add_note(f"cosbox: nor could the uploads be listed: {failure}")
            raise error from failure

    def complete(
        self, upload_id: str, ledger: Ledger, options: Mapping[str, object]
    ) -> Flow[dict[str, Any]]:
        """Make an object of the parts, and compare its CRC64 with theirs.

        Raises:
            NotFoundError: there is no such upload, nor the object that it would have become.
            IntegrityError: the object has other bytes than the parts.
        """
        crc = ledger.crc64()
        args = {"UploadId": upload_id, "MultipartUpload": {"Part": ledger.listed()}, **options}
        try:
            result: dict[str, Any] = yield from self.call("complete_multipart_upload", args)
        except NotFoundError as error:
            if not is_gone(error):
                raise
            # An answer may have been lost that said it was done.
            found = yield from self.completed(ledger)
            if found is None:
                raise
            return found
        stored = result.get(CRC)
        if crc is not None and stored is not None and stored != str(crc):
            raise IntegrityError(f"the CRC64 of what was sent is {crc}, and the store has {stored}")
        return result

    def completed(self, ledger: Ledger) -> Flow[dict[str, Any] | None]:
        """What is known of the object if it is made of these parts, all of them; or else None."""
        size, crc = ledger.size, ledger.crc64()
        try:
            head: dict[str, Any] = yield from self.call("head_object", {})
        except NotFoundError:
            return None
        same = crc is not None and head.get(CRC) == str(crc)
        return head if same and head.get("Content-Length") == str(size) else None

    def abort(self, upload_id: str, error: BaseException | None = None) -> Flow[bool]:
        """Give an upload up; whether it is gone.

        Args:
            upload_id: which.
            error: why; it is told if that fails. Without one, that is logged.
        """
        try:
            yield from self.call("abort_multipart_upload", {"UploadId": upload_id})
        except NotFoundError:
            return True
        except CosException as failure:
            text = f"the upload {upload_id} could not be aborted: {failure}"
            if error is None:
                log.warning("%s", text)
            else:
                error.add_note(f"cosbox: {text}")
            return False
        return True


def put_whole(
    target: Multipart, args: Mapping[str, object], body: Callable[[], FileBody]
) -> Flow[dict[str, Any]]:
    """Send an object in one request; once more if it arrives damaged.

    Args:
        target: makes the calls.
        args: of put_object.
        body: makes the object's body.
    """
    stored, _ = yield from _undamaged(lambda: _attempt(target, "put_object", args, body(), None))
    return stored


def store_part(
    target: Multipart,
    args: Mapping[str, object],
    body: Callable[[], FileBody],
    *,
    failed: Callable[[CosException], object],
    about: str = "",
) -> Flow[Done]:
    """Send a part; once more if it arrives damaged.

    Args:
        target: makes the calls.
        args: of upload_part.
        body: makes the part's body.
        failed: is told of every attempt that fails.
        about: where the part comes from, for the error.
    """
    try:
        stored, sent = yield from _undamaged(
            lambda: _attempt(target, "upload_part", args, body(), failed)
        )
    except CosException as error:
        error.add_note(f"cosbox: this was part {args['PartNumber']}{about}")
        raise
    return Done(str(stored["ETag"]), sent.crc64())


def _undamaged(send: Callable[[], Flow[T]]) -> Flow[T]:
    try:
        return (yield from send())
    except (IntegrityError, CosServiceError) as error:
        if not _was_damaged(error):
            raise
        return (yield from send())


def _attempt(
    target: Multipart,
    name: str,
    args: Mapping[str, object],
    body: FileBody,
    failed: Callable[[CosException], object] | None,
) -> Flow[tuple[dict[str, Any], FileBody]]:
    try:
        stored: dict[str, Any] = yield from target.call(name, args, body=body, failed=failed)
    except BaseException:
        body.rewind()  # what was counted of it does not count
        raise
    return stored, body


def _was_damaged(error: CosException) -> bool:
    if isinstance(error, CosServiceError):
        return error.get_error_code() in _DAMAGED
    return isinstance(error, IntegrityError)


def is_gone(error: CosServiceError) -> bool:
    """Whether an error says that the upload does not exist any more."""
    return error.get_error_code() == "NoSuchUpload"
