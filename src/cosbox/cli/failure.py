"""How a command says that it cannot."""


class CommandError(Exception):
    """Why a command failed, in one line for the user.

    Args:
        message: the line.
        status: the exit status: 1 for a failure, 2 for a wrong use.
    """

    def __init__(self, message: str, *, status: int = 1) -> None:
        super().__init__(message)
        self.status = status
