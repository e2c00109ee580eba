"""The judge of histories: it accepts what can have happened and refuses what cannot."""

import random

import pytest

from support.linearizable import UNKNOWN, Event, is_linearizable
from support.registers import plain, versioned

PUT_A, PUT_B = ("put", "a"), ("put", "b")
GET, DELETE, ADD_C = ("get",), ("delete",), ("add", "c")

POSSIBLE = {
    "nothing": [],
    "one after the other": [
        Event(0, 1, PUT_A, True), Event(2, 3, GET, "a"), Event(4, 5, DELETE, True),
        Event(6, 7, GET, None),
    ],
    "a read beside a write sees the old": [Event(0, 9, PUT_A, True), Event(1, 2, GET, None)],
    "or the new": [Event(0, 9, PUT_A, True), Event(1, 2, GET, "a"), Event(3, 4, GET, "a")],
    "writes beside each other, in either order": [
        Event(0, 9, PUT_A, True), Event(0, 9, PUT_B, True), Event(10, 11, GET, "a"),
    ],
    "one of two that add": [
        Event(0, 9, ("add", "a"), True), Event(0, 9, ADD_C, False), Event(10, 11, GET, "a"),
    ],
    "added after a delete beside it": [
        Event(0, 1, PUT_A, True), Event(2, 9, DELETE, True), Event(3, 5, ADD_C, True),
    ],
    "broken off, and done much later": [
        Event(0, 1, PUT_A, UNKNOWN), Event(2, 3, GET, None), Event(4, 5, GET, "a"),
    ],
    "broken off, and never done": [Event(0, 1, PUT_A, UNKNOWN), Event(2, 3, GET, None)],
}  # fmt: skip

IMPOSSIBLE = {
    "never written": [Event(0, 1, GET, "a")],
    "a write that is lost": [Event(0, 1, PUT_A, True), Event(2, 3, GET, None)],
    "a stale read": [
        Event(0, 1, PUT_A, True), Event(2, 3, PUT_B, True), Event(4, 5, GET, "a"),
    ],
    "seen, and then not": [
        Event(0, 9, PUT_A, True), Event(1, 2, GET, "a"), Event(3, 4, GET, None),
    ],
    "two that add": [Event(0, 9, ("add", "a"), True), Event(0, 9, ADD_C, True)],
    "nothing there, and yet not added": [Event(0, 1, ADD_C, False)],
    "writes seen in two orders": [
        Event(0, 9, PUT_A, True), Event(0, 9, PUT_B, True), Event(1, 2, GET, "a"),
        Event(3, 4, GET, "b"), Event(5, 6, GET, "a"),
    ],
    "alive after its delete": [
        Event(0, 1, PUT_A, True), Event(2, 3, DELETE, True), Event(4, 5, GET, "a"),
    ],
    "broken off, and done twice": [
        Event(0, 1, PUT_A, UNKNOWN), Event(2, 3, GET, "a"), Event(4, 5, DELETE, True),
        Event(6, 7, GET, "a"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("history", POSSIBLE.values(), ids=POSSIBLE)
def test_possible(history):
    assert is_linearizable(history, plain, None)


@pytest.mark.parametrize("history", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_impossible(history):
    assert not is_linearizable(history, plain, None)


def test_versions():
    whole = [
        Event(0, 1, PUT_A, "v1"),
        Event(2, 3, PUT_B, "v2"),
        Event(4, 5, GET, "b"),
        Event(6, 7, DELETE, "v3"),
        Event(8, 9, GET, None),
        Event(10, 11, ("remove", "v3"), True),
        Event(12, 13, ("get version", "v1"), "a"),
        Event(14, 15, ("remove", "v2"), True),
        Event(16, 17, GET, "a"),
    ]
    assert is_linearizable(whole, versioned, ())
    for number in (2, 4, 6, 8):
        wrong = [*whole]
        wrong[number] = wrong[number]._replace(result="something else")
        assert not is_linearizable(wrong, versioned, ())


def test_a_long_history_with_one_lie():
    """Many calls at once, of a true register; then one read of it is exchanged."""
    chance = random.Random(7)
    state, events = None, []
    for number in range(400):
        call = chance.choice([("put", str(number)), GET, DELETE, ("add", str(number))])
        result = True
        if call == GET:
            result = state
        elif call[0] == "add" and state is not None:
            result = False
        elif call[0] == "delete":
            state = None
        else:
            state = call[1]
        events.append(
            Event(number - chance.random() * 6, number + chance.random() * 6, call, result)
        )
    assert is_linearizable(events, plain, None)
    reads = [n for n, each in enumerate(events) if each.call == GET and each.result]
    lie = reads[len(reads) // 2]
    events[lie] = events[lie]._replace(result=next(
        each.result for each in events if each.call == GET and each.result
    ))  # fmt: skip
    assert not is_linearizable(events, plain, None)
