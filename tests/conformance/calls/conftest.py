"""Every test of a call runs against every way to reach a store."""

from contextlib import ExitStack, closing

import pytest

from support.checks import sweep
from support.ways import OTHER, OWNER, SERVED, WAYS


@pytest.fixture(scope="session")
def ways(tmp_path_factory):
    """Makes a way when it is first asked for, and keeps it."""
    with ExitStack() as stack:
        made = {}

        def get(name):
            if name not in made:
                folder = tmp_path_factory.mktemp(name)
                made[name] = stack.enter_context(closing(WAYS[name](folder)))
            return made[name]

        yield get


@pytest.fixture(params=WAYS)
def way(request, ways):
    """A way to reach a store."""
    found = ways(request.param)
    yield found
    found.come_back()


@pytest.fixture(params=SERVED)
def served(request, ways):
    """A way where requests are signed."""
    return ways(request.param)


@pytest.fixture
def client(way):
    """A client of the owner."""
    return way.client(OWNER)


@pytest.fixture
def make_bucket(way, client):
    """Makes buckets, and deletes them with all that is in them."""
    made = []

    def make(who=OWNER, **options):
        name = way.fresh_name(who)
        way.client(who).create_bucket(name, **options)
        made.append((who, name))
        return name

    yield make
    for who, name in made:
        sweep(way.client(who), name)


@pytest.fixture
def bucket(make_bucket):
    """A bucket of the owner's."""
    return make_bucket()


@pytest.fixture
def versioned(client, make_bucket):
    """One that keeps versions."""
    name = make_bucket()
    client.put_bucket_versioning(name, "Enabled")
    return name


@pytest.fixture
def foreign(make_bucket):
    """A bucket of another account's."""
    return make_bucket(OTHER)
