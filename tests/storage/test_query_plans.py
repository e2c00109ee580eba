"""Every statement that reads is asked for its plan: it seeks, and never walks or sorts."""

import pytest

from cosbox.storage.sqlite import queries, transaction
from cosbox.storage.sqlite.connections import connect

READS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in (queries, transaction)
    for name, statement in vars(module).items()
    if isinstance(statement, str) and statement.strip().startswith("SELECT")
}

WALKS = {
    # They return every row there is, of tables that stay small.
    "queries.ACCOUNTS",
    "transaction._LOAD",
    "transaction._RESERVATIONS",
    "transaction._RESERVATIONS_OF",
    # A part of other statements.
    "queries._UPLOAD",
}

EXPECTED = {
    "queries.PAGE": "SEARCH current USING PRIMARY KEY (bucket=? AND key>?)",
    "queries.PAGE_TO": "SEARCH current USING PRIMARY KEY (bucket=? AND key>? AND key<?)",
    "queries.CURRENT": "SEARCH current USING PRIMARY KEY (bucket=? AND key=?)",
    "queries.NULL_PAST": "SEARCH past USING INDEX past_null (bucket=? AND key=?)",
    "queries.NEWEST_PAST": "SEARCH past USING PRIMARY KEY (bucket=? AND key=?)",
    "queries.PAST_OF_KEY": "SEARCH past USING PRIMARY KEY (bucket=? AND key=? AND stamp<?)",
    "queries.BLOB": "SEARCH blob USING INTEGER PRIMARY KEY (rowid=?)",
    "transaction._GARBAGE": "SEARCH blob USING INDEX blob_garbage (garbage_since<?)",
}


@pytest.fixture
def plan(fresh_folder):
    connection = connect(fresh_folder.path / "records.db", cache_kib=100, readonly=True)

    def ask(statement):
        values = [None] * 9
        count = statement.count("?") if "?1" not in statement else 1
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values[:count])
        return [row[3] for row in rows]

    yield ask
    connection.close()


def test_there_are_statements():
    assert len(READS) > 25


@pytest.mark.parametrize("name", sorted(READS.keys() - WALKS))
def test_seeks_and_does_not_sort(plan, name):
    steps = [step for step in plan(READS[name]) if not step.startswith("SCALAR SUBQUERY")]
    for step in steps:
        assert step.startswith("SEARCH") or step == "SCAN CONSTANT ROW", (name, steps)
    assert len(steps) > 0


@pytest.mark.parametrize("name", EXPECTED)
def test_by_the_expected_index(plan, name):
    assert plan(READS[name]) == [EXPECTED[name]]


def test_the_check_can_fail(plan):
    assert plan("SELECT key FROM current ORDER BY modified") == [
        "SCAN current",
        "USE TEMP B-TREE FOR ORDER BY",
    ]
