"""A server in a process of its own, for as long as a ``with`` block lasts."""

import os
import secrets
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

READY = "cosbox: serving "
PATIENCE = 30  # seconds for requests under way at the end


class Server:
    """``cosbox serve FOLDER`` on a free port, with keys of its own."""

    def __init__(self, folder: Path, appid: str) -> None:
        self.secret_id = f"AKID{secrets.token_hex(16)}"
        self.secret_key = secrets.token_urlsafe(24)
        environment = {
            **os.environ,
            "COSBOX_SECRET_ID": self.secret_id,
            "COSBOX_SECRET_KEY": self.secret_key,
            "COSBOX_APPID": appid,
        }
        command = [sys.executable, "-m", "cosbox.cli.main", "serve", str(folder), "--port", "0"]
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        try:
            self.address = self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(READY):
                return line.rpartition("http://")[2].strip()
        raise SystemExit(f"the server ended with status {self._process.wait()}")

    def close(self) -> None:
        """Ask it to end, and wait until it has."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
