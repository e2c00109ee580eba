"""Listings from their first page to their last, of both clients."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cosbox
from cosbox.client.paging import LISTINGS, versions_of
from cosbox.protocol.errors import CosClientError, NotFoundError, ParameterError
from cosbox.protocol.operations import OPERATIONS
from support.aio import async_client_of, run
from support.scripted import client_of, ok

BUCKET = "examplebucket-1250000000"
KEYS = sorted([*(f"a/{n:02}" for n in range(23)), "b", *(f"c/d/{n}" for n in range(7)), "z&<é"])


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with one bucket of `KEYS`, one with versions, and one with uploads."""
    folder = tmp_path_factory.mktemp("store")
    with cosbox.open(folder) as client:
        client.create_bucket(BUCKET)
        for key in KEYS:
            client.put_object(BUCKET, b"", key)
        yield client, folder


def collect(store, use, *, client_of_way):
    """What a walk gives, by the sync client or the async one."""
    client, folder = store
    if client_of_way == "sync":
        return list(use(client))

    async def walk():
        async with cosbox.open_async(folder) as client:
            return [item async for item in use(client)]

    return run(walk())


@pytest.fixture(params=["sync", "async"])
def walk(request, store):
    """Collects what a walk gives."""
    return lambda use: collect(store, use, client_of_way=request.param)


def test_the_table_names_what_the_operations_have():
    for name, listing in LISTINGS.items():
        operation = OPERATIONS[name]
        params = {param.name for param in operation.params}
        fields = {node.name for node in operation.document.children}
        assert {listing.size, *listing.markers.values()} <= params
        assert {"IsTruncated", *listing.markers, *listing.entries} <= fields
    listings = {name for name, op in OPERATIONS.items() if name.startswith("list_")}
    assert set(LISTINGS) == listings


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_all_objects_on_pages_of_any_size(walk, size):
    found = walk(lambda client: client.iter_objects(BUCKET, MaxKeys=size))
    assert [entry["Key"] for entry in found] == KEYS
    pages = walk(lambda client: client.paginate("list_objects", Bucket=BUCKET, MaxKeys=size))
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == KEYS
    assert len(pages) == -(-len(KEYS) // size)


def test_folders(walk):
    found = walk(lambda client: client.iter_objects(BUCKET, Delimiter="/", MaxKeys=1))
    assert [entry["Key"] for entry in found] == ["b", "z&<é"]
    assert walk(lambda client: client.iter_prefixes(BUCKET, MaxKeys=1)) == ["a/", "c/"]
    assert walk(lambda client: client.iter_prefixes(BUCKET, "c/")) == ["c/d/"]
    pages = walk(
        lambda client: client.paginate("list_objects", Bucket=BUCKET, Delimiter="/", MaxKeys=3)
    )
    assert [len(page.get("CommonPrefixes", [])) for page in pages] == [2, 0]


@pytest.mark.parametrize(
    ("limit", "options"),
    list(itertools.product([0, 1, 5, 23, 1000], [{}, {"MaxKeys": 2}, {"Prefix": "a/"}])),
)
def test_a_limit(walk, limit, options):
    expected = [key for key in KEYS if key.startswith(options.get("Prefix", ""))][:limit]
    found = walk(lambda client: client.iter_objects(BUCKET, limit=limit, **options))
    assert [entry["Key"] for entry in found] == expected
    pages = walk(
        lambda client: client.paginate("list_objects", Bucket=BUCKET, limit=limit, **options)
    )
    assert [entry["Key"] for page in pages for entry in page.get("Contents", [])] == expected


def test_a_limit_counts_objects_where_folders_are_left_out(walk):
    found = walk(lambda client: client.iter_objects(BUCKET, Delimiter="/", limit=1))
    assert [entry["Key"] for entry in found] == ["b"]
    assert walk(lambda client: client.iter_prefixes(BUCKET, limit=1)) == ["a/"]


def test_from_a_marker(walk):
    found = walk(lambda client: client.iter_objects(BUCKET, Marker="b", MaxKeys=3))
    assert [entry["Key"] for entry in found] == KEYS[KEYS.index("b") + 1 :]


def test_encoded_keys_stay_encoded_and_pages_go_on(walk):
    pages = walk(
        lambda client: client.paginate(
            "list_objects", Bucket=BUCKET, EncodingType="url", MaxKeys=1, Prefix="z"
        )
    )
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == ["z%26%3C%C3%A9"]
    pages = walk(
        lambda client: client.paginate(
            "list_objects", Bucket=BUCKET, EncodingType="url", MaxKeys=4, Marker="c"
        )
    )
    assert sum(len(page["Contents"]) for page in pages) == 8


def test_uploads_and_parts(walk, store):
    client, _ = store
    name = f"uploads{len(client.list_buckets()['Buckets']['Bucket'])}-1250000000"
    client.create_bucket(name)
    ids = [client.create_multipart_upload(name, f"key-{n % 3}")["UploadId"] for n in range(7)]
    for number in range(1, 6):
        client.upload_part(name, "key-0", b"x", number, ids[0])
    found = walk(lambda client: client.iter_uploads(name, MaxUploads=2))
    assert sorted(entry["UploadId"] for entry in found) == sorted(ids)
    assert len(walk(lambda client: client.iter_uploads(name, limit=3))) == 3
    parts = walk(lambda client: client.iter_parts(name, "key-0", ids[0], MaxParts=2))
    assert [part["PartNumber"] for part in parts] == ["1", "2", "3", "4", "5"]
    parts = walk(lambda client: client.iter_parts(name, "key-0", ids[0], 2, limit=2))
    assert [part["PartNumber"] for part in parts] == ["3", "4"]
    pages = walk(
        lambda client: client.paginate("list_multipart_uploads", Bucket=name, MaxUploads=3)
    )
    assert [len(page["Upload"]) for page in pages] == [3, 3, 1]


def test_buckets(walk, store):
    names = [entry["Name"] for entry in store[0].list_buckets()["Buckets"]["Bucket"]]
    assert [entry["Name"] for entry in walk(lambda client: client.iter_buckets())] == names
    pages = walk(lambda client: client.paginate("list_buckets", MaxKeys=1))
    assert [entry["Name"] for page in pages for entry in page["Buckets"]["Bucket"]] == names
    assert len(walk(lambda client: client.iter_buckets(limit=1))) == 1


# --------------------------------------------------------------------------------------------
# Versions


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_versions_and_markers_in_their_order(walk, store, size):
    client, _ = store
    name = f"v{size}x{len(client.list_buckets()['Buckets']['Bucket'])}-1250000000"
    client.create_bucket(name)
    client.put_object(name, b"null", "b")
    client.put_bucket_versioning(name, "Enabled")
    history = []
    for step in "pdpddp":
        if step == "p":
            history.append((False, client.put_object(name, b"", "b")["x-cos-version-id"]))
        else:
            history.append((True, client.delete_object(name, "b")["x-cos-version-id"]))
    client.delete_object(name, "a")
    client.put_object(name, b"", "c")
    found = walk(lambda client: client.iter_versions(name, MaxKeys=size))
    assert [entry["Key"] for entry in found] == ["a", *["b"] * 7, "c"]
    of_b = [(entry["IsDeleteMarker"], entry["VersionId"]) for entry in found if entry["Key"] == "b"]
    assert of_b == [*reversed(history), (False, "null")]
    assert [entry["IsLatest"] for entry in found] == ["true", "true", *["false"] * 6, "true"]
    few = walk(lambda client: client.iter_versions(name, limit=4, MaxKeys=size))
    assert few == found[:4]


ENTRY = st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(0, 2))


@settings(max_examples=200)
@given(st.lists(ENTRY, max_size=12), st.booleans())
def test_two_lists_are_merged_as_they_were_made(steps, has_ids):
    """Of a page whose entries are in order, the merged order is that order."""
    from cosbox.service.versions import stamp_to_id

    made, latest = [], set()
    ordered = sorted(enumerate(steps), key=lambda step: (step[1][0], -step[0]))
    for stamp, (key, marker, _) in ordered:
        entry = {
            "Key": key,
            "VersionId": stamp_to_id(stamp + 1) if has_ids else "",
            "IsLatest": "false" if key in latest else "true",
            "LastModified": f"2026-01-01T00:00:{stamp:02}.000Z",
        }
        latest.add(key)
        made.append({**entry, "IsDeleteMarker": marker})
    page = {
        name: [
            {field: value for field, value in entry.items() if field != "IsDeleteMarker"}
            for entry in made
            if entry["IsDeleteMarker"] is marker
        ]
        for name, marker in (("Version", False), ("DeleteMarker", True))
    }
    assert versions_of(page) == made


def test_of_one_moment_the_null_version_is_older():
    common = {"Key": "a", "IsLatest": "false", "LastModified": "2026-01-01T00:00:00.000Z"}
    null, marked = {**common, "VersionId": "null"}, {**common, "VersionId": "MTg0NDU"}
    page = {"Version": [null], "DeleteMarker": [marked]}
    assert [entry["VersionId"] for entry in versions_of(page)] == ["MTg0NDU", "null"]
    page = {"Version": [marked], "DeleteMarker": [null]}
    assert [entry["VersionId"] for entry in versions_of(page)] == ["MTg0NDU", "null"]


# --------------------------------------------------------------------------------------------
# What is refused, and what is asked


def test_mistakes_are_told_at_once():
    for client in (client_of()[0], async_client_of()[0]):
        with pytest.raises(ParameterError, match=r"did you mean 'list_objects'\?"):
            client.paginate("list_object", Bucket=BUCKET)
        with pytest.raises(ParameterError, match="lists"):
            client.paginate("put_object", Bucket=BUCKET)
        with pytest.raises(ParameterError, match="did you mean 'Prefix'"):
            client.paginate("list_objects", Bucket=BUCKET, Prefx="a")
        with pytest.raises(ParameterError, match="Bucket"):
            client.paginate("list_objects")
        with pytest.raises(ParameterError, match="limit"):
            client.iter_objects(BUCKET, limit=-1)


def page(*keys, more=False, marker=""):
    contents = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
    truncated = "<IsTruncated>true</IsTruncated>" if more else "<IsTruncated>false</IsTruncated>"
    marker = f"<NextMarker>{marker}</NextMarker>" if marker else ""
    text = f"<ListBucketResult>{truncated}{marker}{contents}</ListBucketResult>"
    return ok(body=text.encode())


def test_a_page_is_asked_for_when_it_is_needed():
    client, script = client_of(page("a", "b", more=True, marker="b"), page("c"))
    found = client.iter_objects(BUCKET)
    assert len(script.sent) == 0
    assert next(found)["Key"] == "a"
    assert next(found)["Key"] == "b"
    assert len(script.sent) == 1
    assert next(found)["Key"] == "c"
    assert "marker=b" in script.sent[1].request.target
    assert list(found) == []
    assert len(script.sent) == 2


def test_a_limit_is_sent_along():
    client, script = client_of(page("a", "b", more=True, marker="b"), page("c"))
    list(client.iter_objects(BUCKET, MaxKeys=2, limit=3))
    assert ["max-keys=2" in s.request.target for s in script.sent] == [True, False]
    assert "max-keys=1&" in script.sent[1].request.target + "&"


def test_a_store_that_leaves_out_the_marker():
    client, script = client_of(page("a", "b", more=True), page("c"))
    assert len(list(client.iter_objects(BUCKET))) == 3
    assert "marker=b" in script.sent[1].request.target


def test_a_store_that_does_not_come_to_an_end():
    client, _ = client_of(*[page("a", more=True, marker="a")] * 9)
    with pytest.raises(CosClientError, match="not after what"):
        list(client.iter_objects(BUCKET))
    client, _ = client_of(page(more=True))
    with pytest.raises(CosClientError, match="not after what"):
        list(client.iter_objects(BUCKET))


def test_what_a_call_raises_comes_while_walking(walk):
    with pytest.raises(NotFoundError):
        walk(lambda client: client.iter_objects("nothing-1250000000"))
