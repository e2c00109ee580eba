"""The checker tells stories that are possible from stories that are not."""

import pytest

from support.linear import Event, is_linearizable


def test_nothing_is_possible():
    assert is_linearizable([])


POSSIBLE = {
    "one after another": [
        Event(0, 1, "write", "a"), Event(2, 3, "read", "a"), Event(4, 5, "delete"),
        Event(6, 7, "read", None),
    ],
    "a read beside a write sees either": [
        Event(0, 10, "write", "a"), Event(1, 2, "read", None), Event(3, 4, "read", "a"),
    ],
    "of two creators one wins": [
        Event(0, 10, "create", "a"), Event(1, 9, "create", "b", done=False),
        Event(11, 12, "read", "a"),
    ],
}  # fmt: skip
IMPOSSIBLE = {
    "a lost write": [Event(0, 1, "write", "a"), Event(2, 3, "read", None)],
    "an old value comes back": [
        Event(0, 1, "write", "a"), Event(2, 3, "write", "b"), Event(4, 5, "read", "a"),
    ],
    "seen, and then not seen": [
        Event(0, 10, "write", "a"), Event(1, 2, "read", "a"), Event(3, 4, "read", None),
    ],
    "two creators win": [Event(0, 10, "create", "a"), Event(1, 9, "create", "b")],
    "refused although absent": [Event(0, 1, "create", "a", done=False)],
    "a value that nobody wrote": [Event(0, 10, "write", "a"), Event(1, 2, "read", "b")],
}  # fmt: skip


@pytest.mark.parametrize("events", POSSIBLE.values(), ids=list(POSSIBLE))
def test_a_possible_story(events):
    assert is_linearizable(events)


@pytest.mark.parametrize("events", IMPOSSIBLE.values(), ids=list(IMPOSSIBLE))
def test_an_impossible_story(events):
    assert not is_linearizable(events)
