"""Every prototype, request sample and response of the seed, to the letter."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from cosbox.client.sync import CosS3Client
from cosbox.client.transports.base import HttpResponse
from cosbox.protocol.answers import encode
from cosbox.protocol.errors import ParameterError
from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.schema import Returns
from support.scripted import Bytes, client_of, ok

SEED = (
    Path(__file__)
    .with_name("seed_samples.txt")
    .read_text(encoding="utf-8")
    .replace("COS_REGION", "ap-guangzhou")  # as a comment there asks the reader to do
)
SECTIONS = re.findall(r"^## (\w+)\(([^\n]*)\)\n(.*?)(?=^## |\Z)", SEED, re.MULTILINE | re.DOTALL)
PROTOTYPES = {name: prototype for name, prototype, _ in SECTIONS}
BLOCKS = [
    (name, block)
    for name, _, text in SECTIONS
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
]
SAMPLES = [(name, block) for name, block in BLOCKS if f"client.{name}(" in block]
RESPONSES = [(name, block) for name, block in BLOCKS if block.startswith("{")]


def numbered(blocks):
    """Test ids: the call, and which of its blocks."""
    return [f"{name}-{number}" for number, (name, _) in enumerate(blocks)]


def value_of(node):
    """What a sample's expression stands for: of alternatives, the first."""
    match node:
        case ast.Constant(value):
            return value
        case ast.BinOp(left, ast.BitOr(), _):
            return value_of(left)
        case ast.BinOp(left, ast.Mult(), right):
            return value_of(left) * value_of(right)
        case ast.Dict(keys, values):
            return {value_of(k): value_of(v) for k, v in zip(keys, values, strict=True)}
        case ast.List(items):
            return [value_of(item) for item in items]
        case ast.Name("uploadid"):
            return "exampleUploadId"
        case ast.Call(ast.Name("StreamBody")):
            return "StreamBody"
    raise AssertionError(ast.dump(node))


def arguments_of(name, block):
    [call] = [
        node
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == name
    ]
    assert not call.args
    return {keyword.arg: value_of(keyword.value) for keyword in call.keywords}


def answer_to(name):
    """An answer that makes sense for an operation."""
    operation = OPERATIONS.get(name, OPERATIONS["put_object"])
    if operation.returns is Returns.STREAM:
        return HttpResponse(200, [("Content-Length", "0")], stream=Bytes())
    if operation.document is not None:
        root = operation.document.name
        return ok(body=f"<{root}/>".encode())
    return ok(status=operation.status)


def test_the_seed_was_read():
    assert len(PROTOTYPES) == 17
    assert len(SAMPLES) == 32
    assert len(RESPONSES) == 15


@pytest.mark.parametrize("name", PROTOTYPES)
def test_positions_names_and_defaults(name):
    [function] = ast.parse(f"def f({PROTOTYPES[name]}):\n    pass").body
    assert isinstance(function, ast.FunctionDef)
    names = [argument.arg for argument in function.args.args]
    values = [value_of(default) for default in function.args.defaults]
    required = len(names) - len(values)
    expected = dict(zip(names, [inspect.Parameter.empty] * required + values, strict=True))
    parameters = list(inspect.signature(getattr(CosS3Client, name)).parameters.values())[1:]
    assert parameters[-1].kind is inspect.Parameter.VAR_KEYWORD
    found = {parameter.name: parameter.default for parameter in parameters[:-1]}
    assert list(found)[: len(names)] == names
    # A dict as a default would be shared by all calls.
    assert [found[each] for each in names] == [
        None if value == {} else value for value in expected.values()
    ]
    assert all(found[each] is not inspect.Parameter.empty for each in list(found)[len(names) :])


@pytest.mark.parametrize(("name", "block"), SAMPLES, ids=numbered(SAMPLES))
def test_request_samples(name, block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "local.txt").write_bytes(b"bytes")
    client, script = client_of(answer_to(name))
    arguments = arguments_of(name, block)
    if arguments.get("ContentLength"):
        with pytest.raises(ParameterError, match="ContentLength is 123"):
            getattr(client, name)(**arguments)
        arguments["ContentLength"] = str(len(arguments.get("Body", b"bytes")))
    if "VesionId" in arguments.get("CopySource", {}):
        with pytest.raises(ParameterError, match="did you mean 'VersionId'"):
            getattr(client, name)(**arguments)
        arguments["CopySource"]["VersionId"] = arguments["CopySource"].pop("VesionId")
    result = getattr(client, name)(**arguments)
    if name == "get_object":
        result["Body"].close()
    assert len(script.sent) == 1
    sent = script.sent[0]
    operation = OPERATIONS.get(name, OPERATIONS["put_object"])
    assert sent.request.method == operation.method
    wire = f"{sent.request.target} {sent.request.headers} {sent.body.decode()}".lower()
    for param in operation.params:
        if param.wire and param.name in arguments and param.name != "ContentLength":
            assert param.wire.lower() in wire


@pytest.mark.parametrize(("name", "block"), RESPONSES, ids=numbered(RESPONSES))
def test_responses(name, block):
    expected = value_of(ast.parse(block.strip(), mode="eval").body)
    operation = OPERATIONS.get(name, OPERATIONS["put_object"])
    expected.pop("Body", None)
    answer = encode(operation, expected)
    headers = [(key.lower(), text) for key, text in answer.headers.items()]
    stream = Bytes() if operation.returns is Returns.STREAM else None
    client, _ = client_of(HttpResponse(200, headers, answer.body, stream))
    arguments = {
        "Bucket": "examplebucket-1250000000",
        "Key": "exampleobject",
        "Body": b"",
        "UploadId": "id",
        "PartNumber": 1,
        "CopySource": {"Bucket": "examplebucket-1250000000", "Key": "a"},
        "Delete": {"Object": [{"Key": "a"}]},
        "MultipartUpload": {"Part": [{"ETag": "e", "PartNumber": 1}]},
        "LocalFilePath": "/dev/null",
    }
    method = getattr(client, name)
    wanted = set(inspect.signature(method).parameters)
    result = method(**{key: value for key, value in arguments.items() if key in wanted})
    result.pop("Body", None)
    if "Content-Type" not in expected:
        result.pop("Content-Type", None)
    # What the seed prints as None is an element that a store may leave out.
    assert result == {key: value for key, value in expected.items() if value is not None}


@pytest.mark.parametrize("name", ["restore_object", "abort_multipart_upload"])
def test_calls_that_return_nothing(name):
    client, _ = client_of(ok())
    arguments = {
        "restore_object": {"RestoreRequest": {"Days": 1}},
        "abort_multipart_upload": {"UploadId": "id"},
    }
    assert getattr(client, name)("b-125", "a", **arguments[name]) is None
