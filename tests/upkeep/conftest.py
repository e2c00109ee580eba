"""A store with one of everything, and ways to damage it."""

import pytest

from support.damage import Victim


@pytest.fixture
def victim(tmp_path):
    """A closed store with objects of all kinds."""
    return Victim.make(tmp_path / "store")
