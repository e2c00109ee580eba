"""What the documents tell users to do works."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cosbox
from support.serving import Serving

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = ("README.md", "CONTRIBUTING.md")


GUIDES = sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))


def blocks(language, documents=DOCUMENTS):
    return [
        pytest.param(text, id=f"{name}-{number}")
        for name in documents
        for number, (kind, text) in enumerate(BLOCK.findall((ROOT / name).read_text()))
        if kind == language
    ]


def commands():
    lines = [line for block in blocks("sh") for line in block.values[0].splitlines()]
    found = [tuple(shlex.split(line, comments=True)) for line in lines]
    return [pytest.param(words, id=" ".join(words)) for words in dict.fromkeys(found) if words]


@pytest.mark.parametrize("code", blocks("python", [*DOCUMENTS, *GUIDES]))
def test_python_runs(code, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_example_prints_what_was_stored(tmp_path):
    code = blocks("python")[0].values[0]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "b'meow'\n"


@pytest.mark.parametrize("words", commands())
def test_command(words, tmp_path):
    runner = {
        "make": run_make, "pip": run_pip, "cosbox": run_cosbox, ".venv/bin/cosbox": run_cosbox,
        ".venv/bin/python": run_pytest,
    }  # fmt: skip
    words = list(words)
    while "=" in words[0]:
        assert is_read_by_a_test(words.pop(0).partition("=")[0])
    runner[words[0]](words[1:], tmp_path)


@pytest.mark.parametrize("script", blocks("sh", GUIDES))
def test_guides_can_be_followed(script, tmp_path):
    """In their order, on a store; what mounts a disk for backups has a folder here."""
    with cosbox.open(tmp_path / "data") as client:
        client.create_bucket("photos-1250000000")
        client.put_object("photos-1250000000", bytes(100_000), "cat")
    (tmp_path / "backups").mkdir()
    for line in script.replace("/mnt/backups", "backups").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            run_make(words[1:], tmp_path)
        elif words[:1] == ["cosbox"]:
            command = [sys.executable, "-m", "cosbox.cli.main", *words[1:]]
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
        else:
            assert words[:3] in ([], [".venv/bin/python", "-m", "benchmarks.run"]), line


def is_read_by_a_test(variable):
    """Whether a variable of the environment changes anything."""
    return any(variable in path.read_text() for path in ROOT.glob("tests/**/*.py"))


def run_make(arguments, _folder):
    """The target exists and make knows how to reach it; running it all is what CI does."""
    done = subprocess.run(
        ["make", "--dry-run", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def run_pip(arguments, _folder):
    assert arguments[0] == "install"
    extras = re.fullmatch(r"\.(?:\[(.+)\])?", arguments[1])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra in (extras[1] or "").split(",") if extras[1] else []:
        assert extra in project["optional-dependencies"]


def run_cosbox(arguments, folder):
    if "--help" in arguments:
        subprocess.run([sys.executable, "-m", "cosbox.cli.main", *arguments], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        return
    assert arguments[:2] == ["serve", "data"]
    options = arguments[2:]
    if "--port" in options:  # the one that is named may be taken
        at = options.index("--port")
        options = options[:at] + options[at + 2 :]
    with Serving(folder / "data", *options) as serving:
        assert serving.port


def run_pytest(arguments, _folder):
    assert arguments[:2] == ["-m", "pytest"]
    done = subprocess.run(
        [sys.executable, *arguments, "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_links_lead_somewhere():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
