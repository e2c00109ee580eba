"""``cosbox serve`` from outside: the ready line, signals, workers, keys, and how it fails."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from cosbox.service.accounts import has_keys
from cosbox.storage.folder import open_folder
from support.rawhttp import wait_until
from support.serving import Serving, gone, signed


def test_the_ready_line_and_an_orderly_end(tmp_path):
    folder = tmp_path / "data"
    with Serving(folder) as serving:
        assert serving.line == f"cosbox: serving {folder} at http://127.0.0.1:{serving.port}\n"
        status, body = serving.get()
        assert status == 403
        assert b"<Code>AccessDenied</Code>" in body
        assert serving.end() == (0, "", "")
    with open_folder(folder, create=False) as store, store.records.read() as snapshot:
        assert snapshot.key_pair("AKIDtest").secret_key == "secretsecret"


def test_ctrl_c_is_an_orderly_end(tmp_path):
    with Serving(tmp_path / "data") as serving:
        assert serving.end(signal.SIGINT) == (0, "", "")


def test_a_pair_of_keys_is_made_and_shown_once(tmp_path):
    folder = tmp_path / "data"
    with Serving(folder, keys={}) as serving:
        status, out, err = serving.end()
    assert (status, out) == (0, "")
    shown = dict(line.split() for line in err.splitlines()[1:])
    with open_folder(folder, create=False) as store, store.records.read() as snapshot:
        assert has_keys(snapshot)
        pair = snapshot.key_pair(shown["SecretId:"])
        assert (pair.secret_key, pair.appid) == (shown["SecretKey:"], shown["APPID:"])
    with Serving(folder, keys={}) as serving:
        assert serving.end() == (0, "", "")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_under_way_is_finished(tmp_path, workers):
    with Serving(tmp_path / "data", "--workers", workers) as serving:
        assert serving.request("PUT", "/b-1250000000/")[0] == 200
        head = f"PUT /b-1250000000/key HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\n"
        for name, value in signed("PUT", "/b-1250000000/key").items():
            head += f"{name}: {value}\r\n"
        with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as slow:
            slow.sendall(head.encode() + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            assert slow.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            slow.sendall(b"he")
            serving.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not _accepts(serving.port))
            slow.sendall(b"llo")
            answer = b""
            while piece := slow.recv(65536):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"Connection: close" in answer
        assert serving.wait() == (0, "", "")
    with Serving(tmp_path / "data") as serving:
        assert serving.request("GET", "/b-1250000000/key") == (200, b"hello")


def _accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_workers_are_replaced_when_they_die(tmp_path):
    with Serving(tmp_path / "data", "--workers", "2") as serving:
        first = serving.workers()
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        for _ in range(20):
            assert serving.get()[0] == 403
        wait_until(lambda: len(set(serving.workers()) - {first[0]}) == 2)
        os.kill(first[1], signal.SIGKILL)
        assert serving.get()[0] == 403
        wait_until(lambda: len(set(serving.workers()) - set(first)) == 2)
        last = serving.workers()
        status, out, err = serving.end()
        assert (status, out) == (0, "")
        assert err.count("starting another") == 2
        assert all(gone(pid) for pid in last)


def test_workers_end_with_their_supervisor(tmp_path):
    with Serving(tmp_path / "data", "--workers", "2") as serving:
        workers = serving.workers()
        serving.process.kill()
        assert all(gone(pid) for pid in workers)


def run(*arguments, keys=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COSBOX_")}
    done = subprocess.run(
        [sys.executable, "-m", "cosbox.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment | (keys or {}),
    )
    return done.returncode, done.stdout, done.stderr


def test_a_port_in_use(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        status, out, err = run("serve", str(tmp_path / "data"), "--port", port)
    assert (status, out) == (1, "")
    assert (
        err.splitlines()[-1] == f"cosbox: cannot listen on 127.0.0.1:{port}: Address already in use"
    )
    assert "Traceback" not in err


def test_a_folder_that_holds_something_else(tmp_path):
    (tmp_path / "letter.txt").write_text("dear all")
    status, out, err = run("serve", str(tmp_path), "--port", "0")
    assert (status, out) == (1, "")
    assert err.startswith(f"cosbox: {tmp_path} is no store")
    assert len(err.splitlines()) == 1


def test_workers_that_cannot_start_are_not_started_forever(tmp_path, monkeypatch):
    import cosbox.server.http.supervisor as module
    from cosbox.server.http.listening import listen
    from cosbox.server.http.options import ServeOptions

    (tmp_path / "letter.txt").write_text("dear all")
    with listen("127.0.0.1", 0) as listener:
        supervisor = module.Supervisor(
            tmp_path, listener, ServeOptions(workers=2, log_level="critical"), on_ready=pytest.fail
        )
        with pytest.raises(module.WorkerFailed, match="before it was ready"):
            supervisor.run()


@pytest.mark.parametrize(
    "line",
    [
        *("", "serve", "fly", "serve x --port 99999", "serve x --workers 0"),
        *("serve x --body-timeout -1", "serve x --log-level loud", "serve x --port high"),
    ],
)
def test_wrong_use(line):
    status, out, err = run(*line.split())
    assert (status, out) == (2, "")
    assert "usage: cosbox" in err


def test_the_version():
    from cosbox._version import __version__

    assert run("--version") == (0, f"cosbox {__version__}\n", "")


def test_a_missing_extra_is_named(tmp_path):
    code = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from cosbox.cli.main import main\n"
        f"sys.exit(main(['serve', {str(tmp_path / 'data')!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "cosbox: the server needs uvicorn: pip install 'cosbox[server]'\n"


def test_other_addresses_are_warned_of(tmp_path):
    with Serving(tmp_path / "data", "--host", "0.0.0.0") as serving:
        assert serving.get()[0] == 403
        status, _, err = serving.end()
    assert status == 0
    assert err.startswith("cosbox: warning: 0.0.0.0 can be reached from other machines")


def test_the_access_log_goes_to_stderr_without_the_query(tmp_path):
    with Serving(tmp_path / "data", "--access-log") as serving:
        serving.get("/b-1/key?q-signature=TOPSECRET")
        status, out, err = serving.end()
    assert (status, out) == (0, "")
    assert '"GET /b-1/key" 4' in err
    assert "TOPSECRET" not in err
