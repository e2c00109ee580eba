# ruff: noqa: S608 - only lists of columns, spelt here, are put into statements
"""The statements that read.

Each seeks: none walks over rows that it does not return, nor sorts.
tests/storage/test_query_plans.py asks SQLite for the plan of every one.
"""

from typing import Final

_SUMMARY: Final = "key, stamp, is_null, size, etag, modified, storage_class, owner, restore"
_REST: Final = "crc64, acl, headers, extents"

ACCOUNT: Final = "SELECT appid, uin, name, created FROM account WHERE appid = ?"
ACCOUNT_BY_UIN: Final = "SELECT appid, uin, name, created FROM account WHERE uin = ?"
ACCOUNTS: Final = "SELECT appid, uin, name, created FROM account ORDER BY appid"
KEY_PAIR: Final = "SELECT secret_id, secret_key, appid, created FROM key_pair WHERE secret_id = ?"
KEY_PAIRS: Final = """
    SELECT secret_id, secret_key, appid, created FROM key_pair
    WHERE appid = ? ORDER BY created, secret_id"""
BUCKET: Final = """
    SELECT id, name, appid, region, created, versioning, acl FROM bucket WHERE name = ?"""
BUCKETS: Final = """
    SELECT id, name, appid, region, created, versioning, acl FROM bucket
    WHERE appid = ? AND name > ? ORDER BY name LIMIT ?"""
IS_EMPTY: Final = """
    SELECT NOT EXISTS (SELECT 1 FROM current WHERE bucket = ?1)
        AND NOT EXISTS (SELECT 1 FROM past WHERE bucket = ?1)
        AND NOT EXISTS (SELECT 1 FROM upload WHERE bucket = ?1)"""
CURRENT: Final = f"SELECT {_SUMMARY}, {_REST} FROM current WHERE bucket = ? AND key = ?"
PAGE: Final = f"""
    SELECT {_SUMMARY} FROM current WHERE bucket = ? AND key >= ? ORDER BY key LIMIT ?"""
PAGE_TO: Final = f"""
    SELECT {_SUMMARY} FROM current
    WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"""
PAST: Final = f"""
    SELECT {_SUMMARY}, {_REST}, is_marker FROM past WHERE bucket = ? AND key = ? AND stamp = ?"""
NEWEST_PAST: Final = f"""
    SELECT {_SUMMARY}, {_REST}, is_marker FROM past
    WHERE bucket = ? AND key = ? ORDER BY stamp DESC LIMIT 1"""
NULL_PAST: Final = f"""
    SELECT {_SUMMARY}, {_REST}, is_marker FROM past INDEXED BY past_null
    WHERE bucket = ? AND key = ? AND is_null = 1"""
PAST_OF_KEY: Final = f"""
    SELECT {_SUMMARY}, is_marker FROM past
    WHERE bucket = ? AND key = ? AND stamp < ? ORDER BY stamp DESC LIMIT ?"""
PAST_FROM: Final = f"""
    SELECT {_SUMMARY}, is_marker FROM past
    WHERE bucket = ? AND key >= ? ORDER BY key, stamp DESC LIMIT ?"""
PAST_FROM_TO: Final = f"""
    SELECT {_SUMMARY}, is_marker FROM past
    WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key, stamp DESC LIMIT ?"""
_UPLOAD: Final = """
    SELECT id, bucket, key, initiated, storage_class, owner, initiator, acl, headers FROM upload"""
UPLOAD: Final = f"{_UPLOAD} WHERE id = ?"
UPLOADS_OF_KEY: Final = f"{_UPLOAD} WHERE bucket = ? AND key = ? AND id > ? ORDER BY id LIMIT ?"
UPLOADS_FROM: Final = f"{_UPLOAD} WHERE bucket = ? AND key >= ? ORDER BY key, id LIMIT ?"
UPLOADS_FROM_TO: Final = f"""
    {_UPLOAD} WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key, id LIMIT ?"""
PART: Final = """
    SELECT number, size, etag, crc64, modified, extents FROM part
    WHERE upload = ? AND number = ?"""
PARTS: Final = """
    SELECT number, size, etag, crc64, modified, extents FROM part
    WHERE upload = ? AND number > ? ORDER BY number LIMIT ?"""
BLOB: Final = "SELECT id, size, crc64, refs, data FROM blob WHERE id = ?"
BLOBS: Final = "SELECT id, size, crc64, refs FROM blob WHERE id > ? ORDER BY id LIMIT ?"
