"""Finds the doubles beside these tests, and runs what they say on the actors' loop."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from legion_llm.adapters.fleet.wire import FleetWire
from legion_llm.runtime import ASYNCIO

# In importlib mode pytest touches no path, and tests are no package: `link_doubles` would not be found.
_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)


@pytest.fixture
def wire(house):
    """How messages become bytes, by the house's clock; without a secret."""
    return FleetWire(wall_clock=house.clock.time, monotonic=house.clock.monotonic)


@pytest.fixture
def on_loop(house):
    """Call something on the actors' asyncio loop, as a link does, and return when it has been done."""

    def call(function, *args):
        done = threading.Event()
        house.system.home(ASYNCIO).post(lambda: (function(*args), done.set()))
        assert done.wait(10)

    return call
