"""Write the reference pages of the operations from the operation table.

python tools/generate_reference.py            writes docs/reference/
python tools/generate_reference.py --check    fails if a page is not what it would write
"""

import doctest
import sys
from pathlib import Path

from cosbox.client.sync import CosS3Client
from cosbox.protocol.codes import CODES
from cosbox.protocol.operations import OPERATIONS, SHARED_ERRORS
from cosbox.protocol.schema import Kind, Node, Operation, Param, Place, Returns, Scope

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"

TYPES = {Kind.TEXT: "str", Kind.INTEGER: "int", Kind.BOOLEAN: "bool"}
GIVES = {
    Returns.NOTHING: "Returns None.",
    Returns.HEADERS: "Returns a dict: the answer's headers.",
    Returns.DOCUMENT: "Returns a dict: the answer's XML.",
    Returns.BOTH: "Returns a dict: the answer's headers, and its XML.",
    Returns.STREAM: "Returns a dict: the answer's headers, and `Body`, a `StreamBody`.",
}
SHOWN_BY = {"complete_multipart_upload": "create_multipart_upload"}
CONVENIENCES = {"put_bucket_versioning": "put_bucket_versioning(Bucket, Status)"}


def main() -> int:
    """Write the pages, or compare them; 1 if one differs."""
    pages = {f"{name}.md": page(each) for name, each in OPERATIONS.items()}
    pages["README.md"] = index()
    if "--check" not in sys.argv:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return 0
    stale = [name for name, text in pages.items() if read(name) != text]
    stale += [path.name for path in FOLDER.glob("*.md") if path.name not in pages]
    for name in stale:
        print(f"docs/reference/{name} is stale: run python tools/generate_reference.py")
    return 1 if stale else 0


def read(name: str) -> str:
    """A page as it is; empty if there is none."""
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def index() -> str:
    """The list of all operations."""
    lines = [
        "# Operations",
        "",
        "Every call of the client and of the store.",
        "",
        "Made from the operation table in `src/cosbox/protocol/operations`; do not edit.",
        "",
        "| call | COS calls it | what it does |",
        "|---|---|---|",
    ]
    for name, each in sorted(OPERATIONS.items()):
        lines.append(f"| [`{name}`]({name}.md) | {each.title} | {each.doc} |")
    codes = ", ".join(f"`{code}`" for code in SHARED_ERRORS)
    lines += ["", f"Any call can be refused with {codes}.", ""]
    lines += ["## Error codes", "", "| code | status | message |", "|---|---|---|"]
    lines += [f"| `{code}` | {row.status} | {row.message} |" for code, row in CODES.items()]
    return "\n".join([*lines, ""])


def page(operation: Operation) -> str:
    """The page of one operation."""
    lines = [
        f"# {operation.name}",
        "",
        f"{operation.doc} COS calls it *{operation.title}* (product 436, page {operation.page}).",
        "",
        "```",
        CONVENIENCES.get(operation.name) or prototype(operation),
        "```",
        "",
        *example(operation),
        "## Request",
        "",
        f"`{operation.method} {url(operation)}`",
        "",
        *parameters(operation),
        "## Result",
        "",
        f"{GIVES[operation.returns]} Status {operation.status}.",
        "",
        *results(operation),
        "## Errors",
        "",
        "| code | status | when |",
        "|---|---|---|",
        *(f"| `{code}` | {CODES[code].status} | {CODES[code].message} |"
          for code in sorted(operation.errors)),
        "",
        "And those that [any call](README.md) can be refused with.",
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def prototype(operation: Operation) -> str:
    """The call as it is written in Python."""
    names = []
    if operation.scope is not Scope.SERVICE:
        names.append("Bucket")
    if operation.scope is Scope.OBJECT and "Key" not in operation.positional:
        names.append("Key")
    for name in operation.positional:
        known = next((param for param in operation.params if param.name == name), None)
        default = None if known is None or known.required else known.default
        optional = known is not None and not known.required
        names.append(f"{name}={default if default is not None else ''!r}" if optional else name)
    return f"{operation.name}({', '.join([*names, '**kwargs'])})"


def example(operation: Operation) -> list[str]:
    """The example of the client's method, which the tests run."""
    name = SHOWN_BY.get(operation.name, operation.name)
    text = getattr(CosS3Client, name).__doc__ or ""
    steps = doctest.DocTestParser().get_examples(text)
    lines = [line for step in steps for line in [*prompted(step.source), *step.want.splitlines()]]
    return ["```pycon", *lines, "```", ""] if lines else []


def prompted(source: str) -> list[str]:
    """A statement as it is typed at the prompt."""
    first, *rest = source.splitlines()
    return [f">>> {first}", *(f"... {line}" for line in rest)]


def url(operation: Operation) -> str:
    """The path and the query that select it."""
    path = "/<Key>" if operation.scope is Scope.OBJECT else "/"
    query = [operation.marker] if operation.marker else []
    query += [f"{name}=" for name in operation.selectors if not name.startswith("x-cos-")]
    return path + ("?" + "&".join(query) if query else "")


def parameters(operation: Operation) -> list[str]:
    """The table of parameters, and the shape of an XML body."""
    if not operation.params:
        return []
    lines = ["| parameter | travels as | type | required | meaning |", "|---|---|---|---|---|"]
    for param in operation.params:
        values = f" One of {', '.join(f'`{v}`' for v in param.values)}." if param.values else ""
        required = "yes" if param.required else "no"
        lines.append(
            f"| `{param.name}` | {travels(param)} | {kind(param)} | {required} |"
            f" {param.doc}{values} |"
        )
    for param in operation.params:
        if param.document is not None:
            lines += ["", f"`{param.name}`:", "", "```", *outline(param.document), "```"]
    return [*lines, ""]


def travels(param: Param) -> str:
    """Where a parameter goes."""
    match param.place:
        case Place.QUERY:
            return f"query `{param.wire}`"
        case Place.HEADER | Place.COPY_SOURCE:
            return f"header `{param.wire}`"
        case Place.METADATA:
            return "headers `x-cos-meta-*`"
        case Place.DOCUMENT:
            return "XML body"
        case _:
            return "body"


def kind(param: Param) -> str:
    """The type of a parameter."""
    if param.place in {Place.METADATA, Place.COPY_SOURCE, Place.DOCUMENT}:
        return "dict"
    return "bytes, file, iterable" if param.place is Place.BODY else TYPES[param.kind]


def results(operation: Operation) -> list[str]:
    """The headers worth naming, and the shape of the XML."""
    lines: list[str] = []
    if operation.result_headers:
        lines += ["| header | meaning |", "|---|---|"]
        lines += [f"| `{each.name}` | {each.doc} |" for each in operation.result_headers]
        lines.append("")
    if operation.document is not None:
        lines += ["The XML, as a dict:", "", "```", *outline(operation.document), "```", ""]
    return lines


def outline(node: Node, depth: int = 0) -> list[str]:
    """The shape of a document; `[]` marks what is a list."""
    many = "[]" if node.many else ""
    about = f"  {node.doc}" if node.doc else ""
    lines = [f"{'  ' * depth}{node.name}{many}{about}"]
    for child in node.children:
        lines += outline(child, depth + 1)
    return lines


if __name__ == "__main__":
    sys.exit(main())
