"""A client that does deeds and keeps account of them, and what it may find after a crash."""

import copy
import random
from collections.abc import Callable
from typing import Any

import cosbox
from support.crashing.deeds import Chooser, perform
from support.crashing.observing import observe
from support.crashing.world import Answer, Deed, World, apply, as_shown

BROKEN_OFF = (cosbox.TransportError,)
"""What a deed ends with whose server is gone."""

Note = Callable[[str, Any], None]


class Worker:
    """One client with buckets of its own.

    Attributes:
        world: what these hold, as far as it was promised.
        flying: the deed that was asked for and not answered.
        done: how many were.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.world: World = {}
        self.flying: Deed | None = None
        self.done = 0

    @property
    def buckets(self) -> list[str]:
        """The names of its buckets, whether there are any or not."""
        chooser = Chooser(self.name, random.Random())
        return [chooser.home, chooser.away]

    def run(
        self,
        client: Any,
        seed: int,
        go_on: Callable[[], bool],
        broken_off: tuple[type[BaseException], ...] = BROKEN_OFF,
        note: Note = lambda kind, value: None,
    ) -> None:
        """Do random deeds until told to stop, or until one breaks off.

        Args:
            client: to do them with; it must not repeat a request by itself.
            seed: of the choices.
            go_on: whether there should be another one.
            broken_off: what a deed raises whose server is gone.
            note: told of each deed before it is asked for, and of each answer.
        """
        chooser = Chooser(self.name, random.Random(seed))
        while go_on():
            deed = chooser.next(self.world)
            note("deed", deed)
            self.flying = deed
            try:
                answer = perform(client, deed)
            except broken_off:
                return
            note("answer", answer)
            self.settle(deed, answer)

    def settle(self, deed: Deed, answer: Answer) -> None:
        """Take note of what was promised."""
        apply(self.world, deed, answer)
        self.flying = None
        self.done += 1

    def take_note(self, kind: str, value: dict[str, Any]) -> None:
        """What a worker in another process told of itself."""
        if kind == "deed":
            self.flying = value
            return
        assert self.flying is not None
        self.settle(self.flying, value)

    def check(self, client: Any) -> None:
        """See that the store holds what was promised. What was asked for and not answered is
        wholly there or wholly absent; from then on that is known.

        Raises:
            AssertionError: it does not.
        """
        found = observe(client, self.buckets)
        if self.flying is not None and found != as_shown(self.world):
            after = copy.deepcopy(self.world)
            apply(after, self.flying, _learned(self.world, found, self.flying))
            if found == as_shown(after):
                self.world = after
                self.done += 1
        assert found == as_shown(self.world), _difference(self, found)
        self.flying = None


def _learned(before: World, found: World, deed: Deed) -> Answer:
    """The ids that a deed gave to what it made, as they were found."""
    old, new = before.get(deed["bucket"]), found.get(deed["bucket"])
    if old is None or new is None:
        return {}
    made = {
        key: version.id
        for key, versions in new.keys.items()
        for version in versions
        if version.id not in {each.id for each in old.keys.get(key, ())}
    }
    answer: Answer = {"markers": made}
    if deed.get("key") in made:
        answer["version"] = made[deed["key"]]
    for upload in new.uploads.keys() - old.uploads.keys():
        answer["upload"] = upload
    return answer


def _difference(worker: Worker, found: World) -> str:
    lines = [f"{worker.name}: the store does not hold what was promised"]
    lines.append(f"not answered: {worker.flying}")
    promises = as_shown(worker.world)
    for name in worker.buckets:
        promised, there = promises.get(name), found.get(name)
        if promised is None or there is None:
            if promised != there:
                lines.append(f"{name}: promised {promised}, found {there}")
            continue
        lines.extend(
            f"{name} {part}: promised {getattr(promised, part)}, found {getattr(there, part)}"
            for part in ("versioning", "public", "uploads")
            if getattr(promised, part) != getattr(there, part)
        )
        lines.extend(
            f"{name} {key}: promised {promised.keys.get(key)}, found {there.keys.get(key)}"
            for key in promised.keys | there.keys
            if promised.keys.get(key) != there.keys.get(key)
        )
    return "\n".join(lines)
