"""What the processes of `support.zygote` do."""

import cosbox
from cosbox.client.runtime import Runtime
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


def upload(port, bucket, key, path, options):
    """upload_file."""
    with client_of(port) as client:
        return client.upload_file(bucket, key, path, **options)


def download(port, bucket, key, path, options):
    """download_file."""
    with client_of(port) as client:
        return client.download_file(bucket, key, path, **options)
