"""Files are kept while somebody copies them."""

import subprocess
import sys
import textwrap

import pytest

from cosbox.storage import keeping
from cosbox.storage.errors import StoreInUseError
from cosbox.storage.keeping import files_kept, files_removable


def test_janitors_share_and_copies_exclude(tmp_path):
    with files_removable(tmp_path) as first, files_removable(tmp_path) as second:
        assert first
        assert second
    with files_kept(tmp_path), files_removable(tmp_path) as removable:
        assert not removable
    with files_removable(tmp_path) as removable:
        assert removable


@pytest.mark.parametrize("other", [files_kept, files_removable])
def test_a_copy_waits_a_while_and_gives_up(tmp_path, monkeypatch, other):
    monkeypatch.setattr(keeping, "_PATIENCE", 0.1)
    with (
        other(tmp_path),
        pytest.raises(StoreInUseError, match="another backup"),
        files_kept(tmp_path),
    ):
        pass


def test_who_is_killed_keeps_nothing(tmp_path):
    program = """
        import os, sys
        from pathlib import Path
        from cosbox.storage.keeping import files_kept
        with files_kept(Path(sys.argv[1])):
            os.kill(os.getpid(), 9)
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), tmp_path], check=False
    )
    assert process.returncode == -9
    with files_removable(tmp_path) as removable:
        assert removable
