"""The q-sign signature: made by clients, verified by stores (COS product 436, page 7778).

The grammar, with ``enc`` = percent-encoding that leaves only ``A-Z a-z 0-9 - _ . ~``::

    KeyTime      = start ";" end                                   ; unix seconds
    SignKey      = hex(HMAC-SHA1(SecretKey, KeyTime))              ; its hex text is the next key
    pairs(x)     = lower(enc(name)) "=" enc(value), sorted by name, joined by "&"
    HttpString   = lower(method) LF decoded-path LF pairs(parameters) LF pairs(headers) LF
    StringToSign = "sha1" LF KeyTime LF hex(SHA1(HttpString)) LF
    Signature    = hex(HMAC-SHA1(SignKey, StringToSign))

Only the headers and parameters that the two lists name are signed. The fields travel in the
``Authorization`` header, or in the URL as query parameters of the same names.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from hashlib import sha1
from operator import itemgetter
from typing import Final, NamedTuple

from cosbox.protocol.dates import iso_seconds
from cosbox.protocol.errors import Refusal
from cosbox.protocol.percent import decode, encode

MAX_SKEW: Final = 15 * 60
"""How many seconds a signature may begin in the future before the clocks are blamed."""

SIGNED_HEADERS: Final = frozenset(
    {
        "cache-control", "content-disposition", "content-encoding", "content-length",
        "content-md5", "content-type", "expect", "expires", "host", "if-match",
        "if-modified-since", "if-none-match", "if-unmodified-since", "origin", "range",
        "transfer-encoding", "pic-operations",
    }
)  # fmt: skip
"""What a client signs beside every ``x-cos-*`` header; the list that all Tencent SDKs share."""

FIELDS: Final = (
    "q-sign-algorithm", "q-ak", "q-sign-time", "q-key-time", "q-header-list",
    "q-url-param-list", "q-signature",
)  # fmt: skip

_BLOCK: Final = 64
"""Bytes that SHA-1 takes at a time; a SignKey has 40."""

CARRIES_TOKEN: Final = "x-cos-security-token"  # noqa: S105 - a name
"""The header, or the parameter of a URL, in which the token of a temporary key travels."""

_NAMES = re.compile(r"[A-Za-z0-9._~%;-]*", re.ASCII)
_FIELD = re.compile(r"([^=&]+)=([^&]*)")
_fields_in_order = itemgetter(*FIELDS)
_KEY_TIME = re.compile(r"(\d{1,12});(\d{1,12})", re.ASCII)


class Credential(NamedTuple):
    """A key pair and, for temporary ones, the token that goes with it."""

    secret_id: str
    secret_key: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"Credential(secret_id={self.secret_id!r})"


class Signature(NamedTuple):
    """The seven fields of a signature as they travel."""

    secret_id: str
    sign_time: str
    key_time: str
    header_list: str
    param_list: str
    signature: str
    algorithm: str = "sha1"

    def fields(self) -> dict[str, str]:
        """The fields by their names on the wire, in the order of the documentation."""
        return dict(
            zip(
                FIELDS,
                (
                    self.algorithm,
                    self.secret_id,
                    self.sign_time,
                    self.key_time,
                    self.header_list,
                    self.param_list,
                    self.signature,
                ),
                strict=True,
            )
        )

    def header(self) -> str:
        """The ``Authorization`` header."""
        return (
            f"q-sign-algorithm={self.algorithm}&q-ak={self.secret_id}&q-sign-time={self.sign_time}"
            f"&q-key-time={self.key_time}&q-header-list={self.header_list}"
            f"&q-url-param-list={self.param_list}&q-signature={self.signature}"
        )

    def query(self) -> str:
        """The fields as query parameters of a presigned URL."""
        return "&".join([f"{name}={encode(value)}" for name, value in self.fields().items()])


@lru_cache(maxsize=1024)
def _signing(secret_key: str, key_time: str) -> Callable[[str], str]:
    """The HMAC by the SignKey of a time. What depends on the key alone is done once (RFC 2104,
    section 4), and the rest takes a quarter of what `hmac.digest` takes."""
    key = hmac.digest(secret_key.encode(), key_time.encode(), "sha1").hex().encode()
    block = key.ljust(_BLOCK, b"\0")
    inner = sha1(bytes([byte ^ 0x36 for byte in block]))
    outer = sha1(bytes([byte ^ 0x5C for byte in block]))

    def sign_text(text: str) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(text.encode())
        second.update(first.digest())
        return second.hexdigest()

    return sign_text


@lru_cache(maxsize=256)
def _pairs(values: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """The list of names and the joined pairs of what is signed; most calls repeat them."""
    encoded = sorted([(encode(name).lower(), encode(value)) for name, value in values])
    return (
        ";".join([name for name, _ in encoded]),
        "&".join([f"{name}={value}" for name, value in encoded]),
    )


def _http_string(method: str, path: str, params: str, headers: str) -> str:
    return f"{method.lower()}\n{path}\n{params}\n{headers}\n"


def _string_to_sign(sign_time: str, http_string: str) -> str:
    return f"sha1\n{sign_time}\n{sha1(http_string.encode()).hexdigest()}\n"


@lru_cache(maxsize=1024)
def is_signed_header(name: str) -> bool:
    """Whether a client signs the header ``name`` (lower case)."""
    return name in SIGNED_HEADERS or name.startswith(("x-cos-", "x-ci-"))


def sign(
    credential: Credential,
    method: str,
    path: str,
    *,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    start: int,
    end: int,
) -> Signature:
    """Sign a request.

    Args:
        credential: the key pair; its token is not part of the signature unless it stands among
            the headers or parameters.
        method: the HTTP method.
        path: the path of the URL, decoded, with its leading slash.
        query: every query parameter to sign, decoded.
        headers: the headers to sign, names in lower case, ``host`` among them.
        start: from when the signature is valid, unix seconds.
        end: until when.
    """
    key_time = f"{start};{end}"
    header_list, header_pairs = _pairs(tuple(headers.items()))
    param_list, param_pairs = _pairs(tuple(query.items()))
    to_sign = _string_to_sign(key_time, _http_string(method, path, param_pairs, header_pairs))
    return Signature(
        secret_id=credential.secret_id,
        sign_time=key_time,
        key_time=key_time,
        header_list=header_list,
        param_list=param_list,
        signature=_signing(credential.secret_key, key_time)(to_sign),
    )


def extract(headers: Mapping[str, str], query: Mapping[str, str]) -> Signature | None:
    """The signature of a received request, from its header or its URL; None if it is anonymous.

    Raises:
        Refusal: InvalidArgument or InvalidRequest, when there is one that cannot be read.
    """
    text = headers.get("authorization", "").strip()
    if text:
        return _parse(_fields_of(text))
    if "q-signature" in query or "q-ak" in query:
        return _parse(query)
    if "sign" in query:
        return _parse(_fields_of(query["sign"]))
    return None


def _fields_of(text: str) -> dict[str, str]:
    # Values are not percent-encoded here, and names never hold "=".
    return dict(_FIELD.findall(text))


def _parse(fields: Mapping[str, str]) -> Signature:
    try:
        (
            algorithm, secret_id, sign_time, key_time, header_list, param_list, signature,
        ) = _fields_in_order(fields)  # fmt: skip
    except KeyError as error:
        missing = ", ".join([name for name in FIELDS if name not in fields])
        raise Refusal(
            "InvalidRequest", f"The authorization lacks {missing}; see the q-sign form."
        ) from error
    if algorithm != "sha1":
        raise Refusal("InvalidArgument", f"q-sign-algorithm must be sha1, not {algorithm[:40]!r}.")
    return Signature(secret_id, sign_time, key_time, header_list, param_list, signature)


def verify(
    signature: Signature,
    secret_key: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    now: int,
) -> None:
    """Check a received signature against the request as it arrived.

    Args:
        signature: from `extract`.
        secret_key: the secret that belongs to ``signature.secret_id``.
        method: the HTTP method.
        path: the path as received, percent-decoded.
        query: the parameters as received, decoded; names in any case.
        headers: the headers as received, names in lower case.
        now: the store's clock, unix seconds.

    Raises:
        Refusal: AccessDenied when expired, RequestTimeTooSkewed when it begins too far in the
            future, SignatureDoesNotMatch when the recomputation differs, InvalidArgument when a
            field cannot be read or parameters differ in nothing but case.
    """
    _check_time(signature.sign_time, now)
    if signature.key_time != signature.sign_time:
        _check_time(signature.key_time, now)
    params = {name.lower(): value for name, value in query.items()}
    if len(params) != len(query):
        # Otherwise one of two spellings could be checked and the other one obeyed.
        raise Refusal("InvalidArgument", "Two parameters differ in nothing but case.")
    signed_params = _signed_names(signature.param_list)
    signed_headers = _signed_names(signature.header_list)
    param_pairs = _received_pairs(signed_params, params)
    header_pairs = _received_pairs(signed_headers, headers)
    http_string = _http_string(method, path, param_pairs, header_pairs)
    # A signature for ``?acl`` must not serve for the object itself, so what is signed is there.
    whole = all(name in params for _, name in signed_params if name)
    if whole and _matches(signature, secret_key, http_string):
        return
    # The official SDK signs a custom domain's host without its port, and sends it with the port.
    bare = headers.get("host", "").rpartition(":")[0]
    if whole and bare and "host" in signature.header_list:
        pairs = _received_pairs(signed_headers, {**headers, "host": bare})
        if _matches(signature, secret_key, _http_string(method, path, param_pairs, pairs)):
            return
    raise Refusal(
        "SignatureDoesNotMatch",
        details={
            "StringToSign": _string_to_sign(signature.sign_time, http_string),
            "FormatString": _without_token(http_string, params, headers),
        },
    )


def _without_token(http_string: str, *places: Mapping[str, str]) -> str:
    """The text without a temporary key's token, since error documents end up in logs."""
    for values in places:
        if token := values.get(CARRIES_TOKEN):
            http_string = http_string.replace(encode(token), "***")
    return http_string


def _matches(signature: Signature, secret_key: str, http_string: str) -> bool:
    sign_text = _signing(secret_key, signature.key_time)
    expected = sign_text(_string_to_sign(signature.sign_time, http_string))
    return hmac.compare_digest(expected.encode(), signature.signature.encode())


def names_in(names: str) -> frozenset[str]:
    """The names that a list of a signature names, decoded and in lower case."""
    return frozenset([name for _, name in _signed_names(names)])


def _signed_names(names: str) -> tuple[tuple[str, str], ...]:
    """The names of a list, each as the signature has it and decoded, in the signature's order."""
    # All requests of a client have one of a few lists. Nobody may fill the memory with others.
    return _split_names(names) if len(names) <= 512 else _split_names.__wrapped__(names)


@lru_cache(maxsize=256)
def _split_names(names: str) -> tuple[tuple[str, str], ...]:
    if not names:
        return ()
    if not _NAMES.fullmatch(names):
        # A name with "=" and "&" in it could stand for several pairs that were signed.
        raise Refusal("InvalidArgument", "A list of signed names is not percent-encoded.")
    return tuple([(name, decode(name).lower()) for name in sorted(names.lower().split(";"))])


def _received_pairs(names: Iterable[tuple[str, str]], values: Mapping[str, str]) -> str:
    """The pairs that the signer says it signed, rebuilt from what arrived."""
    return "&".join([f"{encoded}={encode(values.get(name, ''))}" for encoded, name in names])


@lru_cache(maxsize=256)
def _period(text: str) -> tuple[int, int]:
    """From when to when; all requests that a client signs within a second share it."""
    match = _KEY_TIME.fullmatch(text)
    if match is None:
        raise Refusal("InvalidArgument", "q-sign-time and q-key-time must be <start>;<end>.")
    return int(match[1]), int(match[2])


def _check_time(period: str, now: int) -> None:
    start, end = _period(period)
    if now > end:
        raise Refusal("AccessDenied", "Request has expired", details={"ServerTime": _iso(now)})
    if start > now + MAX_SKEW:
        raise Refusal("RequestTimeTooSkewed", details={"ServerTime": _iso(now)})


def _iso(seconds: int) -> str:
    return iso_seconds(seconds * 1_000_000)
