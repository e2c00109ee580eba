"""The options and results of every call, as types.

Written by tools/generate_types.py from the operation table; change the table and run it again.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from cosbox.client.stream import StreamBody


class CopySourceArgument(TypedDict):
    """Where an object is copied from."""

    Bucket: str
    """The source's bucket."""
    Key: str
    """The source."""
    Region: NotRequired[str]
    """The bucket's region; the client's own when neither this nor Endpoint is given."""
    Endpoint: NotRequired[str]
    """Its endpoint, instead of Region."""
    Appid: NotRequired[str]
    """Appended to Bucket."""
    VersionId: NotRequired[str]
    """The source's version, in a versioned bucket."""


class ListBucketsOptions(TypedDict, total=False):
    """What `list_buckets` takes by name."""

    Region: str
    """Only buckets of this region."""
    Marker: str
    """Buckets after this name."""
    MaxKeys: int | str
    """The most buckets in one answer, 1 to 2000."""


class OwnerEntry(TypedDict, total=False):
    """`Owner` of `list_buckets`."""

    ID: str
    DisplayName: str


class ListBucketsBucketEntry(TypedDict, total=False):
    """`Bucket` of `list_buckets`."""

    Name: str
    Location: str
    CreationDate: str
    BucketType: str


class ListBucketsBucketsEntry(TypedDict, total=False):
    """`Buckets` of `list_buckets`."""

    Bucket: list[ListBucketsBucketEntry]


class ListBucketsResult(TypedDict, total=False):
    """What `list_buckets` returns."""

    Owner: OwnerEntry
    Buckets: ListBucketsBucketsEntry | None
    Marker: str
    NextMarker: str
    IsTruncated: str


class CreateBucketOptions(TypedDict, total=False):
    """What `create_bucket` takes by name."""

    ACL: str
    """A canned access list."""
    GrantFullControl: str
    """Who may do everything: `id="OwnerUin"`."""
    GrantRead: str
    """Who may read: `id="OwnerUin"`."""
    GrantReadAcp: str
    """Who may read the ACL: `id="OwnerUin"`."""
    GrantWriteAcp: str
    """Who may write the ACL: `id="OwnerUin"`."""
    GrantWrite: str
    """Who may write: `id="OwnerUin"`."""


class HeadBucketOptions(TypedDict, total=False):
    """What `head_bucket` takes by name."""


HeadBucketResult = TypedDict(
    "HeadBucketResult",
    {
        # The bucket's region.
        "x-cos-bucket-region": str,
        # The id of the request.
        "x-cos-request-id": str,
    },
    total=False,
)
"""What `head_bucket` returns."""


class DeleteBucketOptions(TypedDict, total=False):
    """What `delete_bucket` takes by name."""


class GetBucketLocationOptions(TypedDict, total=False):
    """What `get_bucket_location` takes by name."""


class GetBucketLocationResult(TypedDict, total=False):
    """What `get_bucket_location` returns."""

    LocationConstraint: str | None


class VersioningConfigurationArgument(TypedDict):
    """`VersioningConfiguration` of `put_bucket_versioning`."""

    Status: NotRequired[str]


class PutBucketVersioningOptions(TypedDict, total=False):
    """What `put_bucket_versioning` takes by name."""


class GetBucketVersioningOptions(TypedDict, total=False):
    """What `get_bucket_versioning` takes by name."""


class GetBucketVersioningResult(TypedDict, total=False):
    """What `get_bucket_versioning` returns."""

    Status: str


class OwnerArgument(TypedDict):
    """`Owner` of `put_bucket_acl`."""

    ID: NotRequired[str]
    DisplayName: NotRequired[str]


class GranteeArgument(TypedDict):
    """`Grantee` of `put_bucket_acl`."""

    Type: NotRequired[str]
    URI: NotRequired[str]
    ID: NotRequired[str]
    DisplayName: NotRequired[str]


class PutBucketAclGrantArgument(TypedDict):
    """`Grant` of `put_bucket_acl`."""

    Grantee: GranteeArgument
    Permission: str


class AccessControlListArgument(TypedDict):
    """`AccessControlList` of `put_bucket_acl`."""

    Grant: NotRequired[Sequence[PutBucketAclGrantArgument]]


class AccessControlPolicyArgument(TypedDict):
    """`AccessControlPolicy` of `put_bucket_acl`."""

    Owner: NotRequired[OwnerArgument]
    AccessControlList: AccessControlListArgument


class PutBucketAclOptions(TypedDict, total=False):
    """What `put_bucket_acl` takes by name."""

    ACL: str
    """A canned access list."""
    GrantFullControl: str
    """Who may do everything: `id="OwnerUin"`."""
    GrantRead: str
    """Who may read: `id="OwnerUin"`."""
    GrantReadAcp: str
    """Who may read the ACL: `id="OwnerUin"`."""
    GrantWriteAcp: str
    """Who may write the ACL: `id="OwnerUin"`."""
    GrantWrite: str
    """Who may write: `id="OwnerUin"`."""


class GetBucketAclOptions(TypedDict, total=False):
    """What `get_bucket_acl` takes by name."""


class GranteeEntry(TypedDict, total=False):
    """`Grantee` of `get_bucket_acl`."""

    Type: str
    URI: str
    ID: str
    DisplayName: str


class GetBucketAclGrantEntry(TypedDict, total=False):
    """`Grant` of `get_bucket_acl`."""

    Grantee: GranteeEntry
    Permission: str


class AccessControlListEntry(TypedDict, total=False):
    """`AccessControlList` of `get_bucket_acl`."""

    Grant: list[GetBucketAclGrantEntry]


class GetBucketAclResult(TypedDict, total=False):
    """What `get_bucket_acl` returns."""

    Owner: OwnerEntry
    AccessControlList: AccessControlListEntry | None


class ListObjectsOptions(TypedDict, total=False):
    """What `list_objects` takes by name."""


class CommonPrefixesEntry(TypedDict, total=False):
    """`CommonPrefixes` of `list_objects`."""

    Prefix: str


class ContentsEntry(TypedDict, total=False):
    """`Contents` of `list_objects`."""

    Key: str
    LastModified: str
    ETag: str
    Size: str
    Owner: OwnerEntry
    StorageClass: str
    RestoreStatus: str


class ListObjectsResult(TypedDict, total=False):
    """What `list_objects` returns."""

    Name: str
    """The bucket."""
    EncodingType: str
    """`url` when the answer was encoded on the way."""
    Prefix: str | None
    """As asked."""
    Marker: str | None
    """As asked."""
    MaxKeys: str
    """As asked."""
    Delimiter: str
    """As asked."""
    IsTruncated: str
    """`true`: there is more; go on at NextMarker."""
    NextMarker: str
    """The Marker of the next page."""
    CommonPrefixes: list[CommonPrefixesEntry]
    Contents: list[ContentsEntry]


class ListObjectsVersionsOptions(TypedDict, total=False):
    """What `list_objects_versions` takes by name."""


class ListObjectsVersionsVersionEntry(TypedDict, total=False):
    """`Version` of `list_objects_versions`."""

    Key: str
    VersionId: str | None
    IsLatest: str
    LastModified: str
    ETag: str
    Size: str
    StorageClass: str
    Owner: OwnerEntry


class DeleteMarkerEntry(TypedDict, total=False):
    """`DeleteMarker` of `list_objects_versions`."""

    Key: str
    VersionId: str | None
    IsLatest: str
    LastModified: str
    Owner: OwnerEntry


class ListObjectsVersionsResult(TypedDict, total=False):
    """What `list_objects_versions` returns."""

    EncodingType: str
    Name: str
    Prefix: str | None
    KeyMarker: str | None
    VersionIdMarker: str | None
    MaxKeys: str
    IsTruncated: str
    NextKeyMarker: str
    NextVersionIdMarker: str
    Delimiter: str
    CommonPrefixes: list[CommonPrefixesEntry]
    Version: list[ListObjectsVersionsVersionEntry]
    DeleteMarker: list[DeleteMarkerEntry]


class PutObjectOptions(TypedDict, total=False):
    """What `put_object` takes by name."""

    ACL: str
    """A canned access list."""
    GrantFullControl: str
    """Who may do everything: `id="OwnerUin"`."""
    GrantRead: str
    """Who may read: `id="OwnerUin"`."""
    GrantReadAcp: str
    """Who may read the ACL: `id="OwnerUin"`."""
    GrantWriteAcp: str
    """Who may write the ACL: `id="OwnerUin"`."""
    StorageClass: str
    """How it is kept. Archived objects are restored before they are read."""
    Expires: str
    """Kept, and returned as `Expires`."""
    CacheControl: str
    """Kept, and returned as `Cache-Control`."""
    ContentType: str
    """Kept, and returned as `Content-Type`."""
    ContentDisposition: str
    """Kept, and returned as `Content-Disposition`: a file name for the reader."""
    ContentEncoding: str
    """Kept, and returned as `Content-Encoding`."""
    ContentLanguage: str
    """Kept, and returned as `Content-Language`."""
    Metadata: Mapping[str, str]
    """The user's own, 2 KB at the most; names begin with `x-cos-meta-`, others are ignored."""
    ContentLength: int | str
    """Length of the body in bytes."""
    ContentMD5: str
    """Base64 of the body's MD5; checked on arrival."""
    ForbidOverwrite: str
    """`true`: refuse if the key exists. Without effect where versioning was ever enabled."""
    TrafficLimit: int | str
    """Bits a second, 819200 to 838860800."""


PutObjectResult = TypedDict(
    "PutObjectResult",
    {
        # MD5 of the object, in double quotes.
        "ETag": str,
        # CRC-64 of the object, in decimal.
        "x-cos-hash-crc64ecma": str,
        # The version, in a versioned bucket.
        "x-cos-version-id": str,
        # The id of the request.
        "x-cos-request-id": str,
    },
    total=False,
)
"""What `put_object` returns."""


class HeadObjectOptions(TypedDict, total=False):
    """What `head_object` takes by name."""

    VersionId: str
    """The version to act on, in a versioned bucket."""
    IfMatch: str
    """Only if the ETag is this one; otherwise 412."""
    IfNoneMatch: str
    """Only if the ETag is another; otherwise 304."""
    IfModifiedSince: str
    """Only if modified after; otherwise 304."""
    IfUnmodifiedSince: str
    """Only if not modified since; or 412."""


HeadObjectResult = TypedDict(
    "HeadObjectResult",
    {
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
    },
    total=False,
)
"""What `head_object` returns."""


class GetObjectOptions(TypedDict, total=False):
    """What `get_object` takes by name."""

    Range: str
    """`bytes=first-last`, one range."""
    IfMatch: str
    """Only if the ETag is this one; otherwise 412."""
    IfNoneMatch: str
    """Only if the ETag is another; otherwise 304."""
    IfModifiedSince: str
    """Only if modified after; otherwise 304."""
    IfUnmodifiedSince: str
    """Only if not modified since; or 412."""
    ResponseCacheControl: str
    """Answer with this `Cache-Control`."""
    ResponseContentDisposition: str
    """Answer with this `Content-Disposition`."""
    ResponseContentEncoding: str
    """Answer with this `Content-Encoding`."""
    ResponseContentLanguage: str
    """Answer with this `Content-Language`."""
    ResponseContentType: str
    """Answer with this `Content-Type`."""
    ResponseExpires: str
    """Answer with this `Expires`."""
    VersionId: str
    """The version to act on, in a versioned bucket."""
    TrafficLimit: int | str
    """Bits a second, 819200 to 838860800."""


GetObjectResult = TypedDict(
    "GetObjectResult",
    {
        # The bytes.
        "Body": StreamBody,
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


class CopyObjectOptions(TypedDict, total=False):
    """What `copy_object` takes by name."""

    ACL: str
    """A canned access list."""
    GrantFullControl: str
    """Who may do everything: `id="OwnerUin"`."""
    GrantRead: str
    """Who may read: `id="OwnerUin"`."""
    GrantReadAcp: str
    """Who may read the ACL: `id="OwnerUin"`."""
    GrantWriteAcp: str
    """Who may write the ACL: `id="OwnerUin"`."""
    StorageClass: str
    """How it is kept. Archived objects are restored before they are read."""
    Expires: str
    """Kept, and returned as `Expires`."""
    CacheControl: str
    """Kept, and returned as `Cache-Control`."""
    ContentType: str
    """Kept, and returned as `Content-Type`."""
    ContentDisposition: str
    """Kept, and returned as `Content-Disposition`: a file name for the reader."""
    ContentEncoding: str
    """Kept, and returned as `Content-Encoding`."""
    ContentLanguage: str
    """Kept, and returned as `Content-Language`."""
    Metadata: Mapping[str, str]
    """The user's own, 2 KB at the most; names begin with `x-cos-meta-`, others are ignored."""
    CopySourceIfMatch: str
    """Only if the source's ETag is this one; otherwise 412."""
    CopySourceIfModifiedSince: str
    """Only if the source was modified after; or 412."""
    CopySourceIfNoneMatch: str
    """Only if the source's ETag is another; otherwise 412."""
    CopySourceIfUnmodifiedSince: str
    """Only if the source was not modified since."""
    ForbidOverwrite: str
    """`true`: refuse if the key exists. Without effect where versioning was ever enabled."""


CopyObjectResult = TypedDict(
    "CopyObjectResult",
    {
        # The source's version.
        "x-cos-copy-source-version-id": str,
        # The id of the request.
        "x-cos-request-id": str,
        # Of the copy.
        "ETag": str,
        # CRC-64 of the copy, in decimal.
        "CRC64": str,
        # Of the copy.
        "LastModified": str,
        # The copy's version, in a versioned bucket.
        "VersionId": str,
    },
    total=False,
)
"""What `copy_object` returns."""


class DeleteObjectOptions(TypedDict, total=False):
    """What `delete_object` takes by name."""

    VersionId: str
    """The version to act on, in a versioned bucket."""


DeleteObjectResult = TypedDict(
    "DeleteObjectResult",
    {
        # The version, in a versioned bucket.
        "x-cos-version-id": str,
        # `true` if a delete marker was made or deleted.
        "x-cos-delete-marker": str,
        # The id of the request.
        "x-cos-request-id": str,
    },
    total=False,
)
"""What `delete_object` returns."""


class CASJobParametersArgument(TypedDict):
    """`CASJobParameters` of `restore_object`."""

    Tier: NotRequired[str]


class RestoreRequestArgument(TypedDict):
    """`RestoreRequest` of `restore_object`."""

    Days: int | str
    CASJobParameters: NotRequired[CASJobParametersArgument]


class RestoreObjectOptions(TypedDict, total=False):
    """What `restore_object` takes by name."""

    VersionId: str
    """The version to act on, in a versioned bucket."""


class PutObjectAclOptions(TypedDict, total=False):
    """What `put_object_acl` takes by name."""

    ACL: str
    """A canned access list."""
    GrantFullControl: str
    """Who may do everything: `id="OwnerUin"`."""
    GrantRead: str
    """Who may read: `id="OwnerUin"`."""
    GrantReadAcp: str
    """Who may read the ACL: `id="OwnerUin"`."""
    GrantWriteAcp: str
    """Who may write the ACL: `id="OwnerUin"`."""
    VersionId: str
    """The version to act on, in a versioned bucket."""


class GetObjectAclOptions(TypedDict, total=False):
    """What `get_object_acl` takes by name."""

    VersionId: str
    """The version to act on, in a versioned bucket."""


class GetObjectAclResult(TypedDict, total=False):
    """What `get_object_acl` returns."""

    Owner: OwnerEntry
    AccessControlList: AccessControlListEntry | None


class DeleteObjectsObjectArgument(TypedDict):
    """`Object` of `delete_objects`."""

    Key: str
    VersionId: NotRequired[str]


class DeleteArgument(TypedDict):
    """`Delete` of `delete_objects`."""

    Quiet: NotRequired[bool | str]
    Object: Sequence[DeleteObjectsObjectArgument]


class DeleteObjectsOptions(TypedDict, total=False):
    """What `delete_objects` takes by name."""


class DeletedEntry(TypedDict, total=False):
    """`Deleted` of `delete_objects`."""

    Key: str
    DeleteMarker: str
    DeleteMarkerVersionId: str
    VersionId: str


class DeleteObjectsErrorEntry(TypedDict, total=False):
    """`Error` of `delete_objects`."""

    Key: str
    VersionId: str
    Code: str
    Message: str


class DeleteObjectsResult(TypedDict, total=False):
    """What `delete_objects` returns."""

    Deleted: list[DeletedEntry]
    Error: list[DeleteObjectsErrorEntry]


class ListMultipartUploadsOptions(TypedDict, total=False):
    """What `list_multipart_uploads` takes by name."""


class InitiatorEntry(TypedDict, total=False):
    """`Initiator` of `list_multipart_uploads`."""

    ID: str
    DisplayName: str


class UploadEntry(TypedDict, total=False):
    """`Upload` of `list_multipart_uploads`."""

    Key: str
    UploadId: str
    Initiator: InitiatorEntry
    Owner: OwnerEntry
    StorageClass: str
    Initiated: str


class ListMultipartUploadsResult(TypedDict, total=False):
    """What `list_multipart_uploads` returns."""

    Bucket: str
    EncodingType: str
    KeyMarker: str | None
    UploadIdMarker: str | None
    NextKeyMarker: str
    NextUploadIdMarker: str
    MaxUploads: str
    Prefix: str | None
    Delimiter: str | None
    IsTruncated: str
    Upload: list[UploadEntry]
    CommonPrefixes: list[CommonPrefixesEntry]


class CreateMultipartUploadOptions(TypedDict, total=False):
    """What `create_multipart_upload` takes by name."""

    ACL: str
    """A canned access list."""
    GrantFullControl: str
    """Who may do everything: `id="OwnerUin"`."""
    GrantRead: str
    """Who may read: `id="OwnerUin"`."""
    GrantReadAcp: str
    """Who may read the ACL: `id="OwnerUin"`."""
    GrantWriteAcp: str
    """Who may write the ACL: `id="OwnerUin"`."""
    StorageClass: str
    """How it is kept. Archived objects are restored before they are read."""
    Expires: str
    """Kept, and returned as `Expires`."""
    CacheControl: str
    """Kept, and returned as `Cache-Control`."""
    ContentType: str
    """Kept, and returned as `Content-Type`."""
    ContentDisposition: str
    """Kept, and returned as `Content-Disposition`: a file name for the reader."""
    ContentEncoding: str
    """Kept, and returned as `Content-Encoding`."""
    ContentLanguage: str
    """Kept, and returned as `Content-Language`."""
    Metadata: Mapping[str, str]
    """The user's own, 2 KB at the most; names begin with `x-cos-meta-`, others are ignored."""
    ForbidOverwrite: str
    """`true`: refuse if the key exists. Without effect where versioning was ever enabled."""


class CreateMultipartUploadResult(TypedDict, total=False):
    """What `create_multipart_upload` returns."""

    Bucket: str
    Key: str
    UploadId: str


class UploadPartOptions(TypedDict, total=False):
    """What `upload_part` takes by name."""

    ContentLength: int | str
    """Length of the body in bytes."""
    ContentMD5: str
    """Base64 of the body's MD5; checked on arrival."""
    TrafficLimit: int | str
    """Bits a second, 819200 to 838860800."""


UploadPartResult = TypedDict(
    "UploadPartResult",
    {
        # MD5 of the object, in double quotes.
        "ETag": str,
        # CRC-64 of the object, in decimal.
        "x-cos-hash-crc64ecma": str,
        # The id of the request.
        "x-cos-request-id": str,
    },
    total=False,
)
"""What `upload_part` returns."""


class UploadPartCopyOptions(TypedDict, total=False):
    """What `upload_part_copy` takes by name."""

    CopySourceIfMatch: str
    """Only if the source's ETag is this one; otherwise 412."""
    CopySourceIfModifiedSince: str
    """Only if the source was modified after; or 412."""
    CopySourceIfNoneMatch: str
    """Only if the source's ETag is another; otherwise 412."""
    CopySourceIfUnmodifiedSince: str
    """Only if the source was not modified since."""


UploadPartCopyResult = TypedDict(
    "UploadPartCopyResult",
    {
        # The source's version.
        "x-cos-copy-source-version-id": str,
        # The id of the request.
        "x-cos-request-id": str,
        # MD5 of the part, in double quotes.
        "ETag": str,
        # When the part was made.
        "LastModified": str,
    },
    total=False,
)
"""What `upload_part_copy` returns."""


class ListPartsOptions(TypedDict, total=False):
    """What `list_parts` takes by name."""


class ListPartsPartEntry(TypedDict, total=False):
    """`Part` of `list_parts`."""

    PartNumber: str
    LastModified: str
    ETag: str
    Size: str


class ListPartsResult(TypedDict, total=False):
    """What `list_parts` returns."""

    Bucket: str
    EncodingType: str
    Key: str
    UploadId: str
    Owner: OwnerEntry
    PartNumberMarker: str
    Initiator: InitiatorEntry
    Part: list[ListPartsPartEntry]
    NextPartNumberMarker: str
    StorageClass: str
    MaxParts: str
    IsTruncated: str


class CompleteMultipartUploadPartArgument(TypedDict):
    """`Part` of `complete_multipart_upload`."""

    PartNumber: int | str
    ETag: str


class CompleteMultipartUploadArgument(TypedDict):
    """`CompleteMultipartUpload` of `complete_multipart_upload`."""

    Part: Sequence[CompleteMultipartUploadPartArgument]


class CompleteMultipartUploadOptions(TypedDict, total=False):
    """What `complete_multipart_upload` takes by name."""

    ForbidOverwrite: str
    """`true`: refuse if the key exists. Without effect where versioning was ever enabled."""


CompleteMultipartUploadResult = TypedDict(
    "CompleteMultipartUploadResult",
    {
        # CRC-64 of the object, in decimal.
        "x-cos-hash-crc64ecma": str,
        # The version, in a versioned bucket.
        "x-cos-version-id": str,
        # The id of the request.
        "x-cos-request-id": str,
        # The object's URL.
        "Location": str,
        "Bucket": str,
        "Key": str,
        # `<32 hex digits>-<number of parts>`: no MD5.
        "ETag": str,
    },
    total=False,
)
"""What `complete_multipart_upload` returns."""


class AbortMultipartUploadOptions(TypedDict, total=False):
    """What `abort_multipart_upload` takes by name."""


UploadFileResult = TypedDict(
    "UploadFileResult",
    {
        # `<32 hex digits>-<number of parts>`: no MD5.
        "ETag": str,
        # CRC-64 of the object, in decimal.
        "x-cos-hash-crc64ecma": str,
        # The version, in a versioned bucket.
        "x-cos-version-id": str,
        # The id of the request.
        "x-cos-request-id": str,
        # The object's URL.
        "Location": str,
        "Bucket": str,
        "Key": str,
    },
    total=False,
)
"""What `upload_file` returns."""


CopyResult = TypedDict(
    "CopyResult",
    {
        # The source's version.
        "x-cos-copy-source-version-id": str,
        # The id of the request.
        "x-cos-request-id": str,
        # `<32 hex digits>-<number of parts>`: no MD5.
        "ETag": str,
        # CRC-64 of the copy, in decimal.
        "CRC64": str,
        # Of the copy.
        "LastModified": str,
        # The copy's version, in a versioned bucket.
        "VersionId": str,
        # CRC-64 of the object, in decimal.
        "x-cos-hash-crc64ecma": str,
        # The version, in a versioned bucket.
        "x-cos-version-id": str,
        # The object's URL.
        "Location": str,
        "Bucket": str,
        "Key": str,
    },
    total=False,
)
"""What `copy` returns."""
