"""Write src/cosbox/client/types.py, the options and results of every call, from the table.

python tools/generate_types.py           write the file
python tools/generate_types.py --check   fail if it is not what would be written
"""

import keyword
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from cosbox.protocol.operations import OPERATIONS
from cosbox.protocol.schema import Kind, Node, Operation, Param, Place, Returns

TARGET = Path(__file__).resolve().parent.parent / "src" / "cosbox" / "client" / "types.py"

_HEAD = '''"""The options and results of every call, as types.

Written by tools/generate_types.py from the operation table; change the table and run it again.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from cosbox.client.stream import StreamBody


class CopySourceArgument(TypedDict):
    """Where an object is copied from."""

    Bucket: str
    """The source's bucket."""
    Key: str
    """The source."""
    Region: NotRequired[str]
    """The bucket's region; the client's own when neither this nor Endpoint is given."""
    Endpoint: NotRequired[str]
    """Its endpoint, instead of Region."""
    Appid: NotRequired[str]
    """Appended to Bucket."""
    VersionId: NotRequired[str]
    """The source's version, in a versioned bucket."""
'''

_KINDS = {Kind.TEXT: "str", Kind.INTEGER: "int | str", Kind.BOOLEAN: "bool | str"}


def class_name(operation: Operation, suffix: str) -> str:
    """``PutObjectOptions`` for put_object."""
    return "".join(word.capitalize() for word in operation.name.split("_")) + suffix


class Module:
    """The text under construction. Pieces of documents that calls share stand in it once."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[Node, bool], str] = {}
        self._names: set[str] = set()
        self.parts: list[str] = [_HEAD]

    def add_options(self, operation: Operation) -> None:
        """The parameters of a call that are given by name."""
        fields = [
            (param.name, _option_type(param), param.doc)
            for param in operation.params
            if param.name not in {"Body", *operation.positional} and param.document is None
        ]
        doc = f"What `{operation.name}` takes by name."
        self._define(class_name(operation, "Options"), fields, doc, total=False)

    def add_documents(self, operation: Operation) -> None:
        """The dicts that a call takes by position."""
        for param in operation.params:
            if param.document is not None:
                self.shape(param.document, operation, request=True)

    def add_result(self, operation: Operation, prefix: str = "") -> None:
        """What a call returns; of the async client with the prefix ``Async``."""
        if operation.returns is Returns.NOTHING:
            return
        doc = f"What `{operation.name}` returns."
        fields = self._result_fields(operation, prefix)
        self._define(prefix + class_name(operation, "Result"), fields, doc, total=False)

    def _result_fields(self, operation: Operation, prefix: str = "") -> list[tuple[str, str, str]]:
        fields: list[tuple[str, str, str]] = []
        if operation.returns is Returns.STREAM:
            fields.append(("Body", f"{prefix}StreamBody", "The bytes."))
        fields += [(header.name, "str", header.doc) for header in operation.result_headers]
        node = operation.document
        if node is not None and node.children:
            fields += self._fields(node, operation, request=False)
        elif node is not None:
            fields.append((node.name, "str | None", node.doc))
        return fields

    def add_transfers(self) -> None:
        """What transfers return: the result of one call or of another, by the size."""
        for name, doc, names in (
            ("UploadFile", "`upload_file`", ("put_object", "complete_multipart_upload")),
            ("Copy", "`copy`", ("copy_object", "complete_multipart_upload")),
        ):
            fields = {
                field[0]: field
                for operation in (OPERATIONS[name] for name in names)
                for field in self._result_fields(operation)
            }
            self._define(
                f"{name}Result", list(fields.values()), f"What {doc} returns.", total=False
            )

    def shape(self, node: Node, operation: Operation, *, request: bool) -> str:
        """The name of the type of an element with children, defined on the way."""
        if (node, request) in self._shapes:
            return self._shapes[node, request]
        fields = self._fields(node, operation, request=request)
        suffix = "Argument" if request else "Entry"
        name = node.name + suffix
        if node.name in _AMBIGUOUS or name in self._names:
            name = class_name(operation, "") + name
        doc = node.doc or f"`{node.name}` of `{operation.name}`."
        self._define(name, fields, doc, total=request)
        self._shapes[node, request] = name
        return name

    def _fields(
        self, node: Node, operation: Operation, *, request: bool
    ) -> list[tuple[str, str, str]]:
        found = []
        for child in node.children:
            if child.children:
                kind = self.shape(child, operation, request=request)
            else:
                kind = _KINDS[child.kind] if request else "str"
            if child.many:
                kind = f"{'Sequence' if request else 'list'}[{kind}]"
            elif child.empty and not request:
                kind += " | None"
            if request and not child.required:
                kind = f"NotRequired[{kind}]"
            found.append((child.name, kind, child.doc))
        return found

    def _define(
        self, name: str, fields: list[tuple[str, str, str]], doc: str, *, total: bool
    ) -> None:
        self._names.add(name)
        plain = all(key.isidentifier() and not keyword.iskeyword(key) for key, _, _ in fields)
        write = _class if plain else _function
        self.parts.append("\n".join(write(name, fields, doc, total=total)) + "\n")


_AMBIGUOUS = frozenset({"Error", "Object", "Part", "Version", "Grant", "Bucket", "Buckets"})
"""Element names that say too little on their own."""


def _option_type(param: Param) -> str:
    return "Mapping[str, str]" if param.place is Place.METADATA else _KINDS[param.kind]


def _class(
    name: str, fields: list[tuple[str, str, str]], doc: str, *, total: bool
) -> Iterator[str]:
    yield f"\nclass {name}(TypedDict{'' if total else ', total=False'}):"
    yield f'    """{doc}"""'
    if fields:
        yield ""
    for key, kind, text in fields:
        yield f"    {key}: {kind}"
        if text:
            yield from _quoted(text)


def _quoted(text: str) -> list[str]:
    lines = textwrap.wrap(text.replace("\\", "\\\\"), 92, break_long_words=False)
    lines[0] = f'    """{lines[0]}'
    lines[-1] += ' """' if lines[-1].endswith('"') else '"""'
    return [lines[0], *(f"    {line}" for line in lines[1:])]


def _function(
    name: str, fields: list[tuple[str, str, str]], doc: str, *, total: bool
) -> Iterator[str]:
    yield f"\n{name} = TypedDict("
    yield f'    "{name}",'
    yield "    {"
    for key, kind, text in fields:
        if text:
            yield from (f"        # {line}" for line in textwrap.wrap(text, 88))
        yield f'        "{key}": {kind},'
    yield "    },"
    if not total:
        yield "    total=False,"
    yield ")"
    yield f'"""{doc}"""'


def generate() -> str:
    """The text of the module."""
    module = Module()
    for operation in OPERATIONS.values():
        module.add_documents(operation)
        module.add_options(operation)
        module.add_result(operation)
    module.add_transfers()
    return "\n".join(module.parts)


def main(arguments: list[str]) -> int:
    """Write the file, or compare it."""
    text = generate()
    if "--check" in arguments:
        if TARGET.read_text(encoding="utf-8") == text:
            return 0
        print(f"{TARGET.name} is out of date: run python tools/generate_types.py")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
