"""Tests against what only some machines have: they skip with a reason, and where LEGION_REQUIRE_SERVICES is set they fail instead."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def unless():
    """Skip, or fail where everything must be there: unless("no RabbitMQ on port 5672")."""

    def absent(reason):
        if os.environ.get("LEGION_REQUIRE_SERVICES") == "1":
            pytest.fail(f"{reason} (LEGION_REQUIRE_SERVICES=1)")
        pytest.skip(reason)

    return absent
