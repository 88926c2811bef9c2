"""Systems that are shut down when their test ends, and a gate that opens then."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from legion_llm.runtime import ActorSystem, Intensity, SupervisorSpec

# In importlib mode pytest touches no path, and tests are no package: `zoo` would not be found.
_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

from zoo import Gate  # noqa: E402 - after the path


@pytest.fixture
def make_system():
    """Start a system with the given children; it is shut down at the end."""
    systems = []

    def make(*children, intensity=None, strategy="one_for_one", clock=None, name="test", **more):
        system = ActorSystem(name, clock=clock, **more)
        systems.append(system)
        generous = Intensity(max_restarts=1000, max_seconds=1.0, backoff_initial=0.0)
        system.start(SupervisorSpec(name="root", children=children, strategy=strategy, intensity=intensity or generous))
        return system

    yield make
    for system in systems:
        system.shutdown(drain=0.0)


@pytest.fixture
def gate():
    """A closed gate; it opens at the end, so that nobody is left behind it."""
    gate = Gate()
    yield gate
    gate.open()
