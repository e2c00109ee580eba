"""What one key is, to a client: a register, or with versions a pile of them.

Calls: ``("put", tag)`` writes; ``("add", tag)`` writes where nothing is; ``("get",)`` gives the tag
or None; ``("delete",)``; and with versions ``("get version", id)``, ``("remove", id)``, and
``("list",)``, which gives the ids that have a tag, oldest first.
"""

from support.linearizable import UNKNOWN, Impossible


def plain(state, call, result):
    """A key of a bucket without versions: its tag or None."""
    kind = call[0]
    if kind == "get":
        return _given(result, state, state)
    if kind == "add":
        _given(result, state is None, None)
        return call[1] if state is None else state
    _given(result, True, None)
    return call[1] if kind == "put" else None


def versioned(state, call, result):
    """A key of a bucket with versions: pairs of id and tag, oldest first; a delete marker has no
    tag. Writes give the id; one that was there already (``null``) is replaced.

    A write that broke off gives an id that nobody learned: its tag stands for it.
    """
    kind = call[0]
    if kind in {"put", "delete"}:
        made = ("unknown", call[1]) if result is UNKNOWN else result
        tag = call[1] if kind == "put" else None
        return (*_without(state, made), (made, tag))
    if kind == "get":
        return _given(result, state[-1][1] if state else None, state)
    if kind == "get version":
        return _given(result, dict(state).get(call[1]), state)
    if kind == "list":
        return _given(result, tuple(name for name, tag in state if tag is not None), state)
    _given(result, True, None)
    return _without(state, call[1])


def _without(state, made):
    return tuple(pair for pair in state if pair[0] != made)


def _given(result, expected, state):
    if result is not UNKNOWN and result != expected:
        raise Impossible
    return state
