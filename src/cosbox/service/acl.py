"""Reading and replacing the access lists of buckets and objects."""

from collections.abc import Mapping
from typing import Any

from cosbox.protocol.errors import Refusal
from cosbox.service import access, buckets, versions
from cosbox.service.access import Grant
from cosbox.service.identity import Caller
from cosbox.storage.records import Snapshot, Transaction
from cosbox.storage.rows import Bucket, Version

_HEADERS = ("ACL", "GrantRead", "GrantWrite", "GrantReadAcp", "GrantWriteAcp", "GrantFullControl")


def get_bucket_acl(snapshot: Snapshot, caller: Caller, bucket_name: str) -> dict[str, Any]:
    """A bucket's list.

    Raises:
        Refusal: NoSuchBucket or AccessDenied.
    """
    bucket = buckets.require(snapshot, bucket_name)
    access.check_bucket(bucket, caller, access.READ_ACP)
    return access.describe(bucket.acl, _uin(snapshot, bucket.appid))


def put_bucket_acl(
    txn: Transaction, caller: Caller, bucket_name: str, args: Mapping[str, Any]
) -> None:
    """Replace a bucket's list, by the headers or, where there are none, by the document.

    Raises:
        Refusal: NoSuchBucket, AccessDenied, InvalidArgument, MalformedXML or PolicyFull.
    """
    bucket = buckets.require(txn, bucket_name)
    access.check_bucket(bucket, caller, access.WRITE_ACP)
    if _by_headers(args):
        acl = access.bucket_acl(args)
    else:
        uin = _uin(txn, bucket.appid)
        acl = access.pack(_grants(args, access.PERMISSIONS, uin))
    txn.update_bucket(bucket._replace(acl=acl))


def get_object_acl(
    snapshot: Snapshot, caller: Caller, bucket_name: str, key: str, wanted: str | None
) -> dict[str, Any]:
    """An object's list; one that inherits shows the owner's right alone.

    Raises:
        Refusal: NoSuchBucket, NoSuchKey, NoSuchVersion or AccessDenied.
    """
    _, version = _find(snapshot, caller, bucket_name, key, wanted, access.READ_ACP)
    return access.describe(version.acl, _uin(snapshot, version.owner))


def put_object_acl(
    txn: Transaction, caller: Caller, bucket_name: str, key: str, args: Mapping[str, Any]
) -> None:
    """Replace an object's list, by the headers or, where there are none, by the document.

    Raises:
        Refusal: NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, InvalidArgument,
            MalformedXML or PolicyFull.
    """
    wanted = args.get("VersionId")
    bucket, version = _find(txn, caller, bucket_name, key, wanted, access.WRITE_ACP)
    if _by_headers(args):
        acl = access.object_acl(args)
    else:
        permissions = tuple(each for each in access.PERMISSIONS if each != access.WRITE)
        acl = access.pack(_grants(args, permissions, _uin(txn, version.owner)))
    versions.update(txn, bucket, version._replace(acl=acl))


def _find(
    snapshot: Snapshot,
    caller: Caller,
    bucket_name: str,
    key: str,
    wanted: str | None,
    permission: str,
) -> tuple[Bucket, Version]:
    bucket = buckets.require(snapshot, bucket_name)
    try:
        version = versions.find(snapshot, bucket, key, wanted)
    except Refusal as refusal:
        if refusal.status == 404:
            access.check_bucket(bucket, caller, access.READ)
        raise
    access.check_object(bucket, version.owner, version.acl, caller, permission)
    return bucket, version


def _uin(snapshot: Snapshot, appid: str) -> str:
    account = snapshot.account(appid)
    return account.uin if account else appid


def _by_headers(args: Mapping[str, Any]) -> bool:
    return any(name in args for name in _HEADERS)


def _grants(args: Mapping[str, Any], permissions: tuple[str, ...], owner_uin: str) -> list[Grant]:
    """The grants of a document. The owner's own right goes without saying and is not kept."""
    policy = args.get("AccessControlPolicy")
    if policy is None:
        raise Refusal("MissingRequestBodyError", "Give x-cos-acl, a grant header, or a document.")
    grants = []
    for item in policy["AccessControlList"].get("Grant", ()):
        permission = item["Permission"]
        if permission not in permissions:
            raise Refusal(
                "InvalidArgument",
                f"Permission must be one of {', '.join(permissions)}, not {permission[:40]!r}.",
            )
        grantee = _grantee(item["Grantee"])
        if grantee != owner_uin:
            grants.append(Grant(grantee, permission))
    return access.check_grants(grants)


def _grantee(grantee: Mapping[str, str]) -> str:
    uri, uin = grantee.get("URI"), access.parse_uin(grantee.get("ID", ""))
    if uri in {access.ALL_USERS, access.AUTHENTICATED_USERS}:
        return uri
    if uri or uin is None:
        raise Refusal(
            "InvalidArgument", "A Grantee has the ID of an account, or the URI of a group."
        )
    return uin
