"""The table itself."""

from cosbox.protocol.operations import OPERATIONS, SUBRESOURCES
from cosbox.protocol.schema import Kind, Node, Place, Returns, Scope


def nodes(node: Node) -> list[Node]:
    return [node, *(inner for child in node.children for inner in nodes(child))]


def test_names_are_unique_and_parameters_are_spelt_once() -> None:
    for name, operation in OPERATIONS.items():
        assert operation.name == name
        params = [param.name for param in operation.params]
        assert len(params) == len(set(params))
        wires = [(param.place, param.wire) for param in operation.params if param.wire]
        assert len(wires) == len(set(wires))


def test_parameters_travel_where_they_say() -> None:
    for operation in OPERATIONS.values():
        for param in operation.params:
            assert bool(param.document) == (param.place is Place.DOCUMENT)
            assert bool(param.wire) == (
                param.place in {Place.QUERY, Place.HEADER, Place.COPY_SOURCE}
            )
            if param.place in {Place.HEADER, Place.COPY_SOURCE}:
                assert param.wire == param.wire.lower()
            if param.low is not None or param.high is not None:
                assert param.kind is Kind.INTEGER
            assert param.doc.endswith((".", "`")), (operation.name, param.name)


def test_what_can_be_given_by_position_exists() -> None:
    for operation in OPERATIONS.values():
        names = {param.name for param in operation.params} | {"Key"}
        assert set(operation.positional) <= names


def test_what_selects_an_operation_is_a_subresource() -> None:
    for operation in OPERATIONS.values():
        selecting = {operation.marker, *operation.selectors} - {""}
        assert {name for name in selecting if not name.startswith("x-cos-")} <= SUBRESOURCES
    assert not SUBRESOURCES & {"versionId", "prefix", "marker", "max-keys"}


def test_no_two_operations_answer_to_the_same_request() -> None:
    seen = set()
    for operation in OPERATIONS.values():
        names = frozenset({operation.marker, *operation.selectors})
        request = (operation.method, operation.scope, names)
        assert request not in seen
        seen.add(request)


def test_answers_have_a_document_where_they_say_so() -> None:
    for operation in OPERATIONS.values():
        assert bool(operation.document) == (operation.returns in {Returns.DOCUMENT, Returns.BOTH})
        assert operation.doc.endswith(".")
        assert operation.page > 0
        if operation.document:
            for node in nodes(operation.document):
                assert node.kind is Kind.TEXT  # clients get text, as the seed shows
                assert len({child.name for child in node.children}) == len(node.children)


def test_only_operations_on_objects_need_a_key() -> None:
    assert OPERATIONS["list_buckets"].scope is Scope.SERVICE
    assert OPERATIONS["list_objects"].scope is Scope.BUCKET
    assert OPERATIONS["put_object"].scope is Scope.OBJECT
