"""Reading a provider's catalogue: what is missing or of a wrong type is unknown, and never an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ...messages.catalogue import Capability, ModelFacts

# No catalogue known has more than some hundred models; what floods us is cut, not stored.
MOST_MODELS: Final = 5_000
_LONGEST_NAME: Final = 300
_LARGEST: Final = 2**53
_UNSPEAKABLE: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")


def facts_of_all(
    entries: Iterable[Any], facts_of: Callable[[str, Mapping[str, Any]], ModelFacts]
) -> tuple[ModelFacts, ...]:
    """Return what a list says of each model, each once; entries without a usable name are passed over.

    Args:
        entries: The list, from outside.
        facts_of: Makes the facts of an entry from its name and its fields.
    """
    found: dict[str, ModelFacts] = {}
    for entry in entries:
        name = name_of(entry)
        if name is not None and name not in found:
            found[name] = facts_of(name, entry)
            if len(found) == MOST_MODELS:
                break
    return tuple(found.values())


def name_of(entry: Any) -> str | None:
    """Return the name of an entry (`id`, `name` or `model`), or None where there is none that could be asked for."""
    if not isinstance(entry, Mapping):
        return None
    name = next((entry[key] for key in ("id", "name", "model") if isinstance(entry.get(key), str) and entry[key]), None)
    return name if name is not None and len(name) <= _LONGEST_NAME and not _UNSPEAKABLE.search(name) else None


def count(value: Any) -> int | None:
    """Return a positive whole number, or None; some servers write numbers as floats."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= _LARGEST:
        return None
    return int(value)


def first_count(source: Mapping[str, Any], *keys: str) -> int | None:
    """Return the first of several fields that holds a positive number."""
    return next((number for number in (count(source.get(key)) for key in keys) if number is not None), None)


def text(value: Any) -> str | None:
    """Return a text that is not blank, cut to a sane length, or None."""
    return value.strip()[:_LONGEST_NAME] if isinstance(value, str) and value.strip() else None


def section(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object within an entry, {} where there is none."""
    value = source.get(key)
    return value if isinstance(value, Mapping) else {}


def words(value: Any) -> frozenset[str] | None:
    """Return the texts of a list in lower case, or None where there is no list."""
    return frozenset([each.lower() for each in value if isinstance(each, str)]) if isinstance(value, list) else None


def moment(value: Any) -> int:
    """Return Unix seconds from seconds or from RFC 3339, 0 where it is neither."""
    if isinstance(value, str):
        try:
            return max(0, int(datetime.fromisoformat(value).timestamp()))
        except (ValueError, OverflowError, OSError):
            return 0
    return count(value) or 0


def split(stated: Mapping[Capability, bool | None]) -> tuple[frozenset[Capability], frozenset[Capability]]:
    """Return what is stated to be there and what is stated to be missing."""
    return (
        frozenset([each for each, there in stated.items() if there is True]),
        frozenset([each for each, there in stated.items() if there is False]),
    )
