"""Clients of object stores, each used as its own documentation has it, with its own defaults."""

import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

from benchmarks.peers.signing import BUCKET, KEYS

IN_FLIGHT: Final = 64
"""Of the clients that put from many tasks at once."""

Put = Callable[[str, bytes], Coroutine[Any, Any, object]]


class ClientPeer:
    """A client of a server on loopback. To add one: a subclass, and its name in `PEERS`.

    Attributes:
        name: in tables.
        module: what it needs.
        note: what should be known when it is compared with others.
    """

    name: ClassVar[str]
    module: ClassVar[str]
    note: ClassVar[str] = ""

    def missing(self) -> str:
        """Why it cannot run here; "" when it can."""
        return "" if find_spec(self.module) else f"{self.module} is not installed"

    def connect(self, port: int) -> None:
        """Import what is needed and make a client."""
        raise NotImplementedError

    def put(self, key: str, body: bytes) -> None:
        """Store a small object."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Read a small object; returns its size."""
        raise NotImplementedError

    def page(self) -> int:
        """List a page; returns how many keys it has."""
        raise NotImplementedError

    def upload(self, key: str, path: Path) -> None:
        """Store a file."""
        raise NotImplementedError

    def download(self, key: str, path: Path) -> None:
        """Read an object to a file."""
        raise NotImplementedError

    async def putting(self) -> Put:
        """Make a client in this loop; what is returned stores a small object."""
        raise NotImplementedError


class Cosbox(ClientPeer):
    """Ours."""

    name = "cosbox"
    module = "cosbox"

    def connect(self, port: int) -> None:
        cosbox = import_module("cosbox")
        self._cosbox = cosbox
        secret_id, secret_key = KEYS
        self._conf = cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{port}",
            SecretId=secret_id,
            SecretKey=secret_key,
            PoolMaxSize=IN_FLIGHT,
        )
        self._client = cosbox.CosS3Client(self._conf)

    def put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Body=body, Key=key)

    def get(self, key: str) -> int:
        return len(self._client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def page(self) -> int:
        return len(self._client.list_objects(Bucket=BUCKET, Prefix="listed/")["Contents"])

    def upload(self, key: str, path: Path) -> None:
        self._client.upload_file(Bucket=BUCKET, Key=key, LocalFilePath=str(path))

    def download(self, key: str, path: Path) -> None:
        self._client.download_file(Bucket=BUCKET, Key=key, DestFilePath=str(path))

    async def putting(self) -> Put:
        client = self._cosbox.AsyncCosS3Client(self._conf)
        return lambda key, body: client.put_object(Bucket=BUCKET, Body=body, Key=key)


class Official(ClientPeer):
    """Tencent's own."""

    name = "cos-python-sdk-v5"
    module = "qcloud_cos"

    def connect(self, port: int) -> None:
        qcloud_cos = import_module("qcloud_cos")
        secret_id, secret_key = KEYS
        self._client = qcloud_cos.CosS3Client(
            qcloud_cos.CosConfig(
                Region="ap-guangzhou", SecretId=secret_id, SecretKey=secret_key,
                Scheme="http", IP="127.0.0.1", Port=port,
            )
        )  # fmt: skip

    def put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Body=body, Key=key)

    def get(self, key: str) -> int:
        answer = self._client.get_object(Bucket=BUCKET, Key=key)
        return len(answer["Body"].get_raw_stream().read())

    def page(self) -> int:
        return len(self._client.list_objects(Bucket=BUCKET, Prefix="listed/")["Contents"])

    def upload(self, key: str, path: Path) -> None:
        self._client.upload_file(Bucket=BUCKET, Key=key, LocalFilePath=str(path))

    def download(self, key: str, path: Path) -> None:
        self._client.download_file(Bucket=BUCKET, Key=key, DestFilePath=str(path))


class CheckingOfficial(Official):
    """Tencent's own, told to check what it downloads, as ours always does."""

    name = "cos-python-sdk-v5, CRC"
    note = "EnableCRC=True"

    def download(self, key: str, path: Path) -> None:
        self._client.download_file(Bucket=BUCKET, Key=key, DestFilePath=str(path), EnableCRC=True)


class Boto3(ClientPeer):
    """The AWS SDK, without its C runtime."""

    name = "boto3"
    module = "boto3"
    crt: ClassVar[bool] = False

    def connect(self, port: int) -> None:
        if not self.crt:
            # As if it were not installed.
            sys.modules["awscrt"] = None  # type: ignore[assignment]
        secret_id, secret_key = KEYS
        boto3 = import_module("boto3")
        config = import_module("botocore.config").Config(s3={"addressing_style": "path"})
        self._client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id=secret_id,
            aws_secret_access_key=secret_key,
            region_name="us-east-1",
            config=config,
        )

    def put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Body=body, Key=key)

    def get(self, key: str) -> int:
        return len(self._client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def page(self) -> int:
        return len(self._client.list_objects(Bucket=BUCKET, Prefix="listed/")["Contents"])

    def upload(self, key: str, path: Path) -> None:
        self._client.upload_file(str(path), BUCKET, key)

    def download(self, key: str, path: Path) -> None:
        self._client.download_file(BUCKET, key, str(path))


class CrtBoto3(Boto3):
    """The AWS SDK with its C runtime. boto3 itself moves files by it at AWS's own endpoints alone,
    so it is given another one here where boto3 would give it, by s3transfer."""

    name = "boto3 with awscrt"
    crt = True

    def missing(self) -> str:
        return super().missing() or ("" if find_spec("awscrt") else "awscrt is not installed")

    def connect(self, port: int) -> None:
        super().connect(port)
        crt = import_module("s3transfer.crt")
        credentials = crt.BotocoreCRTCredentialsWrapper(self._client._get_credentials())  # noqa: SLF001
        runtime = crt.create_s3_crt_client(
            region="us-east-1",
            crt_credentials_provider=credentials.to_crt_credentials_provider(),
            use_ssl=False,
        )
        serializer = crt.BotocoreCRTRequestSerializer(
            import_module("botocore.session").Session(),
            {
                "region_name": "us-east-1",
                "endpoint_url": f"http://127.0.0.1:{port}",
                "config": import_module("botocore.config").Config(s3={"addressing_style": "path"}),
            },
        )
        self._manager = crt.CRTTransferManager(runtime, serializer)

    def upload(self, key: str, path: Path) -> None:
        self._manager.upload(str(path), BUCKET, key).result()

    def download(self, key: str, path: Path) -> None:
        self._manager.download(BUCKET, key, str(path)).result()


class Minio(ClientPeer):
    """MinIO's SDK."""

    name = "minio"
    module = "minio"

    def connect(self, port: int) -> None:
        secret_id, secret_key = KEYS
        self._client = import_module("minio").Minio(
            endpoint=f"127.0.0.1:{port}",
            access_key=secret_id,
            secret_key=secret_key,
            secure=False,
            region="us-east-1",
        )

    def put(self, key: str, body: bytes) -> None:
        data = import_module("io").BytesIO(body)
        self._client.put_object(bucket_name=BUCKET, object_name=key, data=data, length=len(body))

    def get(self, key: str) -> int:
        answer = self._client.get_object(bucket_name=BUCKET, object_name=key)
        size = len(answer.read())
        answer.release_conn()
        return size

    def page(self) -> int:
        return sum(1 for _ in self._client.list_objects(bucket_name=BUCKET, prefix="listed/"))

    def upload(self, key: str, path: Path) -> None:
        self._client.fput_object(bucket_name=BUCKET, object_name=key, file_path=str(path))

    def download(self, key: str, path: Path) -> None:
        self._client.fget_object(bucket_name=BUCKET, object_name=key, file_path=str(path))


class Obstore(ClientPeer):
    """Rust's object_store behind Python."""

    name = "obstore"
    module = "obstore"

    def connect(self, port: int) -> None:
        self._obstore = import_module("obstore")
        secret_id, secret_key = KEYS
        self._store = import_module("obstore.store").S3Store(
            BUCKET,
            endpoint=f"http://127.0.0.1:{port}",
            access_key_id=secret_id,
            secret_access_key=secret_key,
            region="us-east-1",
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )

    def put(self, key: str, body: bytes) -> None:
        self._obstore.put(self._store, key, body)

    def get(self, key: str) -> int:
        return len(self._obstore.get(self._store, key).bytes())

    def page(self) -> int:
        return len(next(self._obstore.list(self._store, "listed/", chunk_size=1000)))

    def upload(self, key: str, path: Path) -> None:
        self._obstore.put(self._store, key, path)

    def download(self, key: str, path: Path) -> None:
        with path.open("wb") as file:
            for chunk in self._obstore.get(self._store, key).stream():
                file.write(chunk)

    async def putting(self) -> Put:
        return lambda key, body: self._obstore.put_async(self._store, key, body)


class BareAiohttp(ClientPeer):
    """No client of an object store: what aiohttp does with the same bodies, unsigned."""

    name = "bare aiohttp, unsigned"
    module = "aiohttp"

    def connect(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/{BUCKET}/"

    async def putting(self) -> Put:
        aiohttp = import_module("aiohttp")
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT))

        async def put(key: str, body: bytes) -> None:
            async with session.put(self._url + key, data=body) as answer:
                await answer.read()

        return put


PEERS: Final[tuple[type[ClientPeer], ...]] = (Official, Boto3, CrtBoto3, Minio, Obstore)
"""The clients that others made."""

EVERYBODY: Final[tuple[type[ClientPeer], ...]] = (Cosbox, *PEERS)
"""With ours first."""

_KNOWN: Final[tuple[type[ClientPeer], ...]] = (*EVERYBODY, CheckingOfficial, BareAiohttp)
BY_NAME: Final = {peer.name: peer for peer in _KNOWN}
