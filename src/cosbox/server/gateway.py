"""From a received request to its answer: what is asked, who asks, and who serves it.

`handle` never raises but for `BodyFailed`: every refusal is an answer, and so is every fault.
"""

import logging
import re
import time
from collections.abc import Mapping
from hashlib import md5
from typing import Final
from urllib.parse import unquote_to_bytes

from cosbox.protocol import answers, requests, signing, xmlio
from cosbox.protocol.addressing import Place, locate
from cosbox.protocol.errors import Refusal
from cosbox.protocol.messages import Request
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.schema import Place as Carried
from cosbox.server.bound import check_url
from cosbox.server.context import Context
from cosbox.server.effects import BodyFailed, Flow, Read, ReceiveDocument, Step
from cosbox.server.handlers import HANDLERS
from cosbox.server.handlers.objects import not_modified
from cosbox.server.messages import Incoming, Outgoing
from cosbox.server.request_ids import new_request_id, new_trace_id
from cosbox.server.unoffered import check_offered
from cosbox.service.content import decode_md5
from cosbox.service.identity import ANONYMOUS, Caller
from cosbox.service.objects import NotModified
from cosbox.service.store import Store
from cosbox.storage.errors import StorageBusy, StorageFull, SyncFailed
from cosbox.storage.records import Snapshot
from cosbox.storage.rows import Account, KeyPair

log = logging.getLogger("cosbox.server")

_FAILED_DISK: Final = (
    "The disk of the store failed; nothing is written until the store is opened anew."
)
_MAX_QUERY_FIELDS: Final = 100
_WITH_DOCUMENT: Final = frozenset(
    operation.name
    for operation in OPERATIONS.values()
    if any(param.place is Carried.DOCUMENT for param in operation.params)
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Gateway:
    """Serves requests from a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def handle(self, incoming: Incoming) -> Flow:
        """Serve one request. Drive the generator; its value is the answer.

        Raises:
            BodyFailed: the body broke off, and nothing was changed.
        """
        request_id = new_request_id()
        try:
            outgoing = yield from self._serve(incoming, request_id)
        except BodyFailed:
            raise
        except NotModified as unchanged:
            outgoing = not_modified(unchanged, self.store.clock.now())
        except Refusal as refusal:
            outgoing = _refused(refusal, incoming, request_id)
        except StorageFull:
            full = Refusal("ServiceUnavailable", "The store has no room left; free some space.")
            outgoing = _refused(full, incoming, request_id)
        except SyncFailed:
            outgoing = _refused(Refusal("ServiceUnavailable", _FAILED_DISK), incoming, request_id)
        except StorageBusy:
            outgoing = _refused(Refusal("SlowDown"), incoming, request_id)
        except Exception:  # a fault of ours is an answer too, and its story belongs in the log
            log.exception("%s %s failed [%s]", incoming.method, incoming.raw_path, request_id)
            outgoing = _refused(Refusal("InternalError"), incoming, request_id)
        outgoing.headers["x-cos-request-id"] = request_id
        return outgoing

    def _serve(self, incoming: Incoming, request_id: str) -> Flow:
        headers = incoming.headers
        _check_text(headers)
        check_offered(incoming.method, headers)
        place = locate(headers.get("host", ""), incoming.raw_path)
        query = parse_query(incoming.raw_query)
        caller = incoming.caller
        if caller is None:
            signature = signing.extract(headers, query)
            caller = ANONYMOUS
            if signature is not None:
                signer = yield Read(lambda snapshot: _signer(snapshot, signature.secret_id))
                caller = _verified(signature, signer, incoming.method, place, query, headers)
        operation = requests.match(incoming.method, place.bucket, place.key, query, headers)
        body = b""
        if operation.name in _WITH_DOCUMENT:
            body = yield from _receive_document(headers)
        request = Request(incoming.method, place.bucket, place.key, query, headers, body)
        call = requests.decode(operation, request)
        context = Context(self.store, operation, caller, headers, request_id)
        return (yield from HANDLERS[operation.name](context, call))


def _signer(snapshot: Snapshot, secret_id: str) -> tuple[KeyPair, Account] | None:
    pair = snapshot.key_pair(secret_id)
    account = snapshot.account(pair.appid) if pair else None
    return (pair, account) if pair and account else None


def _verified(
    signature: signing.Signature,
    signer: tuple[KeyPair, Account] | None,
    method: str,
    place: Place,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> Caller:
    """Who asks, if it is who signed."""
    if signer is None:
        raise Refusal("InvalidAccessKeyId")
    pair, account = signer
    signing.verify(
        signature,
        pair.secret_key,
        method,
        place.path,
        query=query,
        headers=headers,
        now=int(time.time()),  # the signer's clock goes on while the store's may be moved
    )
    if not headers.get("authorization", "").strip():
        check_url(signature, query, headers)
    return Caller(account.appid, account.uin)


def parse_query(raw: str) -> dict[str, str]:
    """The parameters of a URL, decoded; of a repeated one the first counts.

    >>> parse_query("acl&prefix=a%2Fb+c")
    {'acl': '', 'prefix': 'a/b c'}

    Raises:
        Refusal: InvalidURI.
    """
    if not raw:
        return {}
    items = raw.split("&")
    if len(items) > _MAX_QUERY_FIELDS:
        raise Refusal("InvalidURI", f"The query has over {_MAX_QUERY_FIELDS} parameters.")
    query: dict[str, str] = {}
    try:
        for item in items:
            name, _, value = item.partition("=")
            if item:
                query.setdefault(_unquoted(name), _unquoted(value))
    except UnicodeError as error:
        raise Refusal("InvalidURI", "The query cannot be read as percent-encoded UTF-8.") from error
    return query


def _unquoted(text: str) -> str:
    # Takes less than half as long as parse_qsl, which a signature in the URL would feel.
    if "+" in text:
        text = text.replace("+", " ")
    return unquote_to_bytes(text).decode() if "%" in text else text


def _check_text(headers: Mapping[str, str]) -> None:
    """Refuse headers that are not UTF-8: they could be neither kept nor returned as they came.

    Raises:
        Refusal: InvalidArgument.
    """
    if all(map(str.isascii, headers.values())):
        return
    for name, text in headers.items():
        if not text.isascii() and _LONE_SURROGATE.search(text):
            raise Refusal("InvalidArgument", f"The header {name[:100]} is not UTF-8.")


def _receive_document(headers: Mapping[str, str]) -> Step[bytes]:
    """The whole body, checked against its Content-MD5."""
    expected = decode_md5(headers["content-md5"]) if "content-md5" in headers else None
    body: bytes = yield ReceiveDocument(xmlio.MAX_REQUEST_BYTES)
    if expected is not None and md5(body, usedforsecurity=False).digest() != expected:
        raise Refusal("BadDigest")
    return body


def busy(error: Refusal | StorageBusy, incoming: Incoming) -> Outgoing:
    """The answer where a body that was found cannot be sent for now."""
    request_id = new_request_id()
    refusal = error if isinstance(error, Refusal) else Refusal("SlowDown")
    outgoing = _refused(refusal, incoming, request_id)
    headers = {"x-cos-request-id": request_id, **outgoing.headers}
    return Outgoing(outgoing.status, headers, outgoing.body)


def _refused(refusal: Refusal, incoming: Incoming, request_id: str) -> Outgoing:
    answer = answers.refuse(
        refusal,
        resource=incoming.raw_path,
        request_id=request_id,
        trace_id=new_trace_id(),
        head=incoming.method == "HEAD",
    )
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    return Outgoing(answer.status, headers, answer.body)
