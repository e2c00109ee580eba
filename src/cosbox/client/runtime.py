"""The clock, the patience and the luck of a client, in one place so that tests can set them."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple


class Runtime(NamedTuple):
    """What a client takes from the machine that it runs on.

    Attributes:
        now: seconds since 1970.
        sleep: waits for so many seconds.
        random: a number from 0 up to, and not, 1.
    """

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
