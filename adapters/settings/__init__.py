"""Settings from files, the environment and code; credentials; and how both may be shown."""

from __future__ import annotations

from .credentials import Absent, credential_for, headers_for, resolve
from .enablement import Enablement, Skipped, usable_instances
from .load import load_settings
from .redaction import redacted

__all__ = [
    "Absent",
    "Enablement",
    "Skipped",
    "credential_for",
    "headers_for",
    "load_settings",
    "redacted",
    "resolve",
    "usable_instances",
]
