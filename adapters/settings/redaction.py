"""Settings as plain data that may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...messages.secret import MASK, Secret, SecretRef, masked


def redacted(settings: attrs.AttrsInstance) -> dict[str, Any]:
    """Return `Settings`, or any part of them, as plain JSON-like data without secrets.

    References to environment variables are shown, since they are no secrets; credentials, and headers and body fields whose name sounds secret,
    become "***".
    """
    return {field.name: _shown(getattr(settings, field.name)) for field in attrs.fields(type(settings))}


def _shown(value: Any) -> Any:
    if isinstance(value, SecretRef):
        return value.shown
    if isinstance(value, Secret):
        return MASK
    if attrs.has(type(value)):
        return redacted(value)
    if isinstance(value, Mapping) and any(attrs.has(type(entry)) for entry in value.values()):
        return {name: _shown(entry) for name, entry in value.items()}
    if isinstance(value, tuple) and any(attrs.has(type(entry)) for entry in value):
        return [_shown(entry) for entry in value]
    return masked(value)
