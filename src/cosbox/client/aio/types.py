"""What only the async client's calls return, as types.

Written by tools/generate_async.py from the operation table; change the table and run it again.
"""

from typing import TypedDict

from cosbox.client.aio.stream import AsyncStreamBody

AsyncGetObjectResult = TypedDict(
    "AsyncGetObjectResult",
    {
        # The bytes.
        "Body": AsyncStreamBody,
        # MD5 of the object, in double quotes.
        "ETag": str,
        # When the object was last written.
        "Last-Modified": str,
        # As stored.
        "Cache-Control": str,
        # As stored.
        "Content-Type": str,
        # As stored.
        "Content-Disposition": str,
        # As stored.
        "Content-Encoding": str,
        # As stored.
        "Content-Language": str,
        # Length of the body in bytes.
        "Content-Length": str,
        # As stored.
        "Expires": str,
        # CRC-64 of the object, in decimal.
        "x-cos-hash-crc64ecma": str,
        # Unless it is STANDARD.
        "x-cos-storage-class": str,
        # How far the restoring of an archived object is.
        "x-cos-restore": str,
        # The version, in a versioned bucket.
        "x-cos-version-id": str,
        # The id of the request.
        "x-cos-request-id": str,
        # `bytes`.
        "Accept-Ranges": str,
        # Which bytes these are, of how many.
        "Content-Range": str,
    },
    total=False,
)
"""What `get_object` returns."""
