"""What `support.chaos` may do to a request, and who decides when."""

import itertools
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from urllib.parse import parse_qsl, unquote

DROP = "drop"
"""The connection ends before the store hears of the request."""
CUT = "cut"
"""It ends after a share of the request's body."""
LOSE = "lose"
"""It ends when the store has done what it was asked, before its answer."""
TRUNCATE = "truncate"
"""It ends after a share of the answer's body."""
DELAY = "delay"
"""The request waits for some seconds."""
REPEAT = "repeat"
"""The store gets the request twice; the client hears the second answer."""
SPOIL = "spoil"
"""A bit of the request's body is another one."""
SPOIL_ANSWER = "spoil answer"
"""A bit of the answer's body is another one."""
REFUSE = "refuse"
"""An error document instead of the store's answer; the store hears nothing."""
REFUSE_EARLY = "refuse early"
"""The same before the body was read; then the connection ends."""
REFUSE_DONE = "refuse done"
"""The same, though the store has done what it was asked."""
STALL = "stall"
"""For some seconds no byte of the request's body moves."""
STALL_ANSWER = "stall answer"
"""For some seconds no byte of the answer moves."""

ERRORS = ((500, "InternalError"), (503, "SlowDown"), (429, "TooManyRequests"))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: one of the above.
        share: of the body, where it happens.
        seconds: of DELAY and the STALLs.
        status: of the REFUSEs.
        code: of the REFUSEs.
        reset: whether connections end with an RST.
    """

    kind: str
    share: float = 0.5
    seconds: float = 0.05
    status: int = 503
    code: str = "SlowDown"
    reset: bool = False


@dataclass(slots=True)
class Seen:
    """One request that came by.

    Attributes:
        number: in the order of arrival, from 0.
        method: GET and so on.
        path: decoded, without the query.
        query: its parameters.
        headers: names in lower case.
        length: bytes of the body; -1 when it does not say.
        sent: how many of them went on to the store.
        status: of the store's answer; 0 when none was seen.
        answered: bytes of the answer's body that went to the client.
        delivered: the whole answer went to the client.
        fault: what was done to it.
    """

    number: int
    method: str
    path: str
    query: dict
    headers: dict
    length: int
    sent: int = 0
    status: int = 0
    answered: int = 0
    delivered: bool = False
    fault: Fault | None = None

    @property
    def part(self):
        """The number of the part; 0 for other requests."""
        return int(self.query.get("partNumber", 0))

    @property
    def range(self):
        """The first and the last byte that are asked for; None for all."""
        text = self.headers.get("range", "")
        if not text:
            return None
        first, _, last = text.partition("=")[2].partition("-")
        return int(first), int(last)

    @property
    def call(self):
        """The operation: the client's name for it."""
        copies = "x-cos-copy-source" in self.headers
        if self.path.count("/") < 2 or self.path.endswith("/"):
            return "list_multipart_uploads" if "uploads" in self.query else "bucket"
        if "uploads" in self.query:
            return "create_multipart_upload"
        if "partNumber" in self.query:
            return "upload_part_copy" if copies else "upload_part"
        if "uploadId" in self.query:
            return {"POST": "complete_multipart_upload", "DELETE": "abort_multipart_upload"}.get(
                self.method, "list_parts"
            )
        if self.method == "PUT":
            return "copy_object" if copies else "put_object"
        return {"GET": "get_object", "HEAD": "head_object", "DELETE": "delete_object"}[self.method]

    @classmethod
    def of(cls, number, head):
        """From a request's head as it was received."""
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        path, _, query = target.partition("?")
        headers = {}
        for each in lines:
            name, _, text = each.partition(":")
            headers[name.strip().lower()] = text.strip()
        length = int(headers.get("content-length", -1 if "transfer-encoding" in headers else 0))
        pairs = dict(parse_qsl(query, keep_blank_values=True))
        return cls(number, method, unquote(path), pairs, headers, length)


@dataclass
class Rules:
    """Faults by predicates: the first rule that fits a request, and has turns left, is applied."""

    rules: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault, on, times=1):
        """Do ``fault`` to the next ``times`` requests for which ``on(seen)``; on may be the name of
        a call."""
        fits = (lambda seen: seen.call == on) if isinstance(on, str) else on
        kind = Fault(fault) if isinstance(fault, str) else fault
        self.rules.append([fits, kind, itertools.repeat(None, times)])
        return self

    def __call__(self, seen):
        with self.lock:
            for fits, fault, turns in self.rules:
                if fits(seen) and next(turns, self) is None:
                    return fault
        return None


@dataclass
class Luck:
    """Faults by chance. What happens to a request hangs on the seed, on what is asked and on how
    often that was asked before, and not on which thread is first.

    Attributes:
        seed: of the chance.
        rate: how many requests have a fault, from 0 to 1.
        kinds: of the faults.
        spared: calls that have none, or the pairs of a call and a kind that do not meet.
        limit: so many faults, then none.
    """

    seed: str
    rate: float
    kinds: tuple
    spared: frozenset = frozenset()
    limit: int = 1_000_000
    asked: Counter = field(default_factory=Counter)
    done: Counter = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, seen):
        what = (seen.call, seen.part, seen.range)
        with self.lock:
            nth = self.asked[what]
            self.asked[what] += 1
            chance = Random(f"{self.seed} {what} {nth}")
            if self.done.total() >= self.limit or chance.random() >= self.rate:
                return None
            kind = chance.choice(self.kinds)
            if seen.call in self.spared or (seen.call, kind) in self.spared:
                return None
            self.done[kind] += 1
        # Who says SlowDown has not begun; only of a 500 nobody knows what it means.
        status, code = ERRORS[0] if kind == REFUSE_DONE else chance.choice(ERRORS)
        return replace(
            Fault(kind, share=chance.random(), status=status, code=code),
            seconds=chance.choice([0.01, 0.05, 0.2]),
            reset=chance.random() < 0.5,
        )
