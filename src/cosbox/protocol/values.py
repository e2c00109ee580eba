"""What a caller may give where text is meant."""

from cosbox.protocol.errors import ParameterError

_MAX_BITS = 64  # no number that COS knows needs more, and str() refuses absurd ones


def as_text(name: str, value: object) -> str:
    """``value`` as text, if it is text, a number or a boolean.

    >>> as_text("Quiet", True), as_text("Days", 7)
    ('true', '7')

    Raises:
        ParameterError: it is something else, or has no UTF-8 form.
    """
    if isinstance(value, str):
        if not value.isascii():
            _check_unicode(name, value)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value.bit_length() > _MAX_BITS:
            raise ParameterError(f"{name} is a number of more than {_MAX_BITS} bits")
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise ParameterError(f"{name} is not UTF-8: {value[:80]!r}") from error
    raise ParameterError(f"{name} must be str, not {type(value).__name__}")


def _check_unicode(name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ParameterError(f"{name} is not valid Unicode: {text[:80]!r}") from error
