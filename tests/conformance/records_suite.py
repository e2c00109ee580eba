"""What every engine for records must do (`cosbox.storage.records`)."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.records_machine import check_against_model
from cosbox.storage.errors import StorageError
from cosbox.storage.extents import pack_extents, unpack_extents
from cosbox.storage.rows import Account, Blob, Extent, KeyPair, Part, Summary
from support.stores import APPID, NOW, make_bucket, put, upload, version

# In the order of their UTF-8 bytes. By UTF-16 the last two would change places, and a case-blind
# or language-aware order would differ in several.
ORDERED = [
    "\0", "\0\0", "\x01", "\x1f", " ", "%", "+", "-", "/", "//", "A", "B", "a", "a\0", "a\0b", "a/",
    "a/b", "aa", "b", "\x7f", "\x80", "é", "中", "\ud7ff", "\ue000", "\uffff", "\U00010000",
    "\U0010ffff",
]  # fmt: skip

WIDE = {"acl": '{"grants":[]}' * 50, "headers": '{"x-cos-meta-a":"中\\u0000"}', "crc64": 2**64 - 1}


class UndoneError(Exception):
    pass


class RecordsSuite:
    # accounts

    def test_accounts(self, records):
        first = Account("125", "1001", "one", NOW)
        second = Account("126", "1002", "two", NOW + 1)
        for account in (second, first):
            records.write(lambda t, a=account: t.put_account(a)).result()
        records.write(lambda t: t.put_account(second._replace(name="2"))).result()
        with records.read() as snapshot:
            assert snapshot.account("125") == first
            assert snapshot.account_by_uin("1002") == second._replace(name="2")
            assert snapshot.account("127") is None
            assert snapshot.account_by_uin("1") is None
            assert list(snapshot.accounts()) == [first, second._replace(name="2")]

    def test_key_pairs_are_listed_oldest_first_and_go_with_their_account(self, records):
        pairs = [
            KeyPair("id-b", "secret", "125", 1),
            KeyPair("id-a", "secret", "125", 2),
            KeyPair("id-c", "secret", "125", 3),
        ]

        def change(t):
            t.put_account(Account("125", "1001", "one", NOW))
            for pair in [*reversed(pairs), KeyPair("other", "s", "126", 1)]:
                t.put_key_pair(pair)
            t.delete_key_pair("id-c")

        records.write(change).result()
        with records.read() as snapshot:
            assert list(snapshot.key_pairs("125")) == pairs[:2]
            assert snapshot.key_pair("id-a") == pairs[1]
            assert snapshot.key_pair("id-c") is None
        records.write(lambda t: t.delete_account("125")).result()
        with records.read() as snapshot:
            assert snapshot.account("125") is None
            assert list(snapshot.key_pairs("125")) == []
            assert snapshot.key_pair("other") is not None

    def test_what_was_read_before_a_change_is_not_what_is_read_after_it(self, open_records):
        """An engine may remember accounts, key pairs and buckets, but not for too long."""
        one, other = open_records(), open_records()
        pair = KeyPair("id", "secret", APPID, NOW)
        account = Account(APPID, "1001", "one", NOW)
        bucket = make_bucket(one)
        one.write(lambda t: (t.put_account(account), t.put_key_pair(pair))).result()
        renamed, rekeyed = account._replace(name="two"), pair._replace(secret_key="another")
        versioned = bucket._replace(versioning="Enabled")

        def seen(records):
            with records.read() as snapshot:
                return (
                    snapshot.account(APPID),
                    snapshot.key_pair("id"),
                    snapshot.bucket(bucket.name),
                )

        def read_in_a_change(records):
            found = records.write(
                lambda t: (t.account(APPID), t.key_pair("id"), t.bucket(bucket.name))
            )
            return found.result()

        changes = [
            (lambda t: t.put_account(renamed), (renamed, pair, bucket)),
            (lambda t: t.put_key_pair(rekeyed), (renamed, rekeyed, bucket)),
            (lambda t: t.update_bucket(versioned), (renamed, rekeyed, versioned)),
            (lambda t: t.delete_key_pair("id"), (renamed, None, versioned)),
            (lambda t: t.delete_bucket(bucket.id), (renamed, None, None)),
            (lambda t: t.delete_account(APPID), (None, None, None)),
        ]
        for change, expected in changes:
            assert seen(one) == seen(other) == read_in_a_change(one) == read_in_a_change(other)
            other.write(change).result()
            assert seen(one) == seen(other) == expected
            assert read_in_a_change(one) == read_in_a_change(other) == expected

    def test_what_was_read_in_a_change_that_is_undone_is_not_remembered(self, records):
        pair, other = (KeyPair("id", secret, APPID, NOW) for secret in ("secret", "another"))
        records.write(lambda t: t.put_key_pair(pair)).result()

        def undone(t):
            t.put_key_pair(other)
            assert t.key_pair("id") == other
            t.add_bucket("b-1", "1", "r", NOW, "")
            assert t.bucket("b-1") is not None
            raise UndoneError

        # Both in one batch: the second waits while the first is held up.
        began, go = threading.Event(), threading.Event()
        held = records.write(lambda _t: (began.set(), go.wait()))
        began.wait()
        failing = records.write(undone)
        looking = records.write(lambda t: (t.key_pair("id"), t.bucket("b-1")))
        go.set()
        held.result()
        with pytest.raises(UndoneError):
            failing.result()
        assert looking.result() == (pair, None)

    # buckets

    def test_buckets(self, records):
        names = [f"{name}-{APPID}" for name in ("a", "b", "b-c", "c")]
        made = {name: make_bucket(records, name) for name in reversed(names)}
        records.write(lambda t: t.add_bucket("z-1", "1", "r", NOW, "")).result()
        with records.read() as snapshot:
            assert snapshot.bucket(names[0]) == made[names[0]]
            assert snapshot.bucket("nothing-1") is None
            assert [b.name for b in snapshot.buckets(APPID, "", 10)] == names
            assert [b.name for b in snapshot.buckets(APPID, names[0], 2)] == names[1:3]
        changed = made[names[0]]._replace(versioning="Enabled", acl='{"a":1}')
        records.write(lambda t: t.update_bucket(changed)).result()
        with records.read() as snapshot:
            assert snapshot.bucket(names[0]) == changed

    def test_a_name_is_given_to_one_bucket(self, records):
        make_bucket(records)
        with pytest.raises(StorageError):
            make_bucket(records)

    def test_ids_of_buckets_are_never_used_again(self, records, open_records):
        seen = set()
        for _ in range(3):
            bucket = make_bucket(records)
            assert bucket.id not in seen
            seen.add(bucket.id)
            records.write(lambda t, b=bucket: t.delete_bucket(b.id)).result()
        records.close()
        assert make_bucket(open_records()).id not in seen

    def test_is_empty(self, records):
        bucket, other = make_bucket(records).id, make_bucket(records, "other-1").id
        records.write(lambda t: put(t, other, "k", b"x")).result()
        steps = [
            (("set_current", bucket, version("k", 1)), ("drop_current", bucket, "k")),
            (("add_past", bucket, version("k", 2)), ("drop_past", bucket, "k", 2)),
            (("add_upload", upload(bucket, "k", "u")), ("drop_upload", "u")),
        ]

        def call(name, *arguments):
            records.write(lambda t: getattr(t, name)(*arguments)).result()

        for fill, drain in steps:
            with records.read() as snapshot:
                assert snapshot.is_empty(bucket)
            call(*fill)
            with records.read() as snapshot:
                assert not snapshot.is_empty(bucket)
            call(*drain)

    # objects

    def test_every_field_of_a_version_comes_back(self, records):
        bucket = make_bucket(records).id
        now = version("k", 7, null=False, size=5, restore='{"days":1}', extents=b"x" * 48, **WIDE)
        old = version("k", 6, null=False, crc64=None, extents=b"y" * 24)
        marker = version("k", 8, null=False, marker=True)

        def change(t):
            t.set_current(bucket, now)
            t.add_past(bucket, old)
            t.add_past(bucket, marker)

        records.write(change).result()
        with records.read() as snapshot:
            assert snapshot.current(bucket, "k") == now
            assert snapshot.past(bucket, "k", 6) == old
            assert snapshot.newest_past(bucket, "k") == marker
            assert snapshot.past(bucket, "k", 7) is None
            for found in (snapshot.current(bucket, "k"), snapshot.past(bucket, "k", 8)):
                assert type(found.null) is bool
                assert type(found.marker) is bool
            assert snapshot.page(bucket, "", None, 9) == [
                Summary(*[getattr(now, name) for name in Summary._fields])
            ]
            assert snapshot.past_page(bucket, "", None, None, 9) == [
                Summary(*[getattr(row, name) for name in Summary._fields]) for row in (marker, old)
            ]

    def test_the_current_version_is_replaced(self, records):
        bucket = make_bucket(records).id
        records.write(lambda t: t.set_current(bucket, version("k", 1))).result()
        records.write(lambda t: t.set_current(bucket, version("k", 2, size=9))).result()
        with records.read() as snapshot:
            assert snapshot.current(bucket, "k").stamp == 2
            assert len(snapshot.page(bucket, "", None, 9)) == 1

    def test_a_marker_is_never_current(self, records):
        bucket = make_bucket(records).id
        with pytest.raises(ValueError, match="marker"):
            records.write(lambda t: t.set_current(bucket, version("k", 1, marker=True))).result()

    def test_null_past(self, records):
        bucket = make_bucket(records).id

        def change(t):
            for stamp in range(1, 50):
                t.add_past(bucket, version("k", stamp, null=stamp == 20))
            t.add_past(bucket, version("l", 60, null=False))

        records.write(change).result()
        with records.read() as snapshot:
            assert snapshot.null_past(bucket, "k").stamp == 20
            assert snapshot.null_past(bucket, "l") is None
            assert snapshot.null_past(bucket + 1, "k") is None

    def test_keys_are_ordered_by_their_bytes(self, records):
        assert sorted(ORDERED, key=str.encode) == ORDERED
        bucket = make_bucket(records).id

        def change(t):
            for number, key in enumerate(reversed(ORDERED)):
                t.set_current(bucket, version(key, 1000 + number))
                t.add_past(bucket, version(key, number))
                t.add_upload(upload(bucket, key, f"u{number}"))

        records.write(change).result()
        with records.read() as snapshot:
            assert [row.key for row in snapshot.page(bucket, "", None, 99)] == ORDERED
            assert [row.key for row in snapshot.past_page(bucket, "", None, None, 99)] == ORDERED
            assert [row.key for row in snapshot.uploads_page(bucket, "", "", None, 99)] == ORDERED
            for place, key in enumerate(ORDERED):
                assert snapshot.current(bucket, key).key == key
                assert snapshot.newest_past(bucket, key).key == key
                # The smallest key after a key leaves out that key alone.
                after = [row.key for row in snapshot.page(bucket, key + "\0", None, 99)]
                assert after == ORDERED[place + 1 :]
                before = [row.key for row in snapshot.page(bucket, "", key, 99)]
                assert before == ORDERED[:place]

    def test_edges_of_a_range(self, records):
        bucket, other = make_bucket(records).id, make_bucket(records, "other-1").id

        def change(t):
            for key in "abcde":
                t.set_current(bucket, version(key, ord(key)))
                t.set_current(other, version(key, ord(key)))

        records.write(change).result()

        def keys(start, stop, limit=99):
            with records.read() as snapshot:
                return "".join(row.key for row in snapshot.page(bucket, start, stop, limit))

        assert keys("b", "d") == "bc"
        assert keys("b", "b\0") == "b"
        assert keys("b", "b") == ""
        assert keys("d", "b") == ""
        assert keys("e", None) == "e"
        assert keys("f", None) == ""
        assert keys("", None, 2) == "ab"
        assert keys("", None, 0) == ""

    def test_pages_follow_each_other(self, records):
        bucket = make_bucket(records).id
        names = [f"dir/{number:04d}" for number in range(500)]

        def change(t):
            for name in names:
                t.set_current(bucket, version(name, 1))

        records.write(change).result()
        found, start = [], ""
        with records.read() as snapshot:
            while page := snapshot.page(bucket, start, None, 64):
                assert len(page) <= 64
                found += [row.key for row in page]
                start = page[-1].key + "\0"
        assert found == names

    def test_past_pages(self, records):
        bucket = make_bucket(records).id

        def change(t):
            for key in "abc":
                for stamp in (1, 2, 3):
                    t.add_past(bucket, version(key, stamp, marker=stamp == 3))

        records.write(change).result()

        def pages(start, below, stop=None, limit=99):
            with records.read() as snapshot:
                rows = snapshot.past_page(bucket, start, below, stop, limit)
                return " ".join(f"{row.key}{row.stamp}" for row in rows)

        assert pages("", None) == "a3 a2 a1 b3 b2 b1 c3 c2 c1"
        assert pages("a", 3) == "a2 a1 b3 b2 b1 c3 c2 c1"
        assert pages("a", 1) == "b3 b2 b1 c3 c2 c1"
        assert pages("a", 3, limit=3) == "a2 a1 b3"
        assert pages("a", 3, limit=1) == "a2"
        assert pages("a", 3, "b") == "a2 a1"
        assert pages("a", 3, "a") == ""
        assert pages("b", None, "c", 2) == "b3 b2"

    # multipart uploads

    def test_uploads_and_parts(self, records):
        bucket = make_bucket(records).id
        rows = [upload(bucket, key, f"{key}{n}") for key in ("k", "l") for n in range(3)]
        parts = [Part(n, n * 10, f"e{n}", 2**64 - n, NOW, bytes(24)) for n in (1, 2, 10, 100)]

        def change(t):
            for row in reversed(rows):
                t.add_upload(row)
            for part in reversed(parts):
                t.put_part("k1", part)
            t.put_part("k1", parts[0]._replace(size=1))
            t.put_part("k2", parts[0])

        records.write(change).result()
        parts[0] = parts[0]._replace(size=1)
        with records.read() as snapshot:
            assert snapshot.upload("k1") == rows[1]
            assert snapshot.upload("none") is None
            assert snapshot.part("k1", 10) == parts[2]
            assert snapshot.part("k1", 11) is None
            assert list(snapshot.parts("k1", 0, 99)) == parts
            assert list(snapshot.parts("k1", 2, 1)) == [parts[2]]
            assert list(snapshot.uploads_page(bucket, "", "", None, 99)) == rows
            assert list(snapshot.uploads_page(bucket, "k", "k0", None, 3)) == rows[1:4]
            assert list(snapshot.uploads_page(bucket, "k", "k0", "l", 99)) == rows[1:3]
            assert list(snapshot.uploads_page(bucket, "k", "k9", None, 99)) == rows[3:]
        records.write(lambda t: t.drop_upload("k1")).result()
        with records.read() as snapshot:
            assert snapshot.upload("k1") is None
            assert list(snapshot.parts("k1", 0, 99)) == []
            assert list(snapshot.parts("k2", 0, 99)) != []

    # content

    def test_inline_blobs(self, records):
        bodies = [b"", b"x", bytes(range(256)) * 32]
        ids = [records.write(lambda t, b=b: t.add_inline(b, 2**64 - 1)).result() for b in bodies]
        assert len(set(ids)) == 3
        with records.read() as snapshot:
            for blob_id, body in zip(ids, bodies, strict=True):
                assert snapshot.blob(blob_id) == Blob(blob_id, len(body), 2**64 - 1, 1, body)
            assert snapshot.blob(10**15) is None

    def test_references_to_inline_blobs(self, records):
        blob_id = records.write(lambda t: t.add_inline(b"body", 1)).result()
        extents = [Extent(blob_id, 0, 2), Extent(blob_id, 2, 2)]
        records.write(lambda t: t.hold(extents)).result()
        with records.read() as snapshot:
            assert snapshot.blob(blob_id).refs == 3
        records.write(lambda t: t.release(extents, NOW)).result()
        with records.read() as snapshot:
            assert snapshot.blob(blob_id) == Blob(blob_id, 4, 1, 1, b"body")
        records.write(lambda t: t.release(extents[:1], NOW)).result()
        with records.read() as snapshot:
            assert snapshot.blob(blob_id) is None

    def test_files_become_garbage_and_are_forgotten(self, records):
        ids = [records.new_blob_id() for _ in range(3)]

        def change(t):
            for blob_id in ids:
                t.add_file(blob_id, 100, 2**63)
            for moment, blob_id in enumerate(ids[:2]):
                t.release([Extent(blob_id, 0, 100)], NOW - moment)
            return t.garbage(NOW + 1, 9), t.garbage(NOW, 9), t.garbage(NOW + 1, 1)

        everything, older, one = records.write(change).result()
        assert list(everything) == [ids[1], ids[0]]
        assert list(older) == [ids[1]]
        assert list(one) == [ids[1]]
        with records.read() as snapshot:
            assert snapshot.blob(ids[0]) == Blob(ids[0], 100, 2**63, 0, None)
            assert snapshot.blob(ids[2]).refs == 1
        records.write(lambda t: t.forget_blob(ids[0])).result()
        with records.read() as snapshot:
            assert snapshot.blob(ids[0]) is None
        assert list(records.write(lambda t: t.garbage(NOW + 1, 9)).result()) == [ids[1]]

    def test_a_file_held_again_is_no_garbage(self, records):
        blob_id = records.new_blob_id()
        extent = [Extent(blob_id, 0, 1)]

        def change(t):
            t.add_file(blob_id, 1, 0)
            t.release(extent, NOW)
            t.hold(extent)
            return t.garbage(NOW + 1, 9)

        assert list(records.write(change).result()) == []

    def test_a_reference_to_nothing_is_refused(self, records):
        with pytest.raises(StorageError, match="12345"):
            records.write(lambda t: t.hold([Extent(12345, 0, 1)])).result()

    def test_to_let_go_of_nothing_is_told_to_the_log(self, records, caplog):
        blob_id = records.write(lambda t: t.add_inline(b"x", 1)).result()
        extents = [Extent(12345, 0, 1), Extent(blob_id, 0, 1)]
        records.write(lambda t: t.release(extents, NOW)).result()
        assert "ERROR    cosbox.integrity" in caplog.text
        assert "12345" in caplog.text
        with records.read() as snapshot:
            assert snapshot.blob(blob_id) is None

    def test_blobs_pages_have_no_data(self, records):
        made = [records.write(lambda t: t.add_inline(b"x" * 9000, 1)).result() for _ in range(5)]
        file_id = records.new_blob_id()
        records.write(lambda t: t.add_file(file_id, 1, 1)).result()
        found, after = [], 0
        with records.read() as snapshot:
            while page := snapshot.blobs_page(after, 4):
                assert all(row.data is None for row in page)
                found += [row.id for row in page]
                after = page[-1].id
        assert found == sorted([*made, file_id])

    def test_blob_ids_are_unique_everywhere(self, records, open_records):
        """Of inline blobs and of files, in two engines on the same store, and after reopening."""
        other = open_records()
        seen = []
        for engine in (records, other, records):
            for _ in range(3):
                seen.append(engine.new_blob_id())
                seen.append(engine.write(lambda t: t.add_inline(b"", 0)).result())
        records.close()
        again = open_records()
        seen += [again.new_blob_id(), again.write(lambda t: t.add_inline(b"", 0)).result()]
        assert len(set(seen)) == len(seen)

    def test_many_blob_ids(self, records):
        ids = [records.new_blob_id() for _ in range(3000)]
        assert len(set(ids)) == 3000

    # stamps

    def test_stamps_grow_whatever_the_clock_does(self, records, open_records):
        clock = [NOW, NOW, NOW - 10**12, NOW + 5, 0, NOW + 10**6]
        stamps = [records.write(lambda t, now=now: t.next_stamp(now)).result() for now in clock]
        assert stamps[0] == NOW
        assert stamps[-1] == NOW + 10**6
        other = open_records()
        stamps.append(other.write(lambda t: t.next_stamp(0)).result())
        stamps.append(records.write(lambda t: t.next_stamp(0)).result())
        records.close()
        other.close()
        stamps.append(open_records().write(lambda t: t.next_stamp(0)).result())
        assert stamps == sorted(set(stamps))

    # transactions

    def test_a_write_returns_what_the_change_returned(self, records):
        assert records.write(lambda t: "this").result() == "this"

    def test_a_change_sees_its_own_writes(self, records):
        bucket = make_bucket(records).id

        def change(t):
            put(t, bucket, "k", b"body")
            return t.current(bucket, "k"), t.page(bucket, "", None, 9)

        current, page = records.write(change).result()
        assert current.key == page[0].key == "k"

    def test_an_exception_undoes_its_change_alone(self, records):
        """In a batch of many, of which the first holds the writer until all are there."""
        bucket = make_bucket(records).id
        together = threading.Event()

        def change(t, number):
            together.wait()
            put(t, bucket, f"{number:03d}", b"body")
            if number % 3 == 1:
                raise UndoneError(number)
            return number

        futures = [records.write(lambda t, n=n: change(t, n)) for n in range(60)]
        together.set()
        for number, future in enumerate(futures):
            if number % 3 == 1:
                with pytest.raises(UndoneError) as caught:
                    future.result()
                assert caught.value.args == (number,)
            else:
                assert future.result() == number
        with records.read() as snapshot:
            found = [int(row.key) for row in snapshot.page(bucket, "", None, 99)]
        assert found == [number for number in range(60) if number % 3 != 1]

    def test_a_snapshot_is_of_the_moment_it_began(self, records):
        bucket = make_bucket(records).id
        with records.read() as snapshot:
            records.write(lambda t: put(t, bucket, "k", b"1")).result()
            assert snapshot.current(bucket, "k") is None
            assert snapshot.is_empty(bucket)
        with records.read() as snapshot:
            first = snapshot.current(bucket, "k")
            records.write(lambda t: put(t, bucket, "k", b"2")).result()
            assert snapshot.current(bucket, "k") == first
            assert snapshot.blob(unpack_extents(first.extents)[0].blob).data == b"1"

    def test_nested_reads_share_the_outer_snapshot(self, records):
        bucket = make_bucket(records).id
        with records.read() as outer:
            records.write(lambda t: put(t, bucket, "k", b"1")).result()
            with records.read() as inner:
                assert inner.current(bucket, "k") is None
            assert outer.current(bucket, "k") is None
        with records.read() as snapshot:
            assert snapshot.current(bucket, "k") is not None

    def test_nothing_is_seen_of_a_change_under_way(self, records):
        bucket = make_bucket(records).id
        inside, seen = threading.Event(), threading.Event()

        def change(t):
            put(t, bucket, "k", b"1")
            inside.set()
            assert seen.wait(10)

        future = records.write(change)
        assert inside.wait(10)
        with records.read() as snapshot:
            assert snapshot.current(bucket, "k") is None
        seen.set()
        future.result()

    def test_writes_are_seen_by_the_reads_after_them(self, records, open_records):
        bucket = make_bucket(records).id
        other = open_records()
        for number in range(50):
            records.write(lambda t, n=number: put(t, bucket, f"{n}", b"")).result()
            with other.read() as snapshot:
                assert snapshot.current(bucket, f"{number}") is not None

    def test_a_cancelled_write_is_not_done(self, records):
        bucket = make_bucket(records).id
        hold = threading.Event()
        first = records.write(lambda t: hold.wait(10))
        second = records.write(lambda t: put(t, bucket, "k", b""))
        assert second.cancel()
        hold.set()
        first.result()
        records.write(lambda t: None).result()
        with records.read() as snapshot:
            assert snapshot.current(bucket, "k") is None

    def test_many_threads(self, records):
        bucket = make_bucket(records).id

        def put_and_get(key):
            records.write(lambda t: put(t, bucket, key, key.encode())).result()
            with records.read() as snapshot:
                found = snapshot.current(bucket, key)
                blob = snapshot.blob(unpack_extents(found.extents)[0].blob)
            assert blob.data == key.encode()

        with ThreadPoolExecutor(24) as pool:
            list(pool.map(put_and_get, [f"{number:03d}" for number in range(480)]))
        with records.read() as snapshot:
            rows = snapshot.page(bucket, "", None, 999)
        assert len(rows) == 480
        assert len({row.stamp for row in rows}) == 480

    # ends

    def test_close_finishes_the_writes_under_way(self, records, open_records):
        bucket = make_bucket(records).id
        futures = [records.write(lambda t, n=n: put(t, bucket, f"{n}", b"")) for n in range(200)]
        records.close()
        for future in futures:
            future.result(timeout=0)
        with open_records().read() as snapshot:
            assert len(snapshot.page(bucket, "", None, 999)) == 200

    def test_a_closed_store_says_so(self, records):
        records.close()
        records.close()
        with pytest.raises(StorageError, match="closed"):
            records.write(lambda t: None)
        with pytest.raises(StorageError, match="closed"), records.read():
            pass
        with pytest.raises(StorageError, match="closed"):
            records.new_blob_id()

    def test_what_was_written_is_there_after_reopening(self, records, open_records):
        bucket = make_bucket(records)
        made = records.write(lambda t: put(t, bucket.id, "k", b"body")).result()
        records.close()
        with open_records().read() as snapshot:
            assert snapshot.bucket(bucket.name) == bucket
            assert snapshot.current(bucket.id, "k") == made

    # everything at once

    def test_it_does_what_a_model_of_dicts_does(self, records):
        check_against_model(records)

    def test_extents_of_many_blobs(self, records):
        """A completed upload of the most parts there may be."""
        bucket = make_bucket(records).id

        def change(t):
            extents = [Extent(t.add_inline(b"x", 1), 0, 1) for _ in range(10_000)]
            t.set_current(bucket, version("k", 1, size=10_000, extents=pack_extents(extents)))
            return extents

        extents = records.write(change).result()
        with records.read() as snapshot:
            assert unpack_extents(snapshot.current(bucket, "k").extents) == extents
        records.write(lambda t: t.release(extents, NOW)).result()
        with records.read() as snapshot:
            assert list(snapshot.blobs_page(0, 9)) == []
