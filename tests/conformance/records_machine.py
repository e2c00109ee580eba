"""Random sequences of changes, done to the records and to a model made of dicts."""

import itertools

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cosbox.storage.extents import pack_extents, unpack_extents
from cosbox.storage.records import Records
from cosbox.storage.rows import Extent, Part, Summary
from support.stores import APPID, NOW, upload, version

_ALPHABET = ["a", "b", "/", "\0", "\x01", "é", "\uffff", "\U00010000"]
_KEYS = st.text(_ALPHABET, max_size=3)
_STOPS = st.none() | _KEYS
_LIMITS = st.integers(1, 6)
_names = itertools.count()


class _UndoneError(Exception):
    pass


def _summary(row):
    return Summary(*[getattr(row, name) for name in Summary._fields])


def _inside(key, start, stop):
    """Between two keys, compared as the bytes they are kept as."""
    encoded = key.encode()
    return start.encode() <= encoded and (stop is None or encoded < stop.encode())


class _Machine(RuleBasedStateMachine):
    """The model: current objects by key, past versions by key and stamp, uploads by id, parts by
    upload and number, blobs by id as [references, body or None]."""

    records: Records

    @initialize()
    def begin(self):
        name = f"box{next(_names)}-{APPID}"
        self.bucket = self.write(lambda t: t.add_bucket(name, APPID, "r", NOW, "")).id
        self.current, self.past, self.uploads, self.parts, self.blobs = {}, {}, {}, {}, {}

    def write(self, change):
        return self.records.write(change).result()

    def release(self, t, extents):
        t.release(extents, NOW)
        for extent in extents:
            blob = self.blobs[extent.blob]
            blob[0] -= 1
            if blob[0] == 0 and blob[1] is not None:
                del self.blobs[extent.blob]

    @rule(key=_KEYS, body=st.binary(max_size=40), keep=st.booleans())
    def put(self, key, body, keep):
        def change(t):
            old = t.current(self.bucket, key)
            assert old == self.current.get(key)
            blob = t.add_inline(body, 1)
            self.blobs[blob] = [1, body]
            extents = pack_extents([Extent(blob, 0, len(body))])
            new = version(key, t.next_stamp(NOW), size=len(body), extents=extents)
            t.set_current(self.bucket, new)
            self.current[key] = new
            if old is not None and keep:
                old = old._replace(null=False)
                t.add_past(self.bucket, old)
                self.past[key, old.stamp] = old
            elif old is not None:
                self.release(t, unpack_extents(old.extents))

        self.write(change)

    @rule(key=_KEYS, size=st.integers(0, 2**40))
    def put_file(self, key, size):
        def change(t):
            old = self.current.get(key)
            t.add_file(blob, size, 2)
            self.blobs[blob] = [1, None]
            extents = pack_extents([Extent(blob, 0, size)])
            new = version(key, t.next_stamp(NOW), size=size, extents=extents)
            t.set_current(self.bucket, new)
            self.current[key] = new
            if old is not None:
                self.release(t, unpack_extents(old.extents))

        blob = self.records.new_blob_id()
        self.write(change)

    @precondition(lambda self: self.current)
    @rule(data=st.data(), key=_KEYS)
    def copy(self, data, key):
        source = data.draw(st.sampled_from(sorted(self.current)))

        def change(t):
            old = self.current.get(key)
            new = self.current[source]._replace(key=key, stamp=t.next_stamp(NOW))
            extents = unpack_extents(new.extents)
            t.hold(extents)
            for extent in extents:
                self.blobs[extent.blob][0] += 1
            t.set_current(self.bucket, new)
            self.current[key] = new
            if old is not None:
                self.release(t, unpack_extents(old.extents))

        self.write(change)

    @precondition(lambda self: self.current)
    @rule(data=st.data(), mark=st.booleans())
    def drop(self, data, mark):
        key = data.draw(st.sampled_from(sorted(self.current)))

        def change(t):
            t.drop_current(self.bucket, key)
            self.release(t, unpack_extents(self.current.pop(key).extents))
            if mark:
                marker = version(key, t.next_stamp(NOW), marker=True, null=False)
                t.add_past(self.bucket, marker)
                self.past[key, marker.stamp] = marker

        self.write(change)

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def drop_past(self, data):
        key, stamp = data.draw(st.sampled_from(sorted(self.past)))

        def change(t):
            assert t.past(self.bucket, key, stamp) == self.past[key, stamp]
            t.drop_past(self.bucket, key, stamp)
            self.release(t, unpack_extents(self.past.pop((key, stamp)).extents))

        self.write(change)

    @rule(key=_KEYS, body=st.binary(max_size=20))
    def undone(self, key, body):
        def change(t):
            blob = t.add_inline(body, 1)
            t.set_current(self.bucket, version(key, t.next_stamp(NOW), size=12345))
            t.add_past(self.bucket, version(key, t.next_stamp(NOW), size=12345))
            t.release([Extent(blob, 0, 1)], NOW)
            for other in [*self.current.values()]:
                t.drop_current(self.bucket, other.key)
                t.release(unpack_extents(other.extents), NOW)
            raise _UndoneError

        try:
            self.write(change)
        except _UndoneError:
            return
        raise AssertionError("the exception was lost")

    @rule(key=_KEYS, numbers=st.sets(st.integers(1, 10_000), max_size=5))
    def add_upload(self, key, numbers):
        row = upload(self.bucket, key, f"u{next(_names):08d}")
        parts = {n: Part(n, n, "e", n, NOW, b"") for n in numbers}

        def change(t):
            t.add_upload(row)
            for part in parts.values():
                t.put_part(row.id, part)

        self.write(change)
        self.uploads[row.id] = row
        self.parts[row.id] = parts

    @precondition(lambda self: self.uploads)
    @rule(data=st.data())
    def drop_upload(self, data):
        upload_id = data.draw(st.sampled_from(sorted(self.uploads)))
        self.write(lambda t: t.drop_upload(upload_id))
        del self.uploads[upload_id], self.parts[upload_id]

    @rule(start=_KEYS, stop=_STOPS, limit=_LIMITS)
    def page(self, start, stop, limit):
        keys = [key for key in sorted(self.current) if _inside(key, start, stop)]
        with self.records.read() as snapshot:
            found = snapshot.page(self.bucket, start, stop, limit)
        assert list(found) == [_summary(self.current[key]) for key in keys[:limit]]

    @rule(start=_KEYS, stop=_STOPS, limit=_LIMITS, data=st.data())
    def past_page(self, start, stop, limit, data):
        stamps = [stamp for key, stamp in self.past if key == start]
        below = data.draw(st.none() | st.sampled_from(stamps)) if stamps else None
        rows = [
            row
            for row in sorted(self.past.values(), key=lambda row: (row.key, -row.stamp))
            if _inside(row.key, start, stop)
            and (below is None or row.key != start or row.stamp < below)
        ]
        with self.records.read() as snapshot:
            found = snapshot.past_page(self.bucket, start, below, stop, limit)
        assert list(found) == [_summary(row) for row in rows[:limit]]

    @rule(start=_KEYS, stop=_STOPS, limit=_LIMITS, data=st.data())
    def uploads_page(self, start, stop, limit, data):
        after = data.draw(st.sampled_from(["", *sorted(self.uploads)]))
        rows = [
            row
            for row in sorted(self.uploads.values(), key=lambda row: (row.key, row.id))
            if _inside(row.key, start, stop) and (row.key != start or row.id > after)
        ]
        with self.records.read() as snapshot:
            found = snapshot.uploads_page(self.bucket, start, after, stop, limit)
        assert list(found) == rows[:limit]

    @rule()
    def everything(self):
        with self.records.read() as snapshot:
            for key, row in self.current.items():
                assert snapshot.current(self.bucket, key) == row
            for key in {key for key, _ in self.past}:
                newest = max(stamp for other, stamp in self.past if other == key)
                assert snapshot.newest_past(self.bucket, key) == self.past[key, newest]
            for blob_id, (refs, body) in self.blobs.items():
                blob = snapshot.blob(blob_id)
                assert (blob.refs, blob.data) == (refs, body)
            for upload_id, parts in self.parts.items():
                found = snapshot.parts(upload_id, 0, 99)
                assert list(found) == [parts[number] for number in sorted(parts)]
            nothing = not (self.current or self.past or self.uploads)
            assert snapshot.is_empty(self.bucket) == nothing

    def teardown(self):
        if hasattr(self, "current"):
            self.everything()


def check_against_model(opened: Records) -> None:
    """Run the machine, each run in a bucket of its own."""

    class Machine(_Machine):
        records = opened

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
