"""Settings that every test shares."""

import os

import pytest
from hypothesis import HealthCheck, settings

# The slowest machines are the shared ones of CI: no deadline there or here, since a test that
# waits for its turn is not a slow one.
settings.register_profile(
    "cosbox", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("cosbox"), derandomize=True)
settings.register_profile("long", settings.get_profile("cosbox"), max_examples=3000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "cosbox")
)


@pytest.fixture(autouse=True, scope="session")
def _checkpoints_elsewhere(tmp_path_factory):
    """Checkpoints of uploads do not go where the user's are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
