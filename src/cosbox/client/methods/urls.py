"""Signatures and URLs. Nothing here sends a request."""

from collections.abc import Mapping

from cosbox.client.methods.base import Callers
from cosbox.protocol.names import normal_bucket, normal_key


class UrlCalls(Callers):
    """Signatures and URLs for others to use. The client's token goes into the URLs."""

    def get_presigned_url(
        self,
        Bucket: str,
        Key: str | bytes,
        Method: str,
        Expired: int = 300,
        Params: Mapping[str, object] | None = None,
        Headers: Mapping[str, object] | None = None,
        SignHost: bool | None = None,
    ) -> str:
        """A URL that lets whoever has it make one kind of request until it expires.

        >>> conf = CosConfig(Region="ap-guangzhou", SecretId="id", SecretKey="key")
        >>> with CosS3Client(conf) as remote:
        ...     url = remote.get_presigned_url(bucket, "a.txt", "PUT", Expired=600)
        >>> url.partition("?")[0]
        'https://examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/a.txt'

        Args:
            Bucket: the bucket.
            Key: the object; empty signs a request about the bucket.
            Method: the HTTP method.
            Expired: seconds.
            Params: query parameters that the URL holds and the signature covers.
            Headers: headers that whoever uses the URL has to send.
            SignHost: whether the host is signed; as configured when None.

        Raises:
            ParameterError: the client is anonymous, or an argument makes no sense.
        """
        return self._caller.signer.presign(
            Method,
            Bucket,
            Key,
            lifetime=Expired,
            params=Params,
            headers=Headers,
            sign_host=SignHost,
        )

    def get_presigned_download_url(
        self,
        Bucket: str,
        Key: str | bytes,
        Expired: int = 300,
        Params: Mapping[str, object] | None = None,
        Headers: Mapping[str, object] | None = None,
        SignHost: bool | None = None,
    ) -> str:
        """A URL that lets whoever has it download an object until it expires.

        >>> conf = CosConfig(Region="ap-guangzhou", SecretId="id", SecretKey="key")
        >>> with CosS3Client(conf) as remote:
        ...     url = remote.get_presigned_download_url(bucket, "a.txt")
        >>> "q-signature=" in url
        True

        Raises:
            ParameterError: the client is anonymous, or an argument makes no sense.
        """
        return self.get_presigned_url(Bucket, Key, "GET", Expired, Params, Headers, SignHost)

    def get_auth(
        self,
        Method: str,
        Bucket: str,
        Key: str | bytes,
        Expired: int = 300,
        Headers: Mapping[str, object] | None = None,
        Params: Mapping[str, object] | None = None,
        SignHost: bool | None = None,
    ) -> str:
        """The Authorization header for a request that is sent by other means.

        >>> conf = CosConfig(Region="ap-guangzhou", SecretId="id", SecretKey="key")
        >>> with CosS3Client(conf) as remote:
        ...     remote.get_auth("GET", bucket, "a.txt")[:32]
        'q-sign-algorithm=sha1&q-ak=id&q-'

        Raises:
            ParameterError: the client is anonymous, or an argument makes no sense.
        """
        return self._caller.signer.authorization(
            Method,
            Bucket,
            Key,
            lifetime=Expired,
            params=Params,
            headers=Headers,
            sign_host=SignHost,
        )

    def get_object_url(self, Bucket: str, Key: str | bytes) -> str:
        """The URL of an object, without a signature.

        >>> conf = CosConfig(Region="ap-guangzhou", Anonymous=True)
        >>> with CosS3Client(conf) as remote:
        ...     remote.get_object_url(bucket, "a b.txt")
        'https://examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/a%20b.txt'

        Raises:
            ParameterError: the bucket or the key is none.
        """
        config = self._caller.config
        bucket = normal_bucket(Bucket, config.defaults.appid)
        return config.endpoint.url(bucket, normal_key(Key))
