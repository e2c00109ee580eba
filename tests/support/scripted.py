"""A transport that answers by a script and keeps what it was sent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cosbox.client.config import CosConfig
from cosbox.client.runtime import Runtime
from cosbox.client.sync import CosS3Client
from cosbox.client.transports.base import HttpRequest, HttpResponse, Timeouts

BUCKET = "examplebucket-1250000000"
ID = "AKIDEXAMPLE0000000000000000000000000"
KEY = "SKEXAMPLE00000000000000000000000"
NOW = 1_700_000_000.25


@dataclass
class Sent:
    """One request as it went out."""

    request: HttpRequest
    timeouts: Timeouts
    body: bytes

    @property
    def signature(self) -> dict[str, str]:
        text = self.request.headers["authorization"]
        return dict(item.split("=", 1) for item in text.split("&"))


class Bytes:
    """The body of a streamed answer, handed over in pieces."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = list(pieces)
        self.closed = 0

    def read(self, size: int = -1) -> bytes:
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        if size < 0:
            return piece + self.read()
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
        return piece[:size]

    def close(self) -> None:
        self.closed += 1


Answer = HttpResponse | Exception | Callable[[Sent], HttpResponse]


@dataclass
class Script:
    """Plays its answers in order; an exception is raised instead."""

    answers: list[Answer]
    signs: bool = True
    sent: list[Sent] = field(default_factory=list)
    closed: bool = False

    def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        body = b""
        if request.body is not None:
            while chunk := request.body.read(1 << 16):
                body += chunk
        self.sent.append(Sent(request, timeouts, body))
        answer = self.answers.pop(0) if self.answers else ok()
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpResponse) else answer(self.sent[-1])

    def close(self) -> None:
        self.closed = True


def ok(
    headers: Iterable[tuple[str, str]] = (), body: bytes = b"", *, status: int = 200
) -> HttpResponse:
    """A successful answer."""
    return HttpResponse(status, [("x-cos-request-id", "id-1"), *headers], body)


def refused(status: int, code: str, *, request_id: str = "id-1") -> HttpResponse:
    """An answer with an error document."""
    document = f"<Error><Code>{code}</Code><Message>because</Message></Error>"
    headers = [("x-cos-request-id", request_id)] if request_id else []
    return HttpResponse(status, headers, document.encode())


class Time:
    """A clock that stands still unless it is slept on, and a luck that is always one half."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def runtime(self) -> Runtime:
        return Runtime(now=lambda: self.at, sleep=self.sleep, random=lambda: 0.5)


def client_of(
    *answers: Answer, retry: int = 3, time: Time | None = None, signs: bool = True, **config: Any
) -> tuple[CosS3Client, Script]:
    """A client of a script, with a frozen clock, and the script."""
    settings: dict[str, Any] = {"Region": "ap-guangzhou", "SecretId": ID, "SecretKey": KEY}
    settings.update(config)
    script = Script(list(answers), signs=signs)
    runtime = (time or Time()).runtime()
    return CosS3Client(CosConfig(**settings), retry, transport=script, runtime=runtime), script
