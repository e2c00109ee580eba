"""Who may do what: access lists of buckets and objects (COS developer guide, ACL).

The order of judgement: the owner of the bucket may do everything. An object with a list of its own
is judged by that list alone; an object without one (``default``) is judged by its bucket's.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cosbox.protocol.errors import Refusal
from cosbox.service.identity import Caller, cam_id
from cosbox.storage.rows import Bucket

ALL_USERS: Final = "http://cam.qcloud.com/groups/global/AllUsers"
AUTHENTICATED_USERS: Final = "http://cam.qcloud.com/groups/global/AuthenticatedUsers"
MAX_GRANTS: Final = 100

READ: Final = "READ"
WRITE: Final = "WRITE"
READ_ACP: Final = "READ_ACP"
WRITE_ACP: Final = "WRITE_ACP"
FULL_CONTROL: Final = "FULL_CONTROL"

PERMISSIONS: Final = (READ, WRITE, READ_ACP, WRITE_ACP, FULL_CONTROL)

_GRANT_PARAMS: Final[Mapping[str, str]] = {
    "GrantRead": READ,
    "GrantWrite": WRITE,
    "GrantReadAcp": READ_ACP,
    "GrantWriteAcp": WRITE_ACP,
    "GrantFullControl": FULL_CONTROL,
}
_LIST_PARAMS: Final = frozenset({"ACL", *_GRANT_PARAMS})
_ANY_UIN = re.compile(r"(?:qcs::cam::uin/)?(\d{1,20})(?:(?::uin)?/(\d{1,20}))?", re.ASCII)


class Grant(NamedTuple):
    """One entry of a list: a UIN or the URI of a group, and what it may do."""

    grantee: str
    permission: str


_BUCKET_CANNED: Final[Mapping[str, tuple[Grant, ...]]] = {
    "private": (),
    "public-read": (Grant(ALL_USERS, READ),),
    "public-read-write": (Grant(ALL_USERS, FULL_CONTROL),),
    "authenticated-read": (Grant(AUTHENTICATED_USERS, READ),),
}
_OBJECT_CANNED: Final[Mapping[str, tuple[Grant, ...] | None]] = {
    "default": None,
    "private": (),
    "public-read": (Grant(ALL_USERS, READ),),
    "authenticated-read": (Grant(AUTHENTICATED_USERS, READ),),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
}


def bucket_acl(args: Mapping[str, object]) -> str:
    """The list that a request's ``ACL`` and ``Grant…`` arguments ask for, as a bucket keeps it.

    Raises:
        Refusal: InvalidArgument or PolicyFull.
    """
    grants = _asked(args, _BUCKET_CANNED)
    return pack(grants) if grants else ""


def object_acl(args: Mapping[str, object]) -> str:
    """The same for an object; ``""`` inherits from the bucket.

    Raises:
        Refusal: InvalidArgument or PolicyFull.
    """
    grants = _asked(args, _OBJECT_CANNED)
    return "" if grants is None else pack(grants)


def _asked(
    args: Mapping[str, object], canned: Mapping[str, tuple[Grant, ...] | None]
) -> list[Grant] | None:
    if _LIST_PARAMS.isdisjoint(args):
        return None
    name = args.get("ACL")
    if name is not None and name not in canned:
        raise Refusal("InvalidArgument", f"x-cos-acl value invalid:{str(name)[:100]}")
    grants = list(canned[str(name)] or ()) if name else []
    for param, permission in _GRANT_PARAMS.items():
        if text := args.get(param):
            grants += [Grant(grantee, permission) for grantee in _grantees(str(text))]
    if not grants and name in {None, "default"}:
        return None
    return check_grants(grants)


def check_grants(grants: Iterable[Grant]) -> list[Grant]:
    """The grants without repetition, if there are not too many.

    Raises:
        Refusal: PolicyFull.
    """
    unique = list(dict.fromkeys(grants))
    if len(unique) > MAX_GRANTS:
        raise Refusal("PolicyFull", f"An access list holds {MAX_GRANTS} grants at the most.")
    return unique


def _grantees(text: str) -> list[str]:
    """The UINs of a grant header: ``id="100000000001",id="100000000002"``."""
    found = []
    for item in text.split(","):
        name, equals, value = item.strip().partition("=")
        uin = parse_uin(value.strip().strip('"')) if equals and name.strip() == "id" else None
        if uin is None:
            raise Refusal(
                "InvalidArgument", f'A grant must be id="<OwnerUin>", not {text[:100]!r}.'
            )
        found.append(uin)
    return found


def parse_uin(text: str) -> str | None:
    """The UIN of the root account that an id names, in any of the forms COS takes.

    >>> parse_uin("qcs::cam::uin/100000000001:uin/100000000001")
    '100000000001'
    """
    match = _ANY_UIN.fullmatch(text)
    return match[1] if match else None


def pack(grants: Sequence[Grant]) -> str:
    """A list as it is kept."""
    return json.dumps(grants, separators=(",", ":"))


@lru_cache(maxsize=1024)
def unpack(acl: str) -> tuple[Grant, ...]:
    """The grants of a list as it is kept."""
    return tuple(Grant._make(item) for item in json.loads(acl)) if acl else ()


def permits(acl: str, caller: Caller, permission: str) -> bool:
    """Whether a list lets the caller do it."""
    return any(
        granted in {permission, FULL_CONTROL}
        and (
            grantee == ALL_USERS
            or (not caller.anonymous and grantee in {AUTHENTICATED_USERS, caller.uin})
        )
        for grantee, granted in unpack(acl)
    )


def check_bucket(bucket: Bucket, caller: Caller, permission: str) -> None:
    """Let the caller act on a bucket, or refuse.

    Raises:
        Refusal: AccessDenied.
    """
    if caller.appid != bucket.appid and not permits(bucket.acl, caller, permission):
        raise Refusal("AccessDenied")


def check_object(bucket: Bucket, owner: str, acl: str, caller: Caller, permission: str) -> None:
    """Let the caller act on an object, or refuse.

    Args:
        bucket: that holds it.
        owner: the object's, an APPID.
        acl: the object's own list; ``""`` inherits.
        caller: who asks.
        permission: READ, READ_ACP or WRITE_ACP.

    Raises:
        Refusal: AccessDenied.
    """
    if caller.appid in {bucket.appid, owner} and not caller.anonymous:
        return
    inherited = bucket.acl if permission == READ else ""
    if not permits(acl or inherited, caller, permission):
        raise Refusal("AccessDenied")


def describe(acl: str, owner_uin: str) -> dict[str, Any]:
    """An access list as the calls return it; the owner's own right stands first."""
    owner = {"ID": cam_id(owner_uin), "DisplayName": cam_id(owner_uin)}
    grants = [{"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": FULL_CONTROL}]
    for grantee, permission in unpack(acl):
        if "/" in grantee:
            who = {"Type": "Group", "URI": grantee}
        else:
            who = {"Type": "CanonicalUser", "ID": cam_id(grantee), "DisplayName": cam_id(grantee)}
        grants.append({"Grantee": who, "Permission": permission})
    return {"Owner": owner, "AccessControlList": {"Grant": grants}}
