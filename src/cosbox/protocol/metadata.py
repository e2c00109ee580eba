"""User metadata and copy sources: the two arguments that are dicts but travel in headers."""

import re
from collections.abc import Mapping
from typing import Final

from cosbox.protocol.errors import ParameterError, Refusal
from cosbox.protocol.names import check_key, is_bucket_name, normal_bucket, normal_key
from cosbox.protocol.percent import decode_bytes, encode, encode_path
from cosbox.protocol.schema import METADATA_PREFIX
from cosbox.protocol.suggest import unknown_name
from cosbox.protocol.values import as_text

MAX_METADATA_BYTES: Final = 2048
"""Names (without prefix) and values together, in UTF-8."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_REGION = re.compile(r"[a-z0-9-]+", re.ASCII)
_REGION_HOST = re.compile(
    r"cos(?:-internal)?\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)", re.ASCII
)
_HOST = re.compile(r"[A-Za-z0-9_.-]+(?::\d{1,5})?", re.ASCII)
_SOURCE_FIELDS: Final = ("Bucket", "Key", "Region", "VersionId", "Endpoint", "Appid")


def check_header_value(name: str, value: str) -> str:
    """``value``, if a header can carry it so that it arrives as it was given.

    Raises:
        ParameterError: control characters, or blanks at an end.
    """
    if _CONTROL.search(value):
        raise ParameterError(f"{name} has a control character: {value[:80]!r}")
    if value != value.strip(" \t"):
        raise ParameterError(f"{name} begins or ends with a blank, which HTTP drops: {value!r}")
    return value


def bind_metadata(value: object) -> dict[str, str]:
    """The entries that count as user metadata, names in lower case.

    >>> bind_metadata({"x-cos-meta-Colour": "red", "other": "ignored"})
    {'x-cos-meta-colour': 'red'}

    Raises:
        ParameterError: not a dict of text, or an entry that no header can carry.
    """
    if not isinstance(value, Mapping):
        raise ParameterError(f"Metadata must be a dict, not {type(value).__name__}")
    bound = {}
    for name, text in value.items():
        if not isinstance(name, str):
            raise ParameterError(f"a Metadata name must be str, not {type(name).__name__}")
        lower = name.lower()
        if not lower.startswith(METADATA_PREFIX):
            continue
        if not _TOKEN.fullmatch(name) or lower == METADATA_PREFIX:
            raise ParameterError(f"Metadata name {name!r} is not a header's name")
        label = f"Metadata {name}"
        if text is not None:
            bound[lower] = check_header_value(label, as_text(label, text))
    return bound


def metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The user metadata among received headers.

    Raises:
        Refusal: InvalidArgument when there is more than COS keeps.
    """
    found = {name: text for name, text in headers.items() if name.startswith(METADATA_PREFIX)}
    if found:
        size = sum(
            len(name) - len(METADATA_PREFIX) + len(text.encode()) for name, text in found.items()
        )
        if size > MAX_METADATA_BYTES:
            raise Refusal(
                "InvalidArgument",
                f"The user metadata has {size} bytes; {MAX_METADATA_BYTES} are allowed.",
            )
    return found


def bind_copy_source(value: object, region: str | None = None) -> dict[str, str]:
    """A copy source in canonical form: Bucket, Key, Region or Endpoint, VersionId.

    Args:
        value: the caller's dict; an Appid is joined to the Bucket.
        region: the region to take when the caller names none.

    Raises:
        ParameterError: something is missing, unknown or malformed.
    """
    if not isinstance(value, Mapping):
        raise ParameterError(f"CopySource must be a dict, not {type(value).__name__}")
    for name in value:
        if name not in _SOURCE_FIELDS:
            raise ParameterError(
                unknown_name(f"CopySource has no entry {name!r}", name, _SOURCE_FIELDS)
            )
    for name in ("Bucket", "Key"):
        if not value.get(name):
            raise ParameterError(f"CopySource needs {name}")
    given = {
        name: as_text(f"CopySource.{name}", text)
        for name, text in value.items()
        if name not in {"Bucket", "Key"} and text is not None
    }
    bound = {
        "Bucket": normal_bucket(value["Bucket"], given.get("Appid")),
        "Key": normal_key(value["Key"]),
        **_bind_place(given.get("Endpoint"), given.get("Region") or region),
    }
    if version := given.get("VersionId"):
        bound["VersionId"] = version
    return bound


def _bind_place(endpoint: str | None, region: str | None) -> dict[str, str]:
    """Where a copy source lies: its Region, or an Endpoint that has none."""
    if endpoint:
        if match := _REGION_HOST.fullmatch(endpoint):
            return {"Region": match[1]}
        if not _HOST.fullmatch(endpoint):
            raise ParameterError(f"CopySource.Endpoint {endpoint!r} is not host[:port]")
        return {"Endpoint": endpoint}
    if not region:
        raise ParameterError("CopySource needs Region or Endpoint")
    region = region.removeprefix("cos.")
    if not _REGION.fullmatch(region):
        raise ParameterError(f"CopySource.Region {region!r} is not a region")
    return {"Region": region}


def write_copy_source(source: Mapping[str, str]) -> str:
    """The ``x-cos-copy-source`` header.

    >>> write_copy_source({"Bucket": "b-125", "Key": "a b", "Region": "ap-x"})
    'b-125.cos.ap-x.myqcloud.com/a%20b'
    """
    host = source.get("Endpoint") or f"cos.{source['Region']}.myqcloud.com"
    text = f"{source['Bucket']}.{host}/{encode_path(source['Key'])}"
    if version := source.get("VersionId"):
        text += f"?versionId={encode(version)}"
    return text


def read_copy_source(text: str) -> dict[str, str]:
    """A copy source from its header; ``/bucket/key`` is understood as well.

    Raises:
        Refusal: InvalidCopySource.
    """
    location, _, query = text.partition("?")
    host, slash, raw_key = location.removeprefix("/").partition("/")
    try:
        key = decode_bytes(raw_key).decode()
        version = decode_bytes(query.removeprefix("versionId=")).decode()
    except UnicodeError as error:
        raise Refusal("InvalidCopySource", "x-cos-copy-source is not UTF-8.") from error
    bucket, _, domain = host.partition(".")
    if not slash or not key or not is_bucket_name(bucket):
        raise Refusal(
            "InvalidCopySource",
            "x-cos-copy-source must be <bucket>.cos.<Region>.myqcloud.com/<key>.",
        )
    check_key(key)
    source = {"Bucket": bucket, "Key": key}
    match = _REGION_HOST.fullmatch(domain)
    if match:
        source["Region"] = match[1]
    elif domain:
        source["Endpoint"] = domain
    if version:
        if not query.startswith("versionId="):
            raise Refusal("InvalidCopySource", "x-cos-copy-source takes versionId and no more.")
        source["VersionId"] = version
    return source
