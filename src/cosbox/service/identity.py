"""Who is asking."""

from typing import Final, NamedTuple


class Caller(NamedTuple):
    """An account, or nobody in particular.

    Attributes:
        appid: of the account; ``""`` for an anonymous caller.
        uin: of the account; ``""`` for an anonymous caller.
    """

    appid: str
    uin: str

    @property
    def anonymous(self) -> bool:
        """Whether the request carried no signature."""
        return not self.uin


ANONYMOUS: Final = Caller("", "")


def cam_id(uin: str) -> str:
    """The full id under which COS names a root account in access lists.

    >>> cam_id("100000000001")
    'qcs::cam::uin/100000000001:uin/100000000001'
    """
    return f"qcs::cam::uin/{uin}:uin/{uin}"
