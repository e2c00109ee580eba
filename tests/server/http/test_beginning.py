"""Coroutines that are begun before they are a task."""

import asyncio

import pytest

from cosbox.server.http.beginning import begin


class Story:
    """What a coroutine went through, and the futures that it waits for."""

    def __init__(self, *waits, swallow=False):
        self.events = []
        self.waits = waits
        self.swallow = swallow

    async def run(self):
        self.events.append("began")
        try:
            for wait in self.waits:
                self.events.append(await wait)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            if not self.swallow:
                raise
        except ValueError as error:
            self.events.append(f"caught {error}")
        finally:
            self.events.append("ended")


def test_what_need_not_wait_is_done_at_once_and_makes_no_task():
    async def main():
        story = Story()
        assert begin(story.run(), asyncio.get_running_loop()) is None
        assert story.events == ["began", "ended"]

    asyncio.run(main())


def test_what_waits_goes_on_in_a_task():
    async def main():
        loop = asyncio.get_running_loop()
        first, second = loop.create_future(), loop.create_future()
        story = Story(first, asyncio.sleep(0, "slept"), second)
        task = begin(story.run(), loop)
        assert story.events == ["began"]
        first.set_result("one")
        await asyncio.sleep(0.01)
        assert story.events == ["began", "one", "slept"]
        second.set_exception(ValueError("two"))
        await task
        assert story.events == ["began", "one", "slept", "caught two", "ended"]

    asyncio.run(main())


@pytest.mark.parametrize("turns", [0, 1, 3])
@pytest.mark.parametrize("swallow", [False, True])
def test_a_task_that_is_cancelled_ends_what_has_begun(turns, swallow):
    """Also before its first step."""

    async def main():
        loop = asyncio.get_running_loop()
        story = Story(loop.create_future(), swallow=swallow)
        task = begin(story.run(), loop)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() is not swallow
        assert story.events == ["began", "cancelled", "ended"]

    asyncio.run(main())


def test_what_it_raises_at_once_is_raised_here_and_later_in_the_task():
    async def fail(wait):
        if wait is not None:
            await wait
        raise ValueError("no")

    async def main():
        loop = asyncio.get_running_loop()
        with pytest.raises(ValueError, match="no"):
            begin(fail(None), loop)
        with pytest.raises(ValueError, match="no"):
            await begin(fail(asyncio.sleep(0)), loop)

    asyncio.run(main())


def test_in_the_task_it_is_the_current_one():
    async def main():
        loop = asyncio.get_running_loop()
        seen = []

        async def look():
            await asyncio.sleep(0)
            seen.append(asyncio.current_task())

        task = begin(look(), loop)
        await task
        assert seen == [task]

    asyncio.run(main())
