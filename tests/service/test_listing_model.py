"""Listing equals a sorted dict, whatever the keys, prefixes, delimiters, markers and page sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosbox
from support.model import grouped

# Few letters, so that prefixes and groups occur; the ends of the planes, since UTF-8 order is not
# UTF-16 order; and what a careless upper bound would trip over.
LETTERS = st.sampled_from(["a", "b", "/", "//", "-", "\x00", "~", "é", "\ud7ff", "\ue000", "\uffff",
                           "\U00010000", "\U0010ffff"])  # fmt: skip
TEXTS = st.lists(LETTERS, max_size=5).map("".join)
KEYS = TEXTS.filter(lambda key: key.strip("/") and not key.startswith("/"))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with cosbox.open(tmp_path_factory.mktemp("store")) as client:
        yield client


@pytest.fixture(scope="module")
def numbers():
    return iter(range(10_000))


def fill(client, numbers, keys):
    bucket = f"listing{next(numbers)}-1250000000"
    if int(bucket[7:].split("-", maxsplit=1)[0]) >= 100:
        empty(client, f"listing{int(bucket[7:].split('-', maxsplit=1)[0]) - 100}-1250000000")
    client.create_bucket(bucket)
    for key in keys:
        client.put_object(bucket, b"", key)
    return bucket


def empty(client, bucket):
    keys = [entry["Key"] for entry in client.list_objects(bucket).get("Contents", [])]
    for key in keys:
        client.delete_object(bucket, key)
    client.delete_bucket(bucket)


@given(
    keys=st.sets(KEYS, max_size=25),
    prefix=TEXTS,
    delimiter=st.one_of(st.just(""), st.just("/"), TEXTS),
    size=st.integers(1, 10),
)
def test_pages_together_are_the_listing(client, numbers, keys, prefix, delimiter, size):
    bucket = fill(client, numbers, keys)
    ordered = sorted(keys, key=lambda key: key.encode())
    expected = grouped(ordered, prefix, delimiter)

    shown, marker = [], ""
    for _ in range(len(keys) + 2):
        page = client.list_objects(bucket, delimiter, marker, size, prefix)
        entries = sorted(
            [entry["Key"] for entry in page.get("Contents", [])]
            + [entry["Prefix"] for entry in page.get("CommonPrefixes", [])],
            key=lambda text: text.encode(),
        )
        assert len(entries) <= size
        shown += entries
        if page["IsTruncated"] == "false":
            assert "NextMarker" not in page
            break
        assert len(entries) == size
        marker = page["NextMarker"]
        assert marker == entries[-1]
    else:
        pytest.fail("the listing does not end")

    assert shown == expected


@given(keys=st.sets(KEYS, max_size=25), prefix=TEXTS, marker=TEXTS)
def test_a_marker_need_not_be_a_key(client, numbers, keys, prefix, marker):
    bucket = fill(client, numbers, keys)

    page = client.list_objects(bucket, Prefix=prefix, Marker=marker)

    ordered = sorted(keys, key=lambda key: key.encode())
    assert [entry["Key"] for entry in page.get("Contents", [])] == [
        key
        for key in ordered
        if key.startswith(prefix) and (not marker or key.encode() > marker.encode())
    ]
