"""Write the calls of the async client from those of the sync client, so that nothing is written
twice: src/cosbox/client/methods/*.py become src/cosbox/client/aio/methods/*.py.

python tools/generate_async.py           write the files
python tools/generate_async.py --check   fail if one is not what would be written

A method that runs a flow becomes ``async def`` and awaits it; one that returns an iterator returns
an async iterator. The examples in docstrings are changed in the same way.
"""

import ast
import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import generate_types

from cosbox.protocol.operations import OPERATIONS

CLIENT = Path(__file__).resolve().parent.parent / "src" / "cosbox" / "client"
TARGET = CLIENT / "aio"
NAMES = ("buckets", "listing", "multipart", "objects", "paging", "transfers")

_RUNS = frozenset({"_call", "_run"})
_METHODS = "cosbox.client.methods.base import Calls"
_WORDS = (
    (_METHODS, "cosbox.client.aio.methods.base import AsyncCalls"),
    ("cosbox.client.sources import BodySource", "cosbox.client.aio.bodies import BodySource"),
    (r"\bBodySource\b", "AsyncBodySource"),
    (r"\bt\.GetObjectResult\b", "AsyncGetObjectResult"),
    (r"\ba `StreamBody`", "an `AsyncStreamBody`"),
    (r"\bIterator\b", "AsyncIterator"),
    (r"\bclass (\w+)\(Calls\)", r"class Async\1(AsyncCalls)"),
    (r"(that is an iterable of bytes)\.", r"\1, sync or async."),
)
_MARK = '''"""{first}

Written by tools/generate_async.py from cosbox/client/methods/{name}.py; change that and run it
again.
"""
'''
_TYPES = '''"""What only the async client's calls return, as types.

Written by tools/generate_async.py from the operation table; change the table and run it again.
"""

from typing import TypedDict

from cosbox.client.aio.stream import AsyncStreamBody'''
Edits = list[tuple[int, int, str]]
"""Insertions: line, column in bytes, text."""


def awaited_methods(trees: list[ast.Module]) -> set[str]:
    """The methods that run a flow, by themselves or by another of them."""
    functions = [
        node
        for tree in trees
        for kind in tree.body
        if isinstance(kind, ast.ClassDef)
        for node in kind.body
        if isinstance(node, ast.FunctionDef)
    ]
    found = set(_RUNS)
    while True:
        more = {
            function.name
            for function in functions
            if any(_is_call(node, "self", found) for node in ast.walk(function))
        }
        if more <= found:
            return found
        found |= more


def walking_methods(trees: list[ast.Module]) -> set[str]:
    """The methods that return an iterator."""
    return {
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and isinstance(node.returns, ast.Subscript)
        and ast.unparse(node.returns.value) == "Iterator"
    }


def _is_call(node: ast.AST, owner: str, names: set[str]) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == owner
        and node.func.attr in names
    )


def _is_body_read(node: ast.AST) -> bool:
    """``...["Body"].read()``"""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "read"
        and isinstance(node.func.value, ast.Subscript)
        and ast.unparse(node.func.value.slice) == "'Body'"
    )


def _awaits(tree: ast.AST, owner: str, names: set[str]) -> Iterator[tuple[int, int, str]]:
    """Where ``await`` goes, in parentheses where something is taken of the result."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not (_is_call(node, owner, names) or _is_body_read(node)):
            continue
        assert isinstance(node, ast.Call)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        inside = isinstance(parents.get(node), (ast.Subscript, ast.Attribute))
        yield node.lineno, node.col_offset, "(await " if inside else "await "
        if inside:
            yield node.end_lineno, node.end_col_offset, ")"


def _insert(text: str, edits: Edits) -> str:
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    # From the end, so that places stay; of two at one place, the outer one is found first.
    backwards = edits[::-1]
    for line, column, new in sorted(backwards, key=lambda edit: edit[:2], reverse=True):
        old = lines[line - 1]
        lines[line - 1] = old[:column] + new.encode() + old[column:]
    return b"".join(lines).decode()


def _example(source: str, awaited: set[str], walking: set[str]) -> str:
    """An example's statement, awaiting what the client's methods return."""
    tree = ast.parse(source)
    edits = list(_awaits(tree, "client", awaited))
    text = _insert(source, edits)
    for name in walking:
        text = re.sub(rf"\bfor (\w+) in client\.{name}\(", rf"async for \1 in client.{name}(", text)
    return text


def _docstring(text: str, awaited: set[str], walking: set[str]) -> str:
    """A docstring, or any text, with its examples changed."""
    lines = text.splitlines(keepends=True)
    walkers: set[str] = set()
    for example in doctest.DocTestParser().get_examples(text):
        source = _example(example.source, awaited, walking)
        assigned = re.match(rf"(\w+) = client\.({'|'.join(sorted(walking))})\(", source)
        if assigned:
            walkers.add(assigned[1])
        for name in walkers:
            source = re.sub(rf"\bfor (\w+) in {name}\b", rf"async for \1 in {name}", source)
        count = len(example.source.splitlines())
        for offset, line in enumerate(source.splitlines()):
            prompt = ">>> " if offset == 0 else "... "
            end = "\n" if line else ""
            lines[example.lineno + offset] = " " * example.indent + prompt + line + end
        assert len(source.splitlines()) == count
    return "".join(lines)


def convert(name: str, source: str, awaited: set[str], walking: set[str]) -> str:
    """The text of one module."""
    tree = ast.parse(source)
    edits: Edits = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in awaited:
            edits.append((node.lineno, node.col_offset, "async "))
    edits += _awaits(tree, "self", awaited)
    text = _insert(source, edits)
    text = _docstring(text, awaited, walking)
    for pattern, replacement in _WORDS:
        text = re.sub(pattern, replacement, text)
    if "AsyncGetObjectResult" in text:
        text = text.replace(
            "from cosbox.client import types as t\n",
            "from cosbox.client import types as t\n"
            "from cosbox.client.aio.types import AsyncGetObjectResult\n",
        )
    first = (ast.get_docstring(tree) or "").splitlines()[0]
    body = text[text.index('"""', 3) + 4 :]
    return _formatted(_MARK.format(first=first, name=name) + body, name)


def _formatted(text: str, name: str) -> str:
    ruff = [sys.executable, "-m", "ruff"]
    file = ["--stdin-filename", str(TARGET / "methods" / f"{name}.py"), "-"]
    for command in (
        ["check", "--quiet", "--select", "I", "--fix"],
        ["format", "--quiet", "--config", "format.docstring-code-format = true"],
    ):
        done = subprocess.run(
            [*ruff, *command, *file], input=text, capture_output=True, text=True, check=True
        )
        text = done.stdout
    return text


def result_types() -> str:
    """The text of aio/types.py: the results that differ from those of the sync client."""
    module = generate_types.Module()
    module.parts = [_TYPES]
    module.add_result(OPERATIONS["get_object"], prefix="Async")
    return "\n".join(module.parts)


def generate() -> dict[Path, str]:
    """The texts of all files."""
    sources = {name: (CLIENT / "methods" / f"{name}.py").read_text("utf-8") for name in NAMES}
    trees = [ast.parse(source) for source in sources.values()]
    awaited, walking = awaited_methods(trees), walking_methods(trees)
    texts = {
        TARGET / "methods" / f"{name}.py": convert(name, source, awaited, walking)
        for name, source in sources.items()
    }
    return {**texts, TARGET / "types.py": result_types()}


def main(arguments: list[str]) -> int:
    """Write the files, or compare them."""
    stale = [
        (path, text)
        for path, text in generate().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    for path, text in stale:
        if "--check" in arguments:
            print(f"{path.name} is out of date: run python tools/generate_async.py")
        else:
            path.write_text(text, "utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
