"""What a handler knows of the request it serves, beside the call itself."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cosbox.protocol import answers
from cosbox.protocol.errors import Refusal
from cosbox.protocol.schema import Operation
from cosbox.server.effects import ReceiveBody, Step
from cosbox.server.messages import Outgoing
from cosbox.service.content import INLINE_LIMIT, Taken
from cosbox.service.identity import Caller
from cosbox.service.store import Store


class Context(NamedTuple):
    """The surroundings of one call.

    Attributes:
        store: that serves it.
        operation: that is asked for.
        caller: who asks.
        headers: of the request, names in lower case.
        request_id: by which its log lines are found.
    """

    store: Store
    operation: Operation
    caller: Caller
    headers: Mapping[str, str]
    request_id: str

    @property
    def now(self) -> int:
        """The store's time."""
        return self.store.clock.now()

    def answer(self, result: Mapping[str, Any] | None = None) -> Outgoing:
        """The answer that carries a result."""
        made = answers.encode(self.operation, result or {})
        headers = dict(made.headers)
        if made.status != 204:
            headers["Content-Length"] = str(len(made.body))
        return Outgoing(made.status, headers, made.body)

    def receive(self) -> Step[Taken]:
        """The body of an object or part, taken in whole and durable.

        Raises:
            Refusal: MissingContentLength, EntityTooLarge, InvalidDigest, IncompleteBody,
                EntitySizeNotMatch or BadDigest.
        """
        text = self.headers.get("content-length")
        if text is None and "transfer-encoding" not in self.headers:
            raise Refusal("MissingContentLength")
        length = int(text) if text else None
        digest = self.headers.get("content-md5")
        taken: Taken = yield ReceiveBody(
            lambda: self.store.intake(length=length, content_md5=digest),
            large=length is None or length > INLINE_LIMIT,
        )
        return taken
