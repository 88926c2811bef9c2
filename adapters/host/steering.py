"""What a host's call says of where it shall go: intent, exclusions, affinity, compression."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from ...messages.errors import InvalidRequestError
from ...messages.exclusion import Exclusion

NAMES: Final = frozenset({"intent", "exclude", "affinity", "compress_level"})

_MOST: Final = 3
_LIKE: Final = 'like {"provider": "openai"}'
_EXCLUDABLE: Final = tuple(field.name for field in attrs.fields(Exclusion))


def steering(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request that say where it shall go.

    Raises:
        InvalidRequestError: One is malformed; `param` names it.
    """
    return {name: read(parameters[name]) for name, read in _READ.items() if parameters.get(name) is not None}


def _intent(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise InvalidRequestError(
            f'intent must be a mapping like {{"cost": "minimize"}}, not {type(value).__name__}', param="intent"
        )
    return {_key(key): _word(key, word) for key, word in value.items()}


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key:
        raise InvalidRequestError(f"intent: {key!r} is no name of what matters", param="intent")
    return key


def _word(key: str, word: Any) -> str:
    """Return the word as rules write it: flags and numbers as in JSON."""
    if isinstance(word, bool):
        return "true" if word else "false"
    if isinstance(word, (str, int, float)):
        return str(word)
    raise InvalidRequestError(f"intent.{key} must be a word, not {type(word).__name__}", param=f"intent.{key}")


def exclusions(value: Any, where: str = "exclude") -> tuple[Exclusion, ...]:
    """Return the exclusions that a value means: one or several, each a mapping of provider, model and tier.

    Raises:
        InvalidRequestError: It means none; `param` is `where`.
    """
    if isinstance(value, (Exclusion, Mapping)):
        value = [value]
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidRequestError(f"{where} must be a list of mappings {_LIKE}", param=where)
    return tuple([_exclusion(each, f"{where}.{number}") for number, each in enumerate(value)])


def _exclusion(value: Any, where: str) -> Exclusion:
    if isinstance(value, Exclusion):
        return value
    if not isinstance(value, Mapping) or not value:
        raise InvalidRequestError(f"{where} must be a mapping {_LIKE}", param=where)
    for key, name in value.items():
        if key not in _EXCLUDABLE:
            raise InvalidRequestError(f"{where}: known are {', '.join(_EXCLUDABLE)}", param=where)
        if not isinstance(name, str) or not name:
            raise InvalidRequestError(f"{where}.{key} must be a name", param=f"{where}.{key}")
    return Exclusion(**value)


def _affinity(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequestError(f"affinity must be text, not {value!r}", param="affinity")
    return value


def _level(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise InvalidRequestError(f"compress_level must be 0 to {_MOST}, not {value!r}", param="compress_level")
    return value


_READ: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {"intent": _intent, "exclude": exclusions, "affinity": _affinity, "compress_level": _level}
)
