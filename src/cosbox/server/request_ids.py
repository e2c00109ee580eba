"""The ids by which a request is found again in a log.

Both have the form that COS gives them: a request id is base64 of
``<8 hex unix seconds>_<hex>_<hex>_<hex>``, a trace id base64 of 128 hex digits.
"""

import itertools
import os
import secrets
import time
from base64 import b64encode
from binascii import b2a_base64
from typing import Final

_MACHINE: Final = secrets.randbits(32)
_numbers = itertools.count(secrets.randbits(24))


def new_request_id() -> str:
    """An id that no other request has."""
    text = f"{int(time.time()):08x}_{_MACHINE:x}_{os.getpid():x}_{next(_numbers):x}"
    return b2a_base64(text.encode(), newline=False).decode()


def new_trace_id() -> str:
    """An id for a request that failed."""
    return b64encode(secrets.token_hex(64).encode()).decode()
