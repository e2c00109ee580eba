"""What every engine for blobs must do (`cosbox.storage.blobs`)."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosbox.storage.errors import BlobMissing

IDS = [1, 2, 1023, 1024, 2**20, 2**20 + 1, 2**40 + 3, 2**62]


def write(blobs, blob_id, *pieces):
    writer = blobs.create(blob_id)
    for piece in pieces:
        writer.write(piece)
    writer.commit()


class BlobsSuite:
    def test_what_was_written_is_read(self, blobs):
        write(blobs, 1, b"one", bytearray(b"two"), memoryview(b"three!")[:5], b"")
        with blobs.open(1) as reader:
            assert reader.read(0, 11) == b"onetwothree"

    def test_a_file_is_the_blob_and_its_stamp_stays_while_nobody_writes(self, blobs):
        for blob_id in (1, 2):
            write(blobs, blob_id, b"one", b"two")
        with blobs.open(1) as reader, blobs.open(1) as again, blobs.open(2) as other:
            assert os.pread(reader.fileno(), 10, 1) == b"netwo"
            assert reader.stamp() == again.stamp() != other.stamp()

    def test_an_empty_blob(self, blobs):
        write(blobs, 1)
        with blobs.open(1) as reader:
            assert reader.read(0, 10) == b""

    @pytest.mark.parametrize("blob_id", IDS)
    def test_any_id(self, blobs, blob_id):
        write(blobs, blob_id, b"body")
        with blobs.open(blob_id) as reader:
            assert reader.read(0, 4) == b"body"
        assert list(blobs.ids()) == [blob_id]

    def test_ids(self, blobs):
        assert list(blobs.ids()) == []
        for blob_id in IDS:
            write(blobs, blob_id, b"x")
        assert sorted(blobs.ids()) == IDS
        blobs.delete(IDS[3])
        assert sorted(blobs.ids()) == IDS[:3] + IDS[4:]

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(offset=st.integers(0, 1100), length=st.integers(0, 1100))
    def test_ranges(self, blobs, offset, length):
        body = os.urandom(1000)
        blobs.delete(1)
        write(blobs, 1, body)
        with blobs.open(1) as reader:
            assert reader.read(offset, length) == body[offset : offset + length]

    def test_large_pieces_of_any_item_size(self, blobs):
        piece = memoryview(os.urandom(8 << 20)).cast("Q")
        write(blobs, 1, piece, piece)
        with blobs.open(1) as reader:
            assert reader.read(0, 17 << 20) == piece.tobytes() * 2
            assert reader.read((8 << 20) - 1, 2) == piece.tobytes()[-1:] + piece.tobytes()[:1]

    def test_missing(self, blobs):
        with pytest.raises(BlobMissing):
            blobs.open(7)
        blobs.delete(7)

    def test_abort_leaves_nothing(self, blobs):
        writer = blobs.create(1)
        writer.write(b"body")
        writer.abort()
        writer.abort()
        assert list(blobs.ids()) == []
        write(blobs, 1, b"anew")

    def test_abort_after_commit_leaves_nothing(self, blobs):
        writer = blobs.create(1)
        writer.write(b"body")
        writer.commit()
        writer.abort()
        assert list(blobs.ids()) == []

    def test_a_writer_that_is_dropped_leaves_nothing(self, blobs):
        writer = blobs.create(1)
        writer.write(b"body")
        del writer
        assert list(blobs.ids()) == []

    def test_several_are_deleted_at_once(self, blobs):
        for blob_id in (1, 2, 2000):
            write(blobs, blob_id, b"body")
        assert blobs.delete_many([1, 2000, 3000, 5]) == 2
        assert list(blobs.ids()) == [2]
        assert blobs.delete_many([]) == 0

    def test_readable_after_deletion(self, blobs):
        write(blobs, 1, b"body")
        with blobs.open(1) as reader:
            blobs.delete(1)
            assert list(blobs.ids()) == []
            assert reader.read(1, 2) == b"od"
        with pytest.raises(BlobMissing):
            blobs.open(1)

    def test_close_twice(self, blobs):
        write(blobs, 1, b"body")
        reader = blobs.open(1)
        reader.close()
        reader.close()

    def test_many_threads(self, blobs):
        def work(number):
            for turn in range(10):
                blob_id = number * 1000 + turn
                body = f"{blob_id}".encode() * 1000
                write(blobs, blob_id, body)
                with blobs.open(blob_id) as reader:
                    assert reader.read(0, len(body)) == body

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        assert len(list(blobs.ids())) == 80

    def test_one_reader_in_many_threads(self, blobs):
        body = os.urandom(1 << 16)
        write(blobs, 1, body)

        def work(number):
            for turn in range(50):
                at = (number * 977 + turn * 131) % 65_000
                assert reader.read(at, 500) == body[at : at + 500]

        with blobs.open(1) as reader, ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
