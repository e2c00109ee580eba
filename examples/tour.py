"""The tour: store real files, look at them, read them back, and compare every one.

First in a folder, inside this process, then on a server that is started for it::

    python examples/tour.py

The files are those of Python's standard library, or of a folder that is named behind it. It needs
`pip install 'cosbox[all]'`, leaves nothing behind, and ends with status 0 if every byte came back
as it went in.
"""

import hashlib
import signal
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import FrameType

from server_process import Server
from showing import Show

import cosbox

APPID = "1250000000"
BUCKET = f"tour-{APPID}"
PAGE = 1000
INSTALLED = {"site-packages", "dist-packages"}  # what pip brought, no part of the library

Digests = dict[str, bytes]


def main() -> int:
    """Take the tour twice; 0 if all went well, 1 if anything differed."""
    # An end that is asked for is an end like any other: what was begun is cleaned up.
    signal.signal(signal.SIGTERM, end)
    show = Show()
    source = Path(sys.argv[1] if len(sys.argv) > 1 else sysconfig.get_path("stdlib"))
    files = files_below(source)
    show.title(f"{len(files)} files, from {source}")

    with tempfile.TemporaryDirectory(prefix="cosbox-tour-") as scratch:
        folder = Path(scratch, "embedded")
        show.chapter("1. A folder, inside this process", f'cosbox.open("{folder.name}")')
        with cosbox.open(folder, appid=APPID) as client:
            right = tour(client, files, show)

        with Server(Path(scratch, "served"), APPID) as server:
            conf = cosbox.CosConfig(
                Endpoint=server.address, SecretId=server.secret_id, SecretKey=server.secret_key
            )
            show.chapter("2. A server, over HTTP", f'CosConfig(Endpoint="{server.address}", ...)')
            with cosbox.CosS3Client(conf) as client:
                right = tour(client, files, show) and right

    show.end(right)
    return 0 if right else 1


def files_below(folder: Path) -> dict[str, Path]:
    """Every file below a folder by its key; links, and what pip installed, are left out."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not INSTALLED.intersection(path.relative_to(folder).parts)
    }


def tour(client: cosbox.CosS3Client, files: dict[str, Path], show: Show) -> bool:
    """All the steps, with one client."""
    client.create_bucket(Bucket=BUCKET)
    show.step(f"create_bucket: {BUCKET}")

    digests = store(client, files, show)
    right = walk(client, files, show)
    right = ask(client, files, show) and right
    right = compare(client, files, digests, show) and right
    refuse(client, show)
    return right


def store(client: cosbox.CosS3Client, files: dict[str, Path], show: Show) -> Digests:
    """put_object for every file; returns what their contents hash to."""

    def put(key: str) -> tuple[int, bytes]:
        content = files[key].read_bytes()
        client.put_object(
            Bucket=BUCKET, Body=content, Key=key, Metadata={"x-cos-meta-from": "tour"}
        )
        return len(content), hashlib.sha256(content).digest()

    return show.all("put_object", put, files)


def compare(
    client: cosbox.CosS3Client, files: dict[str, Path], digests: Digests, show: Show
) -> bool:
    """get_object for every file, and whether all hash to what went in."""

    def get(key: str) -> tuple[int, bytes]:
        content = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return len(content), hashlib.sha256(content).digest()

    found = show.all("get_object", get, files)
    different = [key for key in files if found[key] != digests[key]]
    return show.check("every SHA-256 is the one that went in", not different, different)


def walk(client: cosbox.CosS3Client, files: dict[str, Path], show: Show) -> bool:
    """list_objects, first like a directory tree two levels deep, then everything."""
    tree = show.tree(f"{BUCKET}/")
    top, names = below(client, "")
    for folder in top:
        show.branch(tree, folder, [entry for each in below(client, folder) for entry in each])
    show.leaves(tree, names)
    show.show(tree)

    keys: list[str] = []
    marker = ""
    while True:
        page = client.list_objects(Bucket=BUCKET, Marker=marker, MaxKeys=PAGE)
        keys += [entry["Key"] for entry in page.get("Contents", [])]
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    wanted = sorted(files, key=str.encode)
    return show.check(f"list_objects names all {len(keys)} keys in order", keys == wanted)


def below(client: cosbox.CosS3Client, prefix: str) -> tuple[list[str], list[str]]:
    """Folders and files right below a prefix (the first page of them)."""
    page = client.list_objects(Bucket=BUCKET, Prefix=prefix, Delimiter="/")
    folders = [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
    return folders, [entry["Key"] for entry in page.get("Contents", [])]


def ask(client: cosbox.CosS3Client, files: dict[str, Path], show: Show) -> bool:
    """Ranges and conditions, of the largest file."""
    key = max(files, key=lambda key: files[key].stat().st_size)
    etag = client.head_object(Bucket=BUCKET, Key=key)["ETag"]

    part = client.get_object(Bucket=BUCKET, Key=key, Range="bytes=5-24")
    same = part["Body"].read() == files[key].read_bytes()[5:25]
    right = show.check(f"206: Range='bytes=5-24' of {key} gives {part['Content-Range']}", same)

    code = refusal(client, key, IfNoneMatch=etag)
    right = show.check(f"304: IfNoneMatch={etag} gives {code}", code == "NotModified") and right

    code = refusal(client, key, IfMatch='"another"')
    text = f"412: IfMatch='\"another\"' gives {code}"
    return show.check(text, code == "PreconditionFailed") and right


def refusal(client: cosbox.CosS3Client, key: str, **conditions: str) -> str:
    """The code with which a request is refused; empty if it is not."""
    try:
        client.get_object(Bucket=BUCKET, Key=key, **conditions)["Body"].close()
    except (cosbox.NotModifiedError, cosbox.PreconditionError) as error:
        return error.get_error_code()
    return ""


def refuse(client: cosbox.CosS3Client, show: Show) -> None:
    """What an error looks like."""
    try:
        client.get_object(Bucket=BUCKET, Key="no/such/file.py")
    except cosbox.CosServiceError as error:
        show.step(f"a request that is refused: {type(error).__name__}")
        show.detail(str(error))


def end(number: int, _frame: FrameType | None) -> None:
    """Leave as if the program had come to its end."""
    sys.exit(128 + number)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
