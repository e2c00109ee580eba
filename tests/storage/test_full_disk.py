"""A disk that is full: nothing changes, and all goes on once there is room.

The disk is a small tmpfs, so these tests need the right to mount one, as root has.
"""

from concurrent.futures import wait

import pytest

from cosbox.storage.errors import StorageFull
from cosbox.storage.extents import unpack_extents
from cosbox.storage.files import FileBlobs
from cosbox.storage.folder import open_folder
from cosbox.storage.reserve import Reserve
from support.disks import small_disk
from support.rawhttp import wait_until
from support.stores import make_bucket, put, version


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of 8 MiB."""
    with small_disk(tmp_path, 8) as path:
        yield path


def write_until_full(write, size):
    """Call ``write`` with pieces of a size for as long as it works; on 8 MiB that ends."""
    while True:
        write(bytes(size))


@pytest.fixture
def fill(disk):
    """Take all the room there is; what is returned gives it back."""

    def take():
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            write_until_full(file.write, 4096)
        return ballast.unlink

    return take


def test_records(disk, fill):
    with open_folder(disk / "store") as folder:
        records = folder.records
        bucket = make_bucket(records).id
        old = records.write(lambda t: put(t, bucket, "old", b"x" * 4096)).result()
        give_back = fill()

        def replace(t):
            made = put(t, bucket, "old", b"y" * 100_000)
            t.release(unpack_extents(old.extents), 0)
            return made

        for _ in range(3):
            with pytest.raises(StorageFull):
                records.write(replace).result()
            with records.read() as snapshot:
                assert snapshot.current(bucket, "old") == old
                assert snapshot.blob(unpack_extents(old.extents)[0].blob).data == b"x" * 4096
        give_back()
        made = records.write(replace).result()
        with records.read() as snapshot:
            assert snapshot.current(bucket, "old") == made
    with open_folder(disk / "store") as folder, folder.records.read() as snapshot:
        assert snapshot.current(bucket, "old") == made


def test_records_filled_by_many_writers(disk):
    """Each of the writes that come together is there as a whole or failed as a whole."""
    with open_folder(disk / "store") as folder:
        records = folder.records
        bucket = make_bucket(records).id
        futures = {
            key: records.write(lambda t, k=key: put(t, bucket, k, k.encode() * 5000))
            for key in [f"{number:03d}" for number in range(900)]
        }
        wait(futures.values())
        failed = {key for key, future in futures.items() if future.exception()}
        assert 0 < len(failed) < 900
        assert {type(futures[key].exception()) for key in failed} == {StorageFull}
        with records.read() as snapshot:
            found = {row.key for row in snapshot.page(bucket, "", None, 999)}
            assert found == futures.keys() - failed
            for key in found:
                extent = unpack_extents(snapshot.current(bucket, key).extents)[0]
                assert snapshot.blob(extent.blob).data == key.encode() * 5000
        # There is still room for what is small: the log begins anew once it was copied.
    with open_folder(disk / "store") as folder, folder.records.read() as snapshot:
        assert {row.key for row in snapshot.page(bucket, "", None, 999)} == found


def test_a_write_too_large_does_not_fail_those_beside_it(disk):
    with open_folder(disk / "store") as folder:
        records = folder.records
        bucket = make_bucket(records).id
        large = records.write(lambda t: put(t, bucket, "large", bytes(20 << 20)))
        small = [records.write(lambda t, n=n: put(t, bucket, f"{n}", b"x")) for n in range(20)]
        with pytest.raises(StorageFull):
            large.result()
        for future in small:
            future.result()
        with records.read() as snapshot:
            assert len(snapshot.page(bucket, "", None, 99)) == 20


def test_a_full_disk_does_not_keep_a_store_from_opening(disk, fill):
    with open_folder(disk / "store") as folder:
        bucket = make_bucket(folder.records).id
        folder.records.new_blob_id()
        made = folder.records.write(lambda t: put(t, bucket, "k", b"x")).result()
        give_back = fill()
    with open_folder(disk / "store") as folder, folder.records.read() as snapshot:
        assert snapshot.current(bucket, "k") == made
    give_back()


def test_no_room_to_make_a_store(disk, fill):
    give_back = fill()
    with pytest.raises(StorageFull):
        open_folder(disk / "store")
    give_back()
    with open_folder(disk / "store") as folder:
        make_bucket(folder.records)


def test_blobs(disk):
    with open_folder(disk / "store") as folder:
        first = folder.records.new_blob_id()
        writer = folder.blobs.create(first)
        with pytest.raises(StorageFull):
            write_until_full(writer.write, 1 << 20)
        writer.abort()
        assert list(folder.blobs.ids()) == []
        second = folder.records.new_blob_id()
        writer = folder.blobs.create(second)
        writer.write(bytes(1 << 20))
        writer.commit()
        folder.records.write(lambda t: t.add_file(second, 1 << 20, 0)).result()
        assert list(folder.blobs.ids()) == [second]


def test_no_room_for_the_first_byte(disk, fill):
    blobs = FileBlobs(disk)
    give_back = fill()
    writer = blobs.create(1)
    with pytest.raises(StorageFull):
        writer.write(b"x")
    assert list(blobs.ids()) == []
    give_back()


def test_an_upload_that_filled_the_disk_leaves_room_for_the_next(disk):
    """The version of the failed one is not there, and the store closes and opens."""
    with open_folder(disk / "store") as folder:
        bucket = make_bucket(folder.records).id
        for _ in range(3):
            writer = folder.blobs.create(folder.records.new_blob_id())
            with pytest.raises(StorageFull):
                write_until_full(writer.write, 1 << 20)
        folder.records.write(lambda t: t.set_current(bucket, version("k", 1))).result()
    with open_folder(disk / "store") as folder, folder.records.read() as snapshot:
        assert snapshot.current(bucket, "k") is not None
        assert list(folder.blobs.ids()) == []


MIB = 1024 * 1024


def delete(transaction, bucket, key):
    """What a delete does to the records."""
    row = transaction.current(bucket, key)
    transaction.drop_current(bucket, key)
    transaction.release(unpack_extents(row.extents), 0)


def test_what_makes_room_finds_the_reserve(disk, fill):
    with open_folder(disk / "store", reserve=MIB) as folder:
        records = folder.records
        bucket = make_bucket(records).id
        for number in range(30):
            records.write(lambda t, n=number: put(t, bucket, f"{n}", b"x" * 4096)).result()
        assert (disk / "store" / "reserve").stat().st_size == MIB
        give_back = fill()
        for number in range(29):
            records.write(lambda t, n=number: delete(t, bucket, f"{n}"), frees=True).result()

        def put_more(body):
            records.write(lambda t: put(t, bucket, "more", body)).result()

        with pytest.raises(StorageFull):
            write_until_full(put_more, 60_000)
        with records.read() as snapshot:
            assert {row.key for row in snapshot.page(bucket, "", None, 99)} <= {"29", "more"}
        give_back()
        wait_until(lambda: not records.pressed())
        records.write(lambda t: put(t, bucket, "again", b"x" * 60_000)).result()
        assert (disk / "store" / "reserve").stat().st_size == MIB


def test_a_reserve_is_no_more_than_a_part_of_the_disk(disk):
    with open_folder(disk / "store", reserve=100 * MIB) as folder:
        make_bucket(folder.records)
        assert (disk / "store" / "reserve").stat().st_size == 2 * MIB
        assert not folder.records.pressed()


def test_a_reserve_that_one_lets_go_of_is_gone_for_all(disk, fill):
    path = disk / "reserve"
    first, second = Reserve(path, MIB), Reserve(path, MIB)
    assert first.ready()
    assert second.ready()
    fill_again = fill()
    assert second.release()
    assert not first.release()
    with (disk / "other").open("wb") as file:
        file.write(bytes(MIB // 2))
    assert not first.ready()
    assert not second.ready()
    fill_again()
    wait_until(first.ready)
    assert second.ready()
    assert sorted(entry.name for entry in disk.iterdir()) == ["other", "reserve"]


def test_who_keeps_none_uses_that_of_others(disk, fill):
    keeper, other = Reserve(disk / "reserve", MIB), Reserve(disk / "reserve", 0)
    assert other.ready()
    assert not other.release()
    assert keeper.ready()
    assert other.release()
    assert other.ready()
