"""Random sequences of every object operation, in all three states of versioning, against a model.

CI runs 20,000 steps. More by hand::

    COSBOX_MODEL_STEPS=1000000 pytest tests/service/test_store_model.py
"""

import hashlib
import os
import tempfile
from collections import Counter
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

import cosbox
from cosbox.storage.extents import unpack_extents
from support.model import ModelBucket, grouped

STEPS = int(os.environ.get("COSBOX_MODEL_STEPS", "20000"))
PART = 1024 * 1024

KEYS = st.sampled_from(["a", "a/b", "b/", "é/\U00010000"])
BODIES = st.one_of(
    st.binary(max_size=8), st.integers(0, 3).map(lambda n: bytes([n]) * (70_000 + n))
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "ContentType": st.sampled_from(["text/plain", "image/png"]),
        "CacheControl": st.just("no-cache"),
    },
)
BUCKETS = st.sampled_from(["one-1250000000", "two-1250000000"])
PICK = st.integers(0, 1_000_000)


SETTINGS = settings(
    max_examples=50,
    stateful_step_count=50,
    deadline=None,
    derandomize=False,
    phases=(Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


class StoreMachine(RuleBasedStateMachine):
    """The store and the model, side by side."""

    steps = 0

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.client = self.stack.enter_context(cosbox.open(folder))
        self.model = {}

    @initialize()
    def begin(self):
        for name in ("one-1250000000", "two-1250000000"):
            self.client.create_bucket(name)
            self.model[name] = ModelBucket()
        # Switched on at once in one of them, since histories are where mistakes hide.
        self.set_versioning("two-1250000000", "Enabled")

    def teardown(self):
        self.check_references()
        self.stack.close()

    def check_references(self):
        """Every blob is referred to exactly as often as it says, and none is forgotten."""
        counted = Counter()
        with self.client._transport._folder.records.read() as snapshot:
            for name in self.model:
                bucket = snapshot.bucket(name)
                rows = [
                    *(snapshot.current(bucket.id, row.key)
                      for row in snapshot.page(bucket.id, "", None, 1000)),
                    *(snapshot.past(bucket.id, row.key, row.stamp)
                      for row in snapshot.past_page(bucket.id, "", None, None, 1000)),
                    *(part for upload in snapshot.uploads_page(bucket.id, "", "", None, 1000)
                      for part in snapshot.parts(upload.id, 0, 1000)),
                ]  # fmt: skip
                for row in rows:
                    counted.update(extent.blob for extent in unpack_extents(row.extents))
            blobs = {blob.id: blob.refs for blob in snapshot.blobs_page(0, 100_000)}
        assert {blob: refs for blob, refs in blobs.items() if refs} == dict(counted)

    # ---- helpers

    def known_id(self, bucket, key, pick):
        """The id of some version of a key, or of none."""
        versions = self.model[bucket].keys.get(key, [])
        ids = [each.id for each in versions] + ["null"]
        return ids[pick % len(ids)]

    def made_id(self, bucket, result, name="x-cos-version-id"):
        if self.model[bucket].versioning == "Enabled":
            assert result[name] != "null"
            return result[name]
        assert name not in result or result[name] in {None, "null"}
        return "null"

    # ---- rules

    @rule(bucket=BUCKETS, status=st.sampled_from(["Enabled", "Suspended"]))
    def set_versioning(self, bucket, status):
        self.client.put_bucket_versioning(bucket, status)
        self.model[bucket].versioning = status

    @rule(bucket=BUCKETS, key=KEYS, body=BODIES, headers=HEADERS)
    def put(self, bucket, key, body, headers):
        result = self.client.put_object(bucket, body, key, **headers)
        assert result["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
        self.model[bucket].put(key, body, self.made_id(bucket, result), headers)

    @rule(bucket=BUCKETS, key=KEYS)
    def delete(self, bucket, key):
        result = self.client.delete_object(bucket, key)
        if not self.model[bucket].versioning:
            assert "x-cos-delete-marker" not in result
            self.model[bucket].delete(key, "")
            return
        assert result["x-cos-delete-marker"] == "true"
        if self.model[bucket].versioning == "Suspended":
            assert result["x-cos-version-id"] == "null"
        self.model[bucket].delete(key, result["x-cos-version-id"])

    @rule(bucket=BUCKETS, key=KEYS, pick=PICK)
    def delete_version(self, bucket, key, pick):
        version_id = self.known_id(bucket, key, pick)
        result = self.client.delete_object(bucket, key, VersionId=version_id)
        gone = self.model[bucket].delete_version(key, version_id)
        assert ("x-cos-delete-marker" in result) == bool(gone and gone.marker)

    @rule(bucket=BUCKETS, keys=st.lists(st.tuples(KEYS, st.none() | PICK), min_size=1, max_size=4))
    def delete_many(self, bucket, keys):
        items = [
            {"Key": key} if pick is None
            else {"Key": key, "VersionId": self.known_id(bucket, key, pick)}
            for key, pick in keys
        ]  # fmt: skip
        result = self.client.delete_objects(bucket, {"Object": items})
        assert "Error" not in result
        assert [each["Key"] for each in result["Deleted"]] == [each["Key"] for each in items]
        for item, told in zip(items, result["Deleted"], strict=True):
            if "VersionId" in item:
                gone = self.model[bucket].delete_version(item["Key"], item["VersionId"])
                assert ("DeleteMarker" in told) == bool(gone and gone.marker)
            else:
                self.model[bucket].delete(item["Key"], told.get("DeleteMarkerVersionId", ""))

    @rule(source=BUCKETS, key=KEYS, pick=st.none() | PICK, bucket=BUCKETS, to=KEYS,
          headers=st.none() | HEADERS)  # fmt: skip
    def copy(self, source, key, pick, bucket, to, headers):
        where = {"Bucket": source, "Key": key, "Region": "local"}
        if pick is not None:
            where["VersionId"] = self.known_id(source, key, pick)
        found = self.model[source].find(key, where.get("VersionId"))
        status = "Copy" if headers is None else "Replaced"

        def run():
            return self.client.copy_object(bucket, to, where, status, **(headers or {}))

        if found is None or found.marker:
            with pytest.raises(cosbox.CosServiceError) as caught:
                run()
            assert caught.value.get_error_code() in {
                "NoSuchKey", "NoSuchVersion", "InvalidCopySource",
            }  # fmt: skip
            return
        if (source, key) == (bucket, to) and headers is None and pick is None:
            with pytest.raises(cosbox.CosServiceError, match="InvalidRequest"):
                run()
            return
        result = run()
        assert result["ETag"] == f'"{found.etag}"'
        self.model[bucket].put(
            to, found.data, self.made_id(bucket, result, "VersionId"),
            found.headers if headers is None else headers, found.etag,
        )  # fmt: skip

    @rule(bucket=BUCKETS, key=KEYS)
    def begin_upload(self, bucket, key):
        upload_id = self.client.create_multipart_upload(bucket, key)["UploadId"]
        self.model[bucket].uploads[upload_id] = (key, {})

    def some_upload(self, bucket, pick):
        uploads = sorted(self.model[bucket].uploads)
        return uploads[pick % len(uploads)] if uploads else None

    @rule(bucket=BUCKETS, pick=PICK, number=st.integers(1, 3), fill=st.integers(0, 255))
    def upload_part(self, bucket, pick, number, fill):
        if upload_id := self.some_upload(bucket, pick):
            key, parts = self.model[bucket].uploads[upload_id]
            data = bytes([fill]) * (PART if number < 3 else 10)
            self.client.upload_part(bucket, key, data, number, upload_id)
            parts[number] = data

    @rule(bucket=BUCKETS, pick=PICK, keep=st.sets(st.integers(1, 3), min_size=1))
    def complete_upload(self, bucket, pick, keep):
        upload_id = self.some_upload(bucket, pick)
        if upload_id is None:
            return
        key, parts = self.model[bucket].uploads[upload_id]
        wanted = [
            {"PartNumber": number, "ETag": hashlib.md5(parts[number]).hexdigest()}
            for number in sorted(parts) if number in keep
        ]  # fmt: skip
        if not wanted:
            return
        result = self.client.complete_multipart_upload(bucket, key, upload_id, {"Part": wanted})
        data = b"".join(parts[item["PartNumber"]] for item in wanted)
        del self.model[bucket].uploads[upload_id]
        self.model[bucket].put(
            key, data, self.made_id(bucket, result), {}, result["ETag"].strip('"')
        )

    @rule(bucket=BUCKETS, pick=PICK)
    def abort_upload(self, bucket, pick):
        if upload_id := self.some_upload(bucket, pick):
            key, _ = self.model[bucket].uploads.pop(upload_id)
            self.client.abort_multipart_upload(bucket, key, upload_id)
            with pytest.raises(cosbox.NotFoundError, match="NoSuchUpload"):
                self.client.list_parts(bucket, key, upload_id)

    @rule(bucket=BUCKETS, key=KEYS, pick=st.none() | PICK)
    def read(self, bucket, key, pick):
        args = {} if pick is None else {"VersionId": self.known_id(bucket, key, pick)}
        expected = self.model[bucket].find(key, args.get("VersionId"))
        if expected is None or expected.marker:
            for call in (self.client.get_object, self.client.head_object):
                with pytest.raises(cosbox.NotFoundError):
                    call(bucket, key, **args)
            return
        answer = self.client.get_object(bucket, key, **args)
        assert answer["Body"].read() == expected.data
        head = self.client.head_object(bucket, key, **args)
        for told in (answer, head):
            assert told["ETag"] == f'"{expected.etag}"'
            assert told["Content-Length"] == str(len(expected.data))
            assert told.get("Cache-Control") == expected.headers.get("CacheControl")
            wanted = expected.headers.get("ContentType", "application/octet-stream")
            assert told["Content-Type"] == wanted
            if self.model[bucket].versioning:
                assert told["x-cos-version-id"] == expected.id
            else:
                assert "x-cos-version-id" not in told

    @rule(bucket=BUCKETS, prefix=st.sampled_from(["", "a", "b/", "é"]),
          delimiter=st.sampled_from(["", "/"]), size=st.integers(1, 5))  # fmt: skip
    def list_all_versions(self, bucket, prefix, delimiter, size):
        expected = grouped(
            self.model[bucket].all_versions(), prefix, delimiter, key=lambda item: item[0]
        )
        shown, markers = [], {}
        for _ in range(len(expected) + 2):
            page = self.client.list_objects_versions(
                bucket, prefix, delimiter, MaxKeys=size, **markers
            )
            shown.append(page)
            if page["IsTruncated"] == "false":
                break
            markers = {
                "KeyMarker": page["NextKeyMarker"],
                "VersionIdMarker": page.get("NextVersionIdMarker") or "",
            }
        else:
            pytest.fail("the listing does not end")
        seen = {
            (entry["Key"], entry["VersionId"] or "null", entry["IsLatest"] == "true", marker)
            for page in shown
            for kind, marker in (("Version", False), ("DeleteMarker", True))
            for entry in page.get(kind, [])
        }
        prefixes = [entry["Prefix"] for page in shown for entry in page.get("CommonPrefixes", [])]
        rows = [item for item in expected if not isinstance(item, str)]
        assert seen == {(key, each.id, latest, each.marker) for key, each, latest in rows}
        assert prefixes == [item for item in expected if isinstance(item, str)]
        counts = [sum(len(page.get(kind, [])) for kind in ("Version", "DeleteMarker",
                                                           "CommonPrefixes"))
                  for page in shown]  # fmt: skip
        assert all(count == size for count in counts[:-1])
        assert sum(counts) == len(expected)
        keys_in_order = [entry["Key"] for page in shown for entry in page.get("Version", [])]
        assert keys_in_order == [key for key, each, _ in rows if not each.marker]

    @rule(bucket=BUCKETS)
    def list_uploads(self, bucket):
        page = self.client.list_multipart_uploads(bucket)
        shown = [(entry["Key"], entry["UploadId"]) for entry in page.get("Upload", [])]
        assert shown == sorted(
            ((key, upload_id) for upload_id, (key, _) in self.model[bucket].uploads.items()),
            key=lambda pair: (pair[0].encode(), pair[1]),
        )

    @invariant()
    def listings_agree(self):
        StoreMachine.steps += 1
        for name, bucket in self.model.items():
            page = self.client.list_objects(name)
            shown = [(e["Key"], e["ETag"], e["Size"]) for e in page.get("Contents", [])]
            assert shown == [
                (key, f'"{version.etag}"', str(len(version.data)))
                for key, version in bucket.current()
            ]


@pytest.mark.timeout(0 if "COSBOX_MODEL_STEPS" in os.environ else 300)
def test_the_store_does_what_the_model_does():
    while StoreMachine.steps < STEPS:
        run_state_machine_as_test(StoreMachine, settings=SETTINGS)
