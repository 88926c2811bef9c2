"""Lets every test import the loopback servers: `from upstream import openai_upstream, Fault`."""

from __future__ import annotations

import sys
from pathlib import Path

# In importlib mode pytest touches no path, and tests are no package: the servers would not be found.
_SERVERS = str(Path(__file__).parent / "servers")
if _SERVERS not in sys.path:
    sys.path.insert(0, _SERVERS)
