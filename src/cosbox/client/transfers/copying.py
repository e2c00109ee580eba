"""``copy``: inside the store, in one request or in parts."""

from collections.abc import Mapping
from typing import Any, Final

from cosbox.client.effects import Flow
from cosbox.client.flow import Caller
from cosbox.client.transfers.control import TransferControl
from cosbox.client.transfers.crew import Crew, alone
from cosbox.client.transfers.download import size_of
from cosbox.client.transfers.multipart import CRC, Multipart
from cosbox.client.transfers.naming import OF_COMPLETE, OF_CREATE, check_names, only, params_of
from cosbox.protocol.addressing import Endpoint
from cosbox.protocol.errors import IntegrityError, PreconditionError, SourceChangedError
from cosbox.protocol.metadata import bind_copy_source
from cosbox.transfer.ledger import Done, Ledger
from cosbox.transfer.parts import Part, at_least_one, megabytes, plan_parts
from cosbox.transfer.tally import Progress, Tally

_OF_COPY: Final = params_of("copy_object", "CopySource", "CopyStatus")
_CONDITIONS: Final = frozenset(name for name in _OF_COPY if name.startswith("CopySource"))
_KEPT: Final = {
    "Cache-Control": "CacheControl",
    "Content-Disposition": "ContentDisposition",
    "Content-Encoding": "ContentEncoding",
    "Content-Language": "ContentLanguage",
    "Content-Type": "ContentType",
    "Expires": "Expires",
}
"""What a copy has of its source, by header."""


def copy(
    caller: Caller,
    bucket: str,
    key: str | bytes,
    source: Any,
    status: str,
    *,
    part_size: int,
    threads: int,
    progress: Progress | None,
    control: TransferControl | None,
    options: Mapping[str, object],
) -> Flow[dict[str, Any]]:
    """Copy an object of any size.

    Args:
        caller: makes the calls.
        bucket: of the copy.
        key: of the copy.
        source: what to copy, as copy_object takes it.
        status: ``Copy`` or ``Replaced``.
        part_size: in megabytes, where it is copied in parts.
        threads: how many parts are copied at once.
        progress: told how far it is.
        control: ends it.
        options: those of copy_object.
    """
    check_names("copy", options, _OF_COPY)
    size_of_part = megabytes("PartSize", part_size)
    width = at_least_one("MAXThread", threads)
    control = control or TransferControl()
    bound = bind_copy_source(source, caller.config.defaults.region)
    version = {"VersionId": bound["VersionId"]} if "VersionId" in bound else {}
    head = yield from alone(
        caller.call(
            "head_object",
            bound["Bucket"],
            bound["Key"],
            version,
            endpoint=_endpoint_of(caller, bound),
        ),
        control,
    )
    size = size_of(head)
    tally = Tally(progress, size)
    target = Multipart(caller, bucket, key)
    if size <= caller.config.copy_part_threshold:
        args = {**options, "CopySource": bound, "CopyStatus": status}
        result: dict[str, Any] = yield from alone(target.call("copy_object", args), control)
    else:
        if found := head.get("x-cos-version-id"):
            bound["VersionId"] = str(found)
        copying = _Copy(target, bound, head, tally, options)
        parts = plan_parts(size, size_of_part)
        crew = Crew(min(width, len(parts)), control)
        kept = _kept(head) if status == "Copy" else {}
        create = {**kept, **only(options, OF_CREATE - kept.keys())}
        result = yield from copying.run(parts, crew, create, control)
    tally.finish()
    return result


def _endpoint_of(caller: Caller, source: Mapping[str, str]) -> Endpoint | None:
    """Where the source is asked for, if that is not where the copy goes: in its region."""
    ours, theirs = caller.config.defaults.region, source.get("Region")
    endpoint = caller.config.endpoint
    if not ours or not theirs or theirs == ours or f".{ours}." not in endpoint.domain:
        return None
    return endpoint._replace(domain=endpoint.domain.replace(f".{ours}.", f".{theirs}.")).checked()


def _kept(head: Mapping[str, Any]) -> dict[str, object]:
    """The source's metadata, as create_multipart_upload takes them."""
    kept: dict[str, object] = {
        param: head[header] for header, param in _KEPT.items() if head.get(header)
    }
    own = {name: text for name, text in head.items() if name.startswith("x-cos-meta-")}
    return {**kept, "Metadata": own}


class _Copy:
    """One object that is copied in parts, all of the same version. A copy that fails is aborted:
    there is little to lose."""

    def __init__(
        self,
        target: Multipart,
        source: Mapping[str, str],
        head: Mapping[str, Any],
        tally: Tally,
        options: Mapping[str, object],
    ) -> None:
        self._target = target
        self._source = source
        self._head = head
        self._tally = tally
        self._options = options
        self._conditions = only(options, _CONDITIONS)

    def run(
        self,
        parts: list[Part],
        crew: Crew,
        create: Mapping[str, object],
        control: TransferControl,
    ) -> Flow[dict[str, Any]]:
        """Copy the parts."""
        upload_id = yield from alone(self._target.begin_anew(create), control)
        ledger = Ledger(parts)

        def move(part: Part) -> Flow[None]:
            ledger.settle(part.number, (yield from self._part(upload_id, part, crew)))
            self._tally.add(part.length)

        try:
            yield from crew.each(iter(parts), move)
            complete = self._target.complete(upload_id, ledger, only(self._options, OF_COMPLETE))
            result = yield from alone(complete, control)
        except GeneratorExit:
            raise  # nobody drives this any more
        except BaseException as error:
            yield from self._target.abort(upload_id, error)
            raise
        self._compare(result)
        return result

    def _part(self, upload_id: str, part: Part, crew: Crew) -> Flow[Done]:
        args = {
            "PartNumber": part.number,
            "UploadId": upload_id,
            "CopySource": self._source,
            "CopySourceRange": part.range,
            "CopySourceIfMatch": self._head.get("ETag"),
            **self._conditions,
        }
        try:
            copied = yield from self._target.call("upload_part_copy", args, failed=crew.failed)
        except PreconditionError as error:
            if self._conditions:
                raise
            raise SourceChangedError(
                f"{self._source['Key']!r} was overwritten while it was copied"
            ) from error
        return Done(str(copied["ETag"]), None)

    def _compare(self, result: Mapping[str, Any]) -> None:
        ours, theirs = self._head.get(CRC), result.get(CRC)
        if ours and theirs and ours != theirs:
            raise IntegrityError(f"the CRC64 of the source is {ours}, and of the copy {theirs}")
