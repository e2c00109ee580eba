"""Something async, used as if it were not: a loop in a thread of its own does the waiting."""

import asyncio
import inspect
import io
import threading


class Awaited:
    """What ``make`` returns, made and used in a loop of its own.

    Coroutines are waited for, async iterators walked, and what has async methods itself is handed
    out in the same way: bodies, also those inside of results.
    """

    def __init__(self, make):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._made = self._do(_call(make))

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(120)

    def __getattr__(self, name):
        return _attribute(self, self._made, name)

    def close(self):
        """Close it, and end the loop."""
        try:
            self._do(_call(self._made.close))
            self._do(self._loop.shutdown_asyncgens())
            self._do(self._loop.shutdown_default_executor())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(20)
            self._loop.close()


class _Part:
    """Something async that a call returned."""

    def __init__(self, owner, part):
        self._owner = owner
        self._part = part

    def __getattr__(self, name):
        return _attribute(self._owner, self._part, name)

    def get_raw_stream(self):
        """The async body has none; a file of what it holds takes its place."""
        return io.BytesIO(self.read())

    def __len__(self):
        return len(self._part)

    def __bool__(self):
        return bool(self._part)

    def __iter__(self):
        walk = aiter(self._part)
        while True:
            try:
                yield self._owner._do(anext_of(walk))
            except StopAsyncIteration:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


async def anext_of(walk):
    return await anext(walk)


async def _call(function, *args, **kwargs):
    result = function(*args, **kwargs)
    return await result if inspect.isawaitable(result) else result


def _attribute(owner, target, name):
    value = getattr(target, name)
    if not callable(value):
        return value

    def call(*args, **kwargs):
        return _wrapped(owner, owner._do(_call(value, *_given(args), **_given(kwargs))))

    return call


def _given(arguments):
    """Arguments, of which an answer's body is handed over as what it is."""
    if isinstance(arguments, dict):
        return {name: _bare(value) for name, value in arguments.items()}
    return [_bare(value) for value in arguments]


def _bare(value):
    return value._part if isinstance(value, _Part) else value


def _wrapped(owner, value):
    if isinstance(value, dict):
        return {name: _wrapped(owner, item) for name, item in value.items()}
    if hasattr(value, "stream") and value.stream is not None:
        value.stream = _Part(owner, value.stream)
        return value
    is_async = hasattr(value, "__aiter__") or inspect.iscoroutinefunction(
        getattr(value, "read", None)
    )
    return _Part(owner, value) if is_async else value
