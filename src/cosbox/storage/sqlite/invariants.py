"""What holds between the records at all times, as queries for where it does not."""

from typing import Final

MISPLACED: Final = (
    (
        "it is in a bucket that is gone",
        """SELECT bucket, CAST(key AS BLOB), stamp FROM current
        WHERE bucket NOT IN (SELECT id FROM bucket)""",
    ),
    (
        "it is in a bucket that is gone",
        """SELECT bucket, CAST(key AS BLOB), stamp FROM past
        WHERE bucket NOT IN (SELECT id FROM bucket)""",
    ),
    (
        "its upload is for a bucket that is gone",
        """SELECT bucket, CAST(key AS BLOB), 0 FROM upload
        WHERE bucket NOT IN (SELECT id FROM bucket)""",
    ),
    (
        "this past version is not older than the current one",
        """SELECT p.bucket, CAST(p.key AS BLOB), p.stamp FROM past p
        JOIN current c ON c.bucket = p.bucket AND c.key = p.key WHERE p.stamp >= c.stamp""",
    ),
    (
        "both this past version and the current one are null",
        """SELECT p.bucket, CAST(p.key AS BLOB), p.stamp FROM past p INDEXED BY past_null
        JOIN current c ON c.bucket = p.bucket AND c.key = p.key
        WHERE p.is_null = 1 AND c.is_null = 1""",
    ),
    (
        "it is the newer of two past versions that are null",
        """SELECT bucket, CAST(key AS BLOB), max(stamp) FROM past INDEXED BY past_null
        WHERE is_null = 1 GROUP BY bucket, key HAVING count(*) > 1""",
    ),
    (
        "it is the newest version and no delete marker, and yet not the current one",
        """SELECT bucket, CAST(key AS BLOB), stamp FROM
        (SELECT bucket, key, max(stamp) AS stamp, is_marker FROM past GROUP BY bucket, key) p
        WHERE NOT is_marker AND NOT EXISTS
        (SELECT 1 FROM current c WHERE c.bucket = p.bucket AND c.key = p.key)""",
    ),
    (
        "it is past in a bucket that never kept versions",
        """SELECT p.bucket, CAST(p.key AS BLOB), p.stamp FROM past p
        JOIN bucket b ON b.id = p.bucket WHERE b.versioning = ''""",
    ),
    (
        "it has a version id in a bucket that never kept versions",
        """SELECT c.bucket, CAST(c.key AS BLOB), c.stamp FROM current c
        JOIN bucket b ON b.id = c.bucket WHERE b.versioning = '' AND NOT c.is_null""",
    ),
    (
        "it is a delete marker and has content",
        """SELECT bucket, CAST(key AS BLOB), stamp FROM past
        WHERE is_marker AND (size <> 0 OR extents <> x'')""",
    ),
)
"""Why a version or upload cannot be where it is, and the bucket, key and stamp of those."""

OVERTAKEN: Final = (
    (
        "next_blob",
        """SELECT max((SELECT coalesce(max(id), 0) FROM blob),
        (SELECT coalesce(max(first) + 1023, 0) FROM reservation)) + 1, next_blob FROM state""",
    ),
    (
        "next_bucket",
        """SELECT max((SELECT coalesce(max(id), 0) FROM bucket),
        (SELECT coalesce(max(bucket), 0) FROM current),
        (SELECT coalesce(max(bucket), 0) FROM past)) + 1, next_bucket FROM state""",
    ),
    (
        "last_stamp",
        """SELECT max((SELECT coalesce(max(stamp), 0) FROM current),
        (SELECT coalesce(max(stamp), 0) FROM past)), last_stamp FROM state""",
    ),
)
"""A counter of what was given out, the least that it must be, and what it is."""
