"""The table of COS error codes: the status, and the message of a refusal that has no better one.

Spelling and statuses follow the error-code page of the COS documentation (product 436, page 7730);
messages seen on the wire are kept to the letter.
"""

from typing import Final, NamedTuple


class Code(NamedTuple):
    """One row of the table."""

    status: int
    message: str


CODES: Final[dict[str, Code]] = {
    "AccessDenied": Code(403, "Access Denied."),
    "BadDigest": Code(400, "The Content-MD5 you specified is not match."),
    "BadRequest": Code(400, "The request could not be understood."),
    "BucketAlreadyExists": Code(409, "The requested bucket name is not available."),
    "BucketAlreadyOwnedByYou": Code(409, "The bucket you tried to create is yours already."),
    "BucketNotEmpty": Code(409, "The bucket you tried to delete is not empty."),
    "EntitySizeNotMatch": Code(400, "The body's size is not the Content-Length."),
    "EntityTooLarge": Code(400, "Your proposed upload exceeds the maximum allowed object size."),
    "EntityTooSmall": Code(
        400, "Your proposed upload is smaller than the minimum allowed object size."
    ),
    "FileAlreadyExists": Code(409, "The object exists and x-cos-forbid-overwrite is true."),
    "IncompleteBody": Code(400, "The body is shorter than the Content-Length."),
    "InternalError": Code(500, "The store met a fault of its own. Please try again."),
    "InvalidAccessKeyId": Code(403, "The Access Key Id you provided does not exist in our records"),
    "InvalidArgument": Code(400, "A header or parameter has a value that is not allowed."),
    "InvalidBucketName": Code(400, "The specified bucket is not valid."),
    "InvalidCopySource": Code(400, "The x-cos-copy-source cannot be used."),
    "InvalidDelimiter": Code(400, "The delimiter is not allowed."),
    "InvalidDigest": Code(400, "The Content-MD5 you specified is not valid."),
    "InvalidObjectName": Code(400, "The object's key is not allowed."),
    "InvalidObjectState": Code(403, "The operation is not valid for the object storage class."),
    "InvalidPart": Code(400, "A part is missing, or its ETag is another."),
    "InvalidPartOrder": Code(400, "The parts are not in ascending order."),
    "InvalidRange": Code(416, "The requested range cannot be satisfied."),
    "InvalidRequest": Code(400, "The request is not valid."),
    "InvalidURI": Code(400, "Couldn't parse the specified URI."),
    "KeyTooLong": Code(400, "Your key is too long."),
    "MalformedXML": Code(
        400,
        "The XML you provided was not well-formed or did not validate against our published"
        " schema.",
    ),
    "MethodNotAllowed": Code(405, "The specified method is not allowed against this resource."),
    "MissingContentLength": Code(411, "You must provide the Content-Length HTTP header."),
    "MissingRequestBodyError": Code(400, "The request has no body."),
    "NoSuchBucket": Code(404, "The specified bucket does not exist."),
    "NoSuchCopySource": Code(404, "The copy source does not exist."),
    "NoSuchKey": Code(404, "The specified key does not exist."),
    "NoSuchUpload": Code(
        404, "The upload does not exist: its id is wrong, or it was completed or aborted."
    ),
    "NoSuchVersion": Code(404, "The specified version does not exist."),
    "NotImplemented": Code(501, "The store does not offer this operation."),
    "NotSupportedStorageClass": Code(400, "The storage class is unknown or not offered here."),
    "PathConflict": Code(409, "Path conflict."),
    "PolicyFull": Code(400, "your policy or acl has reached the limit"),
    "PreconditionFailed": Code(412, "Precondition not match."),
    "RequestTimeTooSkewed": Code(
        403, "The difference between the request time and the server's time is too large."
    ),
    "RequestTimeout": Code(400, "The body did not arrive in time."),
    "RestoreAlreadyInProgress": Code(409, "The object is being restored."),
    "RestoreNonArchiveObject": Code(405, "Only archived objects can be restored."),
    "ServiceUnavailable": Code(503, "The store cannot answer now. Please try again."),
    "SignatureDoesNotMatch": Code(403, "The Signature you specified is invalid."),
    "SlowDown": Code(503, "Please reduce your request rate."),
    "TooManyBuckets": Code(400, "You have as many buckets as an account may have."),
    "UnexpectedContent": Code(400, "This request does not take a body."),
    "UserNetworkTooSlow": Code(400, "The body arrives too slowly."),
    "XMLSizeLimit": Code(400, "The XML body is too large."),
}
"""Every code that this store can answer with."""


def status_of(code: str) -> int:
    """The HTTP status that goes with ``code``; 400 for a code outside the table.

    >>> status_of("NoSuchKey")
    404
    """
    row = CODES.get(code)
    return row.status if row else 400
