"""What the guided fuzzer begins with, and accidents to that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.hostile import mutated
from support.unwired import SEEDS, Harness, seed, words


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    harness = Harness(tmp_path_factory.mktemp("unwired") / "store")
    yield harness
    harness.close()


def test_seeds(harness):
    """They reach what they are meant to reach."""
    statuses = [answer.status for request in SEEDS for answer in harness.serve(seed(*request))]
    assert len(statuses) == len(SEEDS)
    assert {200, 204, 400, 404, 409, 412} <= set(statuses)


def test_words():
    assert all(line[0] == line[-1] == '"' for line in words().splitlines())
    assert '"uploadId"' in words()


@settings(max_examples=settings.default.max_examples * 5)
@given(mutated(st.sampled_from([seed(*request) for request in SEEDS])))
def test_accidents(harness, data):
    harness.serve(data)
