"""Settings that every test shares."""

import os

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
