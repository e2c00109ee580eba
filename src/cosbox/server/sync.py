"""The driver that simply does what a flow asks for, in the calling thread."""

from collections.abc import Callable, Iterator
from typing import Any

from cosbox.protocol.errors import Refusal
from cosbox.server.effects import (
    BodyFailed,
    Effect,
    Flow,
    Read,
    ReceiveBody,
    ReceiveDocument,
    Work,
    Write,
)
from cosbox.server.messages import Outgoing
from cosbox.service.content import CHUNK
from cosbox.service.store import Store

Source = Callable[[int], bytes]
"""Up to so many bytes of a request's body; b"" at its end."""


def drive(flow: Flow, store: Store, source: Source) -> Outgoing:
    """Run a flow to its answer.

    Raises:
        BodyFailed: from what the source raised.
    """
    try:
        effect = next(flow)
        while True:
            try:
                outcome = _perform(effect, store, source)
            except BaseException as error:  # noqa: BLE001 - the flow judges it
                effect = flow.throw(error)
            else:
                effect = flow.send(outcome)
    except StopIteration as end:
        outgoing: Outgoing = end.value
        return outgoing


def _perform(effect: Effect, store: Store, source: Source) -> Any:
    match effect:
        case Read(query):
            with store.records.read() as snapshot:
                return query(snapshot)
        case Write(change, frees):
            return store.records.write(change, frees=frees).result()
        case ReceiveBody(begin):
            return _receive(begin, source)
        case ReceiveDocument(limit):
            return _receive_document(limit, source)
        case Work(function):
            return function()


def _chunks(source: Source) -> Iterator[bytes]:
    while True:
        try:
            chunk = source(CHUNK)
        except BaseException as error:
            raise BodyFailed from error
        if not chunk:
            return
        yield chunk


def _receive(begin: Callable[[], Any], source: Source) -> Any:
    intake = begin()
    try:
        for chunk in _chunks(source):
            intake.write(chunk)
        return intake.finish()
    except BaseException:
        intake.abandon()
        raise


def _receive_document(limit: int, source: Source) -> bytes:
    held, size = [], 0
    for chunk in _chunks(source):
        size += len(chunk)
        if size > limit:
            raise Refusal("XMLSizeLimit")
        held.append(chunk)
    return b"".join(held)
