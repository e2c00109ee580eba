"""The number of connections that fits the process."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("files", "connections"), [(5000, 4096), (1024, 768), (100, 50)])
def test_connections_fit_the_limit_on_open_files(files, connections):
    code = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (64, {files}))\n"
        "from cosbox.server.http.listening import fitting\n"
        "from cosbox.server.http.limits import Limits\n"
        "print(fitting(Limits()).connections)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == connections
