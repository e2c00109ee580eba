"""The message for a name that does not exist: with the one that was probably meant."""

from collections.abc import Iterable


def unknown_name(message: str, name: object, known: Iterable[str]) -> str:
    """``message``, and the nearest of the ``known`` names if one is near.

    >>> unknown_name("no parameter 'VesionId'", "VesionId", ["VersionId", "Range"])
    "no parameter 'VesionId'; did you mean 'VersionId'?"
    """
    from difflib import get_close_matches  # noqa: PLC0415 - for those who err

    lower = {item.lower(): item for item in known}
    near = get_close_matches(str(name).lower(), lower, n=1, cutoff=0.6)
    return f"{message}; did you mean {lower[near[0]]!r}?" if near else message
