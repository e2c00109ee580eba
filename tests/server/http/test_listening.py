"""The number of connections that fits the process."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("files", "connections", "transfers"), [(6000, 4096, 512), (1024, 384, 192), (100, 26, 12)]
)
def test_connections_fit_the_limit_on_open_files(files, connections, transfers):
    code = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (64, {files}))\n"
        "from cosbox.server.http.listening import fitting\n"
        "from cosbox.server.http.limits import Limits\n"
        "limits = fitting(Limits())\n"
        "print(limits.connections, limits.transfers)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{connections} {transfers}\n"
