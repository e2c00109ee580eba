"""The official SDK, made to talk to a server of ours."""

import logging
import warnings


def official_client(port, who):
    """Its client, for an account. Without a port it is good for signing URLs only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from qcloud_cos import CosConfig, CosS3Client
    logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)
    here = {"IP": "127.0.0.1", "Port": port} if port else {}
    config = CosConfig(
        Region="ap-guangzhou",
        SecretId=who.secret_id,
        SecretKey=who.secret_key,
        Scheme="http",
        **here,
    )
    return CosS3Client(config, retry=0)


def official_error():
    """The class of its errors from the store."""
    from qcloud_cos import CosServiceError

    return CosServiceError
