"""Whether what concurrent clients saw can have happened one call after the other (Wing and Gong).

Each call is known by when it was made, when it returned, and what it returned. A history is
linearizable if every call can be given a moment between the two so that, in the order of these
moments, a model that does one call at a time returns the same. What holds for every key by itself
holds for all of them together, so each key is judged by itself.
"""

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple

UNKNOWN = object()
"""The result of a call that broke off: it was done at some time after it was made, or never."""


class Event(NamedTuple):
    """One call and what came of it; times on one clock."""

    made: float
    returned: float
    call: tuple
    result: Any


class Impossible(Exception):  # noqa: N818 - says what is the case
    """In this state the call does not return this."""


Model = Callable[[Any, tuple, Any], Hashable]
"""From a state, a call and its result to the next state; raises `Impossible`."""


def is_linearizable(history: Sequence[Event], model: Model, state: Hashable) -> bool:
    """Whether there is an order, from this state on."""
    events = [
        event._replace(returned=math.inf) if event.result is UNKNOWN else event
        for event in sorted(history, key=lambda event: event.made)
    ]
    required = sum(1 << number for number, each in enumerate(events) if each.result is not UNKNOWN)
    # States are reached by many orders of the same calls; each is gone on from once.
    seen = {(0, state)}
    stack = [(0, state)]
    while stack:
        done, state = stack.pop()
        if done & required == required:
            return True
        for number in _next(events, done):
            try:
                following = model(state, events[number].call, events[number].result)
            except Impossible:
                continue
            reached = (done | 1 << number, following)
            if reached not in seen:
                seen.add(reached)
                stack.append(reached)
    return False


def _next(events: Sequence[Event], done: int) -> Iterator[int]:
    """The calls that can come next: made before any that is not done returned."""
    first_return = math.inf
    for number, event in enumerate(events):
        if event.made > first_return:
            return
        if not done >> number & 1:
            first_return = min(first_return, event.returned)
            yield number
