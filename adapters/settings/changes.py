"""What is another in new settings, and what of that a running system can take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from ...messages.reload import ReloadReport
from ...messages.secret import SecretRef
from ...messages.settings import Settings, all_budgets

# Sections that actors take from one message to the next. Everything else is wired when the system starts.
LIVE: Final = frozenset(
    {
        "default_model",
        "default_provider",
        "max_attempts",
        "providers",
        "enterprise_privacy",
        "aliases",
        "routing",
        "discovery",
        "arbitrage",
        "verification",
        "vault",
        "claude_cli",
        "codex",
        "pricing",
        "quality",
        "confidence",
        "debate",
        "rbac",
        "compliance",
        "tier_assignment",
        "max_tool_rounds",
        "tool_loop",
        "tool_trigger",
        "embedding",
    }
)
_KEYS: Final = "api.keys"


def merged(before: Settings, after: Settings) -> tuple[Settings, ReloadReport]:
    """Return the settings that hold from now on, and what came of the changes.

    Args:
        before: The settings that hold.
        after: Those that were read.
    """
    keys_are_live = _keys_are_live(before, after)
    changed = list(changed_paths(before, after))
    applied = tuple(path for path in changed if _is_live(path, keys_are_live=keys_are_live))
    now = attrs.evolve(
        before,
        api=attrs.evolve(before.api, keys=after.api.keys) if keys_are_live else before.api,
        **{name: getattr(after, name) for name in LIVE},
    )
    return now, ReloadReport(applied=applied, waiting=tuple(path for path in changed if path not in applied))


def _is_live(path: str, *, keys_are_live: bool) -> bool:
    if path == _KEYS or path.startswith(f"{_KEYS}."):
        return keys_are_live
    return path.partition(".")[0] in LIVE


def _keys_are_live(before: Settings, after: Settings) -> bool:
    """Keys come and go, but a gateway without any is another thing than one with some; and the accounts of budgets are opened at the start."""
    if bool(before.api.keys) != bool(after.api.keys):
        return False
    return all_budgets((), before.api.keys) == all_budgets((), after.api.keys)


def changed_paths(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield the paths at which two settings differ, as deep as they have names; never a value."""
    if before == after:
        return
    if attrs.has(type(before)) and type(before) is type(after) and not isinstance(before, SecretRef):
        inner = {field.name: (getattr(before, field.name), getattr(after, field.name)) for field in _fields(before)}
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        inner = {str(key): (before.get(key), after.get(key)) for key in sorted({*before, *after}, key=str)}
    else:
        yield path
        return
    for name, (old, new) in inner.items():
        yield from changed_paths(old, new, f"{path}.{name}" if path else name)


def _fields(value: Any) -> tuple[attrs.Attribute[Any], ...]:
    return tuple(field for field in attrs.fields(type(value)) if field.eq)
