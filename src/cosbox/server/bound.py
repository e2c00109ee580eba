"""What a signed URL is good for: what its signature covers, and nothing more.

COS checks no more than the names that a signature lists, unless a bucket asks for strictness. Here
a URL is always judged strictly: whoever was given one to upload ``a.txt`` could otherwise add
``?acl``, or an ``x-cos-copy-source`` that names another object of the signer's. A request that is
signed in its header comes from who holds the secret, and is left alone.
"""

from collections.abc import Mapping
from typing import Final

from cosbox.protocol.errors import Refusal
from cosbox.protocol.operations import OPERATIONS, SUBRESOURCES
from cosbox.protocol.schema import Place
from cosbox.protocol.signing import Signature, names_in

_PARAMS: Final = frozenset(
    name.lower()
    for name in SUBRESOURCES.union(
        param.wire
        for operation in OPERATIONS.values()
        for param in operation.params
        if param.place is Place.QUERY
    )
)
"""Parameters that mean something. Others are passed over, whoever added them."""

_HEADERS: Final = ("x-cos-acl", "x-cos-grant-", "x-cos-copy-source")
"""Headers that give rights away or name another object."""


def check_url(signature: Signature, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Let the request of a signed URL pass, if all that matters in it was signed.

    Raises:
        Refusal: AccessDenied.
    """
    signed = names_in(signature.param_list)
    for name in query:
        if name.lower() in _PARAMS and name.lower() not in signed:
            raise Refusal("AccessDenied", f"The URL's signature does not cover ?{name[:100]}.")
    signed = names_in(signature.header_list)
    for name in headers:
        if name.startswith(_HEADERS) and name not in signed:
            raise Refusal("AccessDenied", f"The URL's signature does not cover {name[:100]}.")
