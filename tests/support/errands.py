"""What the processes of `support.zygote` do."""

import cosbox
from support.serving import KEYS


def client_of(port, **config):
    """A client of a server, or of a proxy before it."""
    retry = config.pop("retry", 3)
    return cosbox.CosS3Client(
        cosbox.CosConfig(
            Endpoint=f"127.0.0.1:{port}",
            SecretId=KEYS["COSBOX_SECRET_ID"],
            SecretKey=KEYS["COSBOX_SECRET_KEY"],
            **config,
        ),
        retry=retry,
    )


def upload(port, bucket, key, path, options):
    """upload_file."""
    with client_of(port) as client:
        return client.upload_file(bucket, key, path, **options)


def download(port, bucket, key, path, options):
    """download_file."""
    with client_of(port) as client:
        return client.download_file(bucket, key, path, **options)
