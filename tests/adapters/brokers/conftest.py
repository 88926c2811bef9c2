"""One suite, and every broker that it must hold for."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

# In importlib mode pytest touches no path, and tests are no package: `fleet_brokers` would not be found.
_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

from fleet_brokers import BROKERS  # noqa: E402 - after the path


@pytest.fixture(params=BROKERS)
def broker_kind(request):
    return request.param


@pytest.fixture
def run(broker_kind, unless):
    """Run a test's coroutine with a broker, and close all that it opened."""
    if (reason := broker_kind.is_absent()) is not None:
        unless(reason)

    def run(test):
        async def whole():
            broker = broker_kind()
            try:
                await asyncio.wait_for(test(broker), 30)
            finally:
                await broker.aclose()

        asyncio.run(whole())

    return run
