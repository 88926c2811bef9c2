"""What another program's configuration proposes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs
import orjson

from ...messages.secret import Secret

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Patch:
    """Proposed settings, by where they come from: nothing is changed by making one.

    Attributes:
        origin: Which program, for people ("Claude's configuration").
        credentials: By what they are for ("anthropic", "openai", "bedrock"; "token", "key").
        default_model: Model that the person prefers, or None.
        expires_at: Unix seconds at which credentials expire, by their names; of the others nobody knows.
        notes: Why a credential that is there is not proposed, by its name.
    """

    origin: str
    credentials: Mapping[str, Secret] = _NOTHING
    default_model: str | None = None
    expires_at: Mapping[str, float] = _NOTHING
    notes: Mapping[str, str] = _NOTHING


def read_object(text: str | bytes | None) -> Mapping[str, Any]:
    """Return the JSON object in a text; {} where there is none: what another program keeps may be missing, half-written or of a newer make."""
    try:
        value = orjson.loads(text or b"{}")
    except orjson.JSONDecodeError:
        return _NOTHING
    return value if isinstance(value, dict) else _NOTHING


def stated(source: Mapping[str, Any], *keys: str) -> str | None:
    """Return the first text under one of the keys that is not blank, stripped."""
    found = (source.get(key) for key in keys)
    return next((each.strip() for each in found if isinstance(each, str) and each.strip()), None)


def section(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object within an object, {} where there is none."""
    value = source.get(key)
    return value if isinstance(value, dict) else _NOTHING


def secrets(**found: str | None) -> dict[str, Secret]:
    """Return the texts that are there, as secrets by their names."""
    return {name: Secret(value) for name, value in found.items() if value is not None}
