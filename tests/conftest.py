"""Lets every test import the loopback servers: `from upstream import openai_upstream, Fault`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# In importlib mode pytest touches no path, and tests are no package: the servers would not be found.
_SERVERS = str(Path(__file__).parent / "servers")
if _SERVERS not in sys.path:
    sys.path.insert(0, _SERVERS)


@pytest.fixture(scope="session")
def unless():
    """Skip, or fail where everything must be there: unless("no RabbitMQ on port 5672")."""

    def absent(reason):
        if os.environ.get("LEGION_REQUIRE_SERVICES") == "1":
            pytest.fail(f"{reason} (LEGION_REQUIRE_SERVICES=1)")
        pytest.skip(reason)

    return absent


@pytest.fixture(scope="session")
def postgres_server(unless):
    """A PostgreSQL server that runs already."""
    from postgres import absence  # noqa: PLC0415 - found by the lines above, and asks for a library

    if (reason := absence()) is not None:
        unless(reason)


@pytest.fixture(scope="session")
def postgres_schema(postgres_server):
    """A schema of this run's own on that server; it is dropped at the end."""
    from postgres import Schema  # noqa: PLC0415 - likewise

    schema = Schema()
    yield schema
    schema.drop()


@pytest.fixture
def postgres(postgres_schema):
    """That schema, empty."""
    yield postgres_schema
    postgres_schema.clear()
