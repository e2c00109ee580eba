"""Parameters, headers and elements that several operations share."""

from cosbox.protocol.schema import Kind, Node, Param, Place, ResultHeader

# --------------------------------------------------------------------------------------------
# Parameters that several operations share


def query(name: str, wire: str, doc: str, **more: object) -> Param:
    return Param(name=name, place=Place.QUERY, wire=wire, doc=doc, **more)  # type: ignore[arg-type]


def header(name: str, wire: str, doc: str, **more: object) -> Param:
    return Param(name=name, place=Place.HEADER, wire=wire, doc=doc, **more)  # type: ignore[arg-type]


VERSION_ID = query("VersionId", "versionId", "The version to act on, in a versioned bucket.")
UPLOAD_ID = query("UploadId", "uploadId", "The multipart upload.", required=True)
PART_NUMBER = query(
    "PartNumber", "partNumber", "1 to 10,000.", kind=Kind.INTEGER, required=True, low=1, high=10_000
)
PREFIX = query("Prefix", "prefix", "Only keys that begin with this.")
DELIMITER = query(
    "Delimiter", "delimiter", "Keys that share the text up to it are grouped, `/` for folders."
)
ENCODING = query(
    "EncodingType", "encoding-type", "`url`: leave the keys percent-encoded.", values=("url",)
)

BODY = Param(
    name="Body",
    place=Place.BODY,
    required=True,
    doc="bytes, str, a file opened in binary mode, or any iterable of bytes.",
)
CONTENT_LENGTH = header(
    "ContentLength", "content-length", "Length of the body in bytes.", kind=Kind.INTEGER, low=0
)
CONTENT_MD5 = header("ContentMD5", "content-md5", "Base64 of the body's MD5; checked on arrival.")

STORED_HEADERS = (
    header("Expires", "expires", "Kept, and returned as `Expires`."),
    header("CacheControl", "cache-control", "Kept, and returned as `Cache-Control`."),
    header("ContentType", "content-type", "Kept, and returned as `Content-Type`."),
    header(
        "ContentDisposition",
        "content-disposition",
        "Kept, and returned as `Content-Disposition`: a file name for the reader.",
    ),
    header("ContentEncoding", "content-encoding", "Kept, and returned as `Content-Encoding`."),
    header("ContentLanguage", "content-language", "Kept, and returned as `Content-Language`."),
)
ACL = header(
    "ACL",
    "x-cos-acl",
    "A canned access list.",
    values=("default", "private", "public-read", "authenticated-read"),
)
GRANTS = (
    header(
        "GrantFullControl", "x-cos-grant-full-control", 'Who may do everything: `id="OwnerUin"`.'
    ),
    header("GrantRead", "x-cos-grant-read", 'Who may read: `id="OwnerUin"`.'),
    header("GrantReadAcp", "x-cos-grant-read-acp", 'Who may read the ACL: `id="OwnerUin"`.'),
    header("GrantWriteAcp", "x-cos-grant-write-acp", 'Who may write the ACL: `id="OwnerUin"`.'),
)
GRANT_WRITE = header("GrantWrite", "x-cos-grant-write", 'Who may write: `id="OwnerUin"`.')
STORAGE_CLASS = header(
    "StorageClass",
    "x-cos-storage-class",
    "How it is kept. Archived objects are restored before they are read.",
    values=("STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ARCHIVE", "DEEP_ARCHIVE"),
)
METADATA = Param(
    name="Metadata",
    place=Place.METADATA,
    doc="The user's own, 2 KB at the most; names begin with `x-cos-meta-`, others are ignored.",
)
FORBID_OVERWRITE = header(
    "ForbidOverwrite",
    "x-cos-forbid-overwrite",
    "`true`: refuse if the key exists. Without effect where versioning was ever enabled.",
    values=("true", "false"),
)
TRAFFIC_LIMIT = header(
    "TrafficLimit",
    "x-cos-traffic-limit",
    "Bits a second, 819200 to 838860800.",
    kind=Kind.INTEGER,
    low=819_200,
    high=838_860_800,
)
NEW_OBJECT = (
    ACL,
    *GRANTS,
    STORAGE_CLASS,
    *STORED_HEADERS,
    METADATA,
)
CONDITIONS = (
    header("IfMatch", "if-match", "Only if the ETag is this one; otherwise 412."),
    header("IfNoneMatch", "if-none-match", "Only if the ETag is another; otherwise 304."),
    header("IfModifiedSince", "if-modified-since", "Only if modified after; otherwise 304."),
    header("IfUnmodifiedSince", "if-unmodified-since", "Only if not modified since; or 412."),
)
COPY_SOURCE = Param(
    name="CopySource",
    place=Place.COPY_SOURCE,
    wire="x-cos-copy-source",
    required=True,
    doc="`{'Bucket': ..., 'Key': ..., 'Region': ..., 'VersionId': ...}`.",
)
COPY_CONDITIONS = tuple(
    header(f"CopySource{name}", f"x-cos-copy-source-{wire}", doc)
    for name, wire, doc in (
        ("IfMatch", "if-match", "Only if the source's ETag is this one; otherwise 412."),
        ("IfModifiedSince", "if-modified-since", "Only if the source was modified after; or 412."),
        ("IfNoneMatch", "if-none-match", "Only if the source's ETag is another; otherwise 412."),
        ("IfUnmodifiedSince", "if-unmodified-since", "Only if the source was not modified since."),
    )
)


def page_size(name: str, wire: str, what: str) -> Param:
    return query(
        name,
        wire,
        f"The most {what} in one answer, 1 to 1000.",
        kind=Kind.INTEGER,
        default=1000,
        low=1,
    )


# --------------------------------------------------------------------------------------------
# Pieces of documents


def leaf(name: str, **more: object) -> Node:
    return Node(name=name, **more)  # type: ignore[arg-type]


def branch(name: str, *children: Node, **more: object) -> Node:
    return Node(name=name, children=children, **more)  # type: ignore[arg-type]


OWNER = branch("Owner", leaf("ID"), leaf("DisplayName"))
INITIATOR = branch("Initiator", leaf("ID"), leaf("DisplayName"))
COMMON_PREFIXES = branch("CommonPrefixes", leaf("Prefix", url=True), many=True)

ACCESS_CONTROL_POLICY = branch(
    "AccessControlPolicy",
    OWNER,
    branch(
        "AccessControlList",
        branch(
            "Grant",
            branch(
                "Grantee",
                leaf("Type", attribute=True),
                leaf("URI"),
                leaf("ID"),
                leaf("DisplayName"),
                required=True,
            ),
            leaf("Permission", required=True),
            many=True,
        ),
        empty=True,
        required=True,
    ),
)
VERSIONING = branch("VersioningConfiguration", leaf("Status"))

ETAG = ResultHeader(name="ETag", doc="MD5 of the object, in double quotes.")
CRC64 = ResultHeader(name="x-cos-hash-crc64ecma", doc="CRC-64 of the object, in decimal.")
RESULT_VERSION = ResultHeader(name="x-cos-version-id", doc="The version, in a versioned bucket.")
DELETE_MARKER = ResultHeader(
    name="x-cos-delete-marker", doc="`true` if a delete marker was made or deleted."
)
REQUEST_ID = ResultHeader(name="x-cos-request-id", doc="The id of the request.")
OBJECT_HEADERS = (
    ETAG,
    ResultHeader(name="Last-Modified", doc="When the object was last written."),
    ResultHeader(name="Cache-Control", doc="As stored."),
    ResultHeader(name="Content-Type", doc="As stored."),
    ResultHeader(name="Content-Disposition", doc="As stored."),
    ResultHeader(name="Content-Encoding", doc="As stored."),
    ResultHeader(name="Content-Language", doc="As stored."),
    ResultHeader(name="Content-Length", doc="Length of the body in bytes."),
    ResultHeader(name="Expires", doc="As stored."),
    CRC64,
    ResultHeader(name="x-cos-storage-class", doc="Unless it is STANDARD."),
    ResultHeader(name="x-cos-restore", doc="How far the restoring of an archived object is."),
    RESULT_VERSION,
    REQUEST_ID,
)
