"""One call as a flow: bind, encode, sign, send, retry, check, decode."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from cosbox.client.bodies import Body, BytesBody, content_md5
from cosbox.client.config import CosConfig
from cosbox.client.effects import Flow, Send, Sleep, Work
from cosbox.client.logs import debug_logger
from cosbox.client.retry import Backoff, Budget, cost_of, is_harmless, is_passing
from cosbox.client.runtime import Runtime
from cosbox.client.signer import Signer
from cosbox.client.sources import as_body
from cosbox.client.stream import StreamBody
from cosbox.client.transports.base import HttpRequest, HttpResponse
from cosbox.protocol.addressing import Endpoint
from cosbox.protocol.answers import decode, error_of, is_failure
from cosbox.protocol.errors import (
    CosException,
    CosServiceError,
    IntegrityError,
    ParameterError,
    TransportError,
)
from cosbox.protocol.messages import Request
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.requests import bind, encode
from cosbox.protocol.schema import Operation, Returns

if TYPE_CHECKING:
    from logging import Logger

_CRC: Final = "x-cos-hash-crc64ecma"
_NO_BODY: Final = object()
_QUICK: Final = 64 * 1024
"""Bytes that are hashed sooner than another thread is woken up."""
_LISTINGS: Final = frozenset(
    operation.name
    for operation in OPERATIONS.values()
    if any(param.name == "EncodingType" for param in operation.params)
)


def check_settings(conf: object, retry: object) -> None:
    """Refuse what no client can be made of.

    Raises:
        ParameterError: it is no configuration, or no number of retries.
    """
    if not isinstance(conf, CosConfig):
        raise ParameterError(f"conf must be a CosConfig, not {type(conf).__name__}")
    if not isinstance(retry, int) or retry < 0:
        raise ParameterError(f"retry must be 0 or more, not {retry!r}")


class Caller:
    """Makes flows of calls, by a configuration. It does no I/O and is shared by all threads."""

    def __init__(
        self,
        config: CosConfig,
        *,
        retries: int,
        signs: bool,
        runtime: Runtime,
        as_body: Callable[..., Body] = as_body,
        stream_body: Callable[..., Any] = StreamBody,
        live: bool = True,
    ) -> None:
        """Make one.

        Args:
            config: where to, and as whom.
            retries: how often a failed request is sent again.
            signs: whether requests are signed.
            runtime: the clock and the luck.
            as_body: makes bodies of what users pass.
            stream_body: makes what they get.
            live: whether bodies are read by the thread that drives the flow.
        """
        self.config = config
        self.runtime = runtime
        self.retries = retries
        self.as_body = as_body
        self.live = live
        self.signer = Signer(config, runtime, signs=signs)
        self.retried = 0
        self._defaults = config.defaults
        self.backoff = Backoff(runtime.random)
        self._budget = Budget()
        self._stream_body = stream_body

    def call(
        self,
        name: str,
        bucket: object = None,
        key: object = None,
        args: Mapping[str, object] | None = None,
        *,
        body: Any = _NO_BODY,
        enable_md5: bool = False,
        failed: Callable[[CosException], object] | None = None,
        endpoint: Endpoint | None = None,
    ) -> Flow[Any]:
        """Make one call.

        Args:
            name: of the operation.
            bucket: its Bucket.
            key: its Key.
            args: its other parameters, Body excepted.
            body: its Body.
            enable_md5: compute its ContentMD5.
            failed: is told of every attempt that fails.
            endpoint: where it goes, instead of the configuration's.

        Returns:
            The result as the seed shows it.

        Raises:
            ParameterError: nothing was sent.
            TransportError: no answer, after all attempts.
            CosServiceError: the store refuses.
            IntegrityError: the store received other bytes than were sent.
        """
        operation = OPERATIONS[name]
        args, keep_encoded = _ask_encoded(operation, args or {})
        call = bind(operation, bucket, key, args, self._defaults)
        request = encode(call)
        headers = dict(request.headers)
        declared = headers.pop("content-length", None)
        sent: Body | None = None
        if body is not _NO_BODY:
            sent = self.as_body(body, int(declared) if declared is not None else None)
            if enable_md5 and "content-md5" not in headers:
                headers["content-md5"] = yield from _content_md5(sent)
        elif request.body:
            sent = BytesBody(request.body)
        response = yield from self._attempts(operation, request, headers, sent, failed, endpoint)
        result = decode(operation, response.headers, response.body, keep_encoded=keep_encoded)
        if result and "Key" in result and not keep_encoded:
            result["Key"] = call.key  # XML may not have been able to carry it
        if operation.returns is Returns.STREAM and result is not None:
            result["Body"] = self._body_of(response, result)
        elif body is not _NO_BODY and result is not None and sent is not None:
            _compare(operation, sent, result)
        return result

    def _attempts(
        self,
        operation: Operation,
        request: Request,
        headers: dict[str, str],
        body: Body | None,
        failed: Callable[[CosException], object] | None,
        endpoint: Endpoint | None,
    ) -> Flow[HttpResponse]:
        stream = operation.returns is Returns.STREAM
        timeouts = self.config.timeouts(operation.name)
        endpoint = endpoint or self.config.endpoint
        # Sent twice, an upload that must not overwrite would be refused for its own success.
        repeatable = operation.retry and headers.get("x-cos-forbid-overwrite") != "true"
        attempt = 0
        while True:
            prepared = self.signer.prepare(
                request, headers, body, endpoint, stream=stream, once=not repeatable
            )
            failure: CosException
            begun = perf_counter()
            try:
                response: HttpResponse = yield Send(prepared, timeouts)
            except TransportError as error:
                _log_failure(prepared, begun, error)
                failure = error
            else:
                _log_answer(prepared, begun, response)
                if not is_failure(operation, response.status, response.body):
                    self._budget.refill(1)
                    return response
                failure = _refusal(operation, prepared, response)
            if failed is not None:
                failed(failure)
            if attempt >= self.retries or not self._may_retry(failure, body, repeatable):
                if attempt:
                    failure.add_note(f"cosbox: failed {attempt + 1} times")
                raise failure
            yield Sleep(self.backoff.delay(attempt))
            attempt += 1
            self.retried += 1
            if body is not None:
                body.rewind()
            headers = {**headers, "x-cos-sdk-retry": "true"}
            if attempt == self.retries and self.config.alternative and _is_foreign(failure):
                endpoint = self.config.alternative

    def _may_retry(self, error: CosException, body: Body | None, repeatable: bool) -> bool:
        if not is_passing(error) or not (repeatable or is_harmless(error)):
            return False
        if body is not None and not body.replayable:
            return False
        return self._budget.take(cost_of(error))

    def _body_of(self, response: HttpResponse, headers: Mapping[str, Any]) -> Any:
        source = response.stream
        assert source is not None  # noqa: S101 - what transports owe a streamed request
        return self._stream_body(
            source,
            length=_number(headers.get("Content-Length")),
            crc64=_number(headers.get(_CRC)) if response.status == 200 else None,
            encoding=str(headers.get("Content-Encoding", "")),
        )


def _refusal(operation: Operation, request: HttpRequest, response: HttpResponse) -> CosServiceError:
    """The error that an answer stands for."""
    if response.stream is not None:
        response.stream.close()
    return error_of(
        operation,
        response.status,
        response.headers,
        response.body,
        resource=f"{request.host}{request.target.partition('?')[0]}",
    )


def _content_md5(body: Body) -> Flow[str]:
    if isinstance(body, BytesBody) and body.length <= _QUICK:
        return content_md5(body)
    digest: str = yield Work(lambda: content_md5(body))
    return digest


def _ask_encoded(
    operation: Operation, args: Mapping[str, object]
) -> tuple[Mapping[str, object], bool]:
    """Ask for percent-encoded keys whether or not the caller did: XML cannot carry every key.

    Returns the arguments to send, and whether the caller wants to see the encoding.
    """
    if operation.name not in _LISTINGS:
        return args, False
    wanted = args.get("EncodingType")
    if wanted not in {None, "", "url"}:
        raise ParameterError(f"EncodingType must be 'url', not {wanted!r}")
    return {**args, "EncodingType": "url"}, wanted == "url"


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None


def _compare(operation: Operation, body: Body, result: Mapping[str, Any]) -> None:
    theirs = _number(result.get(_CRC))
    if theirs is None:
        return
    ours = body.crc64()
    if ours is not None and ours != theirs:
        raise IntegrityError(
            f"{operation.name}: the CRC64 of what was sent is {ours}, and the store has {theirs}"
        )


def _is_foreign(error: CosException) -> bool:
    """Whether it was not the store that failed, but something on the way to it."""
    return not (isinstance(error, CosServiceError) and error.get_request_id())


def _log_answer(request: HttpRequest, begun: float, response: HttpResponse) -> None:
    log = debug_logger()
    if log is not None:
        named = {name.lower(): text for name, text in response.headers}
        _log(log, request, begun, f"{response.status} {named.get('x-cos-request-id', '-')}")


def _log_failure(request: HttpRequest, begun: float, failure: TransportError) -> None:
    log = debug_logger()
    if log is not None:
        _log(log, request, begun, type(failure).__name__)


def _log(log: "Logger", request: HttpRequest, begun: float, outcome: str) -> None:
    # Without the query, which may hold a token.
    log.debug(
        "%s %s%s: %s in %.1f ms",
        request.method,
        request.host,
        request.target.partition("?")[0],
        outcome,
        (perf_counter() - begun) * 1000,
    )
