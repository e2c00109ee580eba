"""Whether what many clients saw of one key can be told as one story.

Wing and Gong's search with memory: take any operation that nothing still to be told had ended
before, see whether what it was answered fits the state, and go on from there.
"""

from typing import NamedTuple

ABSENT = None


class Event(NamedTuple):
    """One operation on one key.

    Attributes:
        begin: when it was asked for.
        end: when it was answered.
        kind: ``write``, ``create`` (a write that is refused where the key exists), ``delete`` or
            ``read``.
        value: what was written, or what was read.
        done: for ``create``: whether it was not refused.
    """

    begin: float
    end: float
    kind: str
    value: object = None
    done: bool = True


IMPOSSIBLE = object()


def step(state, event):
    """The state after an event, or IMPOSSIBLE where its answer does not fit."""
    match event.kind:
        case "write":
            return event.value
        case "delete":
            return ABSENT
        case "create":
            if event.done:
                return event.value if state is ABSENT else IMPOSSIBLE
            return state if state is not ABSENT else IMPOSSIBLE
        case _:
            return state if state == event.value else IMPOSSIBLE


def is_linearizable(events, initial=ABSENT):
    """Whether there is an order that explains every answer and respects what came before what."""
    events = sorted(events)
    everything = (1 << len(events)) - 1
    seen = set()
    stack = [(0, initial)]
    while stack:
        told, state = stack.pop()
        if told == everything:
            return True
        if (told, state) in seen:
            continue
        seen.add((told, state))
        earliest_end = min(event.end for index, event in enumerate(events) if not told >> index & 1)
        for index, event in enumerate(events):
            if told >> index & 1:
                continue
            if event.begin > earliest_end:
                break
            after = step(state, event)
            if after is not IMPOSSIBLE:
                stack.append((told | 1 << index, after))
    return False
