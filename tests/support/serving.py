"""``cosbox serve`` as a process of its own."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cosbox.protocol.signing import Credential, sign

KEYS = {
    "COSBOX_SECRET_ID": "AKIDtest",
    "COSBOX_SECRET_KEY": "secretsecret",
    "COSBOX_APPID": "1250000000",
}
COMMAND = (sys.executable, "-m", "cosbox.cli.main")


def signed(method, path):
    """The headers that sign a request with `KEYS`."""
    now = int(time.time())
    credential = Credential(KEYS["COSBOX_SECRET_ID"], KEYS["COSBOX_SECRET_KEY"])
    signature = sign(credential, method, path, query={}, headers={}, start=now - 5, end=now + 300)
    fields = signature.fields().items()
    return {"Authorization": "&".join(f"{name}={value}" for name, value in fields)}


class Serving:
    """A server process; waits for the line that says where it is.

    Args:
        folder: to serve.
        options: of ``cosbox serve``.
        keys: in its environment.
        wait: for the line.
        wrapper: a command that the server's own is appended to.
        port: where it listens; 0 takes a free one.
    """

    def __init__(self, folder, *options, keys=KEYS, wait=True, wrapper=(), port=0):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COSBOX_")}
        self.process = subprocess.Popen(
            [*wrapper, *COMMAND, "serve", str(folder), "--port", str(port), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment | keys,
            text=True,
        )
        self.line = self.process.stdout.readline() if wait else ""
        self.port = int(self.line.rpartition(":")[2]) if self.line else 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def get(self, path="/"):
        """An anonymous request; returns status and body."""
        return self._ask("GET", path, {})

    def request(self, method, path):
        """A signed one."""
        return self._ask(method, path, signed(method, path))

    def _ask(self, method, path, headers):
        connection = self.connection()
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def end(self, number=signal.SIGTERM):
        """Send a signal; returns the exit status, and what was written to stdout and stderr."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        """The same, without a signal."""
        out, err = self.process.communicate(timeout=40)
        return self.process.returncode, out, err

    def kill(self):
        """SIGKILL to all of its processes."""
        # Stopped first, so that it makes no more of them meanwhile.
        self.process.send_signal(signal.SIGSTOP)
        workers = self.workers()
        self.process.kill()
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        self.process.wait()
        assert all(map(gone, workers))

    def workers(self):
        """The ids of the worker processes."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]


def gone(pid):
    """Whether a process ends before long."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False
