"""What tools/generate_async.py writes."""

import ast
import asyncio
import contextlib
import doctest
import importlib
import inspect
import io
import subprocess
import sys

import pytest

import cosbox
from cosbox.client.aio import methods
from cosbox.client.aio.client import AsyncCosS3Client
from cosbox.client.sync import CosS3Client

BUCKET = "examplebucket-1250000000"
NAMES = ("buckets", "listing", "multipart", "objects", "paging", "transfers")
MODULES = [importlib.import_module(f"{methods.__name__}.{name}") for name in NAMES]
EXAMPLES = [
    example
    for module in MODULES
    for example in doctest.DocTestFinder(exclude_empty=True).find(module)
    if example.examples
]


def test_it_is_what_the_tool_writes_now(pytestconfig):
    script = pytestconfig.rootpath / "tools" / "generate_async.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def public(kind):
    return {name: value for name, value in inspect.getmembers(kind) if not name.startswith("_")}


def test_both_clients_have_the_same_calls():
    ours, theirs = public(AsyncCosS3Client), public(CosS3Client)
    assert set(ours) == set(theirs)
    for name, method in theirs.items():
        mine, other = inspect.signature(ours[name]), inspect.signature(method)
        assert list(mine.parameters) == list(other.parameters), name
        for parameter in mine.parameters.values():
            before = other.parameters[parameter.name]
            assert (parameter.kind, parameter.default) == (before.kind, before.default), name


def test_what_waits_is_awaited_and_nothing_else_is():
    plain = {name for name, value in public(AsyncCosS3Client).items() if not is_async(value)}
    assert plain == {
        "get_auth",
        "get_conf",
        "get_object_url",
        "get_presigned_download_url",
        "get_presigned_url",
        "get_retry_exe_times",
        "iter_buckets",
        "iter_objects",
        "iter_parts",
        "iter_prefixes",
        "iter_uploads",
        "iter_versions",
        "paginate",
    }


def is_async(value):
    return inspect.iscoroutinefunction(value)


def test_every_method_has_its_example():
    with_example = {example.name.rpartition(".")[2] for example in EXAMPLES}
    without = {"complete_multipart_upload"}  # which names another's
    mine = {name for module in MODULES for kind in vars(module).values() for name in own(kind)}
    assert mine - with_example == without


def own(kind):
    if not (inspect.isclass(kind) and kind.__module__.startswith(methods.__name__)):
        return []
    return [
        name for name in vars(kind) if not name.startswith("_") and kind.__name__ != "AsyncCalls"
    ]


@pytest.mark.parametrize("test", EXAMPLES, ids=lambda test: test.name.rpartition(".")[2])
def test_the_examples_run(test, tmp_path):
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    checker = doctest.OutputChecker()
    with asyncio.Runner() as runner:
        client = runner.run(opened(tmp_path / "store"))
        names = {**test.globs, "client": client, "bucket": BUCKET, "folder": tmp_path}
        try:
            for example in test.examples:
                code = compile(example.source, test.name, "single", flags, dont_inherit=True)
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    value = eval(code, names)
                    if inspect.iscoroutine(value):
                        runner.run(value)
                assert checker.check_output(example.want, out.getvalue(), 0), (
                    example.source,
                    out.getvalue(),
                )
        finally:
            runner.run(client.close())


async def opened(folder):
    client = cosbox.open_async(folder)
    await client.create_bucket(Bucket=BUCKET)
    return client
