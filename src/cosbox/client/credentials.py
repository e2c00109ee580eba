"""Who a client is: a key pair that stays, or an object that is asked for it at every signature."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from cosbox.protocol.errors import ParameterError
from cosbox.protocol.signing import Credential

Provider = Callable[[], Credential]
"""Returns the credential to sign with, now."""

ENV_SECRET_ID: Final = "COSBOX_SECRET_ID"  # noqa: S105 - the variable's name
ENV_SECRET_KEY: Final = "COSBOX_SECRET_KEY"  # noqa: S105 - the variable's name
ENV_TOKEN: Final = "COSBOX_TOKEN"  # noqa: S105 - the variable's name


def checked(secret_id: object, secret_key: object, token: object = None) -> Credential:
    """A credential of values that can be signed with.

    Raises:
        ParameterError: one is missing, not text, or carries blanks from a careless copy.
    """
    if not secret_id or not secret_key:
        raise ParameterError("SecretId and SecretKey are both needed")
    for name, value in (("SecretId", secret_id), ("SecretKey", secret_key), ("Token", token or "")):
        if not isinstance(value, str):
            raise ParameterError(f"{name} must be str, not {type(value).__name__}")
        if value != "".join(value.split()) or not value.isprintable():
            raise ParameterError(f"{name} must not contain blanks or control characters")
    return Credential(str(secret_id), str(secret_key), str(token) if token else None)


def static(credential: Credential) -> Provider:
    """Always the same credential."""
    return lambda: credential


def instance(source: Any) -> Provider:
    """Whatever ``source`` holds in ``secret_id``, ``secret_key`` and ``token`` when asked, so that
    temporary keys can be replaced while the client lives.

    Raises:
        ParameterError: it lacks ``secret_id`` or ``secret_key``.
    """
    for name in ("secret_id", "secret_key"):
        if not hasattr(source, name):
            raise ParameterError(f"CredentialInstance has no attribute {name}")
    return lambda: checked(source.secret_id, source.secret_key, getattr(source, "token", None))


def environment(environ: Mapping[str, str] | None = None) -> Provider | None:
    """The credential of the environment variables, or None where they are not set.

    >>> environment({"COSBOX_SECRET_ID": "id", "COSBOX_SECRET_KEY": "key"})()
    Credential(secret_id='id')
    """
    environ = os.environ if environ is None else environ
    if ENV_SECRET_ID not in environ and ENV_SECRET_KEY not in environ:
        return None
    return static(
        checked(
            environ.get(ENV_SECRET_ID),
            environ.get(ENV_SECRET_KEY),
            environ.get(ENV_TOKEN) or None,
        )
    )
