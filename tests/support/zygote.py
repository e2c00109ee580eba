"""Processes that begin at once: forked from one that has imported everything and done nothing.

What a process does is a function of `support.errands`; it can be killed at any moment.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path

_TESTS = Path(__file__).parent.parent


class Child:
    """A process that runs one function."""

    def __init__(self, pid, reader):
        self.pid = pid
        self.reader = reader
        self.killed = False

    def signal(self, number):
        """Send it a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self):
        self.killed = True
        self.signal(signal.SIGKILL)

    def ended(self, timeout=0):
        """Whether it ends in time."""
        return bool(select.select([self.reader], [], [], timeout)[0])

    def wait(self):
        """What the function returned; ``{"killed": True}`` when it was not to be; whatever it
        raised is ``{"raised": [names of its classes], "text": ...}``. Times are of the end."""
        with self.reader:
            text = self.reader.read()
        if not text:
            return {"killed": True, "at": time.monotonic()}
        return json.loads(text)


class Zygote:
    """Where children come from."""

    def __enter__(self):
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "support.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_TESTS), *sys.path])},
            )
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.wait(20)

    def run(self, function, **arguments):
        """Start a process for a function of `support.errands`."""
        reader, writer = os.pipe()
        order = json.dumps([function, arguments]).encode()
        socket.send_fds(self.socket, [len(order).to_bytes(4, "big") + order], [writer])
        os.close(writer)
        pid = int.from_bytes(self.socket.recv(4), "big")
        return Child(pid, os.fdopen(reader, "rb"))


def main():
    """Fork for each order that comes."""
    errands = importlib.import_module("support.errands")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    orders = socket.socket(fileno=int(sys.argv[1]))
    while True:
        data, descriptors, _, _ = socket.recv_fds(orders, 4, 1)
        if not data:
            return
        order = orders.recv(int.from_bytes(data, "big"), socket.MSG_WAITALL)
        pid = os.fork()
        if not pid:
            orders.close()
            _run(errands, order, descriptors[0])
        os.close(descriptors[0])
        orders.sendall(pid.to_bytes(4, "big"))


def _run(errands, order, descriptor):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    name, arguments = json.loads(order)
    try:
        outcome = {"returned": getattr(errands, name)(**arguments)}
    except BaseException as error:  # noqa: BLE001 - told to the parent
        kinds = [kind.__name__ for kind in type(error).__mro__]
        text = "".join(traceback.format_exception(error))
        outcome = {"raised": kinds, "text": text}
    outcome["at"] = time.monotonic()
    with os.fdopen(descriptor, "w") as writer:
        json.dump(outcome, writer)
    os._exit(0)


if __name__ == "__main__":
    main()
