"""What the processes of `support.zygote` do."""

import asyncio
import itertools

import cosbox
from cosbox.client.runtime import Runtime
from support.large import peak_mib
from support.serving import KEYS


def config_of(port, **more):
    """The configuration of a client of a server, or of a proxy before it."""
    return cosbox.CosConfig(
        Endpoint=f"127.0.0.1:{port}",
        SecretId=KEYS["COSBOX_SECRET_ID"],
        SecretKey=KEYS["COSBOX_SECRET_KEY"],
        **more,
    )


def client_of(port, *, retry=3, **more):
    """The client."""
    return cosbox.CosS3Client(config_of(port, **more), retry)


IMPATIENT = Runtime(random=lambda: 0.02)
"""Of clients that wait for next to nothing before they try again."""


def upload(port, bucket, key, path, options, awaits=False):
    """upload_file."""
    return _call(port, awaits, "upload_file", bucket, key, path, **options)


def download(port, bucket, key, path, options, awaits=False):
    """download_file."""
    return _call(port, awaits, "download_file", bucket, key, path, **options)


def _call(port, awaits, name, *args, **options):
    if not awaits:
        with client_of(port) as client:
            return getattr(client, name)(*args, **options)

    async def run():
        async with cosbox.AsyncCosS3Client(config_of(port)) as client:
            return await getattr(client, name)(*args, **options)

    return asyncio.run(run())


def weigh(port, call, arguments, awaits):
    """A call to a server that only counts; the most MiB that this process had resident."""
    config = config_of(port)
    if awaits:

        async def run():
            async with cosbox.AsyncCosS3Client(config) as client:
                await getattr(client, call)(**arguments)

        asyncio.run(run())
    else:
        with cosbox.CosS3Client(config) as client:
            if call == "upload_stream":
                pieces = itertools.repeat(bytes(100_001), arguments.pop("Stream"))
                arguments["Stream"] = pieces
            getattr(client, call)(**arguments)
    return peak_mib()
