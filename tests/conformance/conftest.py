"""The suites assert like tests do."""

import pytest

pytest.register_assert_rewrite(
    "conformance.records_suite", "conformance.records_machine", "conformance.blobs_suite"
)
