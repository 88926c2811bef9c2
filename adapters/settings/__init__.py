"""Settings from files, the environment and code; credentials; and how both may be shown."""

from __future__ import annotations

from .candidates import candidates_for, first_candidate
from .credentials import Absent, Resolvers, headers_for, resolve
from .enablement import Enablement, Skipped, usable_instances
from .load import load_settings
from .redaction import redacted

__all__ = [
    "Absent",
    "Enablement",
    "Resolvers",
    "Skipped",
    "candidates_for",
    "first_candidate",
    "headers_for",
    "load_settings",
    "redacted",
    "resolve",
    "usable_instances",
]
