"""What a host's call says of where it shall go: intent, exclusions, affinity, compression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from ...messages.errors import InvalidRequestError
from ...messages.exclusion import Exclusion

NAMES: Final = frozenset({"intent", "exclude", "affinity", "compress_level"})

_MOST: Final = 3
_EXCLUDABLE: Final = tuple(field.name for field in attrs.fields(Exclusion))


def steering(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request that say where it shall go.

    Raises:
        InvalidRequestError: One is malformed; `param` names it.
    """
    read = {"intent": _intent, "exclude": _exclusions, "affinity": _affinity, "compress_level": _level}
    return {name: read[name](parameters[name]) for name in NAMES & parameters.keys() if parameters[name] is not None}


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


def _exclusions(value: Any) -> tuple[Exclusion, ...]:
    one = isinstance(value, (Exclusion, Mapping))
    if not one and (isinstance(value, str) or not isinstance(value, Iterable)):
        raise InvalidRequestError('exclude must be a list of mappings like {"provider": "openai"}', param="exclude")
    return tuple(map(_exclusion, [value] if one else value))


def _exclusion(value: Any) -> Exclusion:
    if isinstance(value, Exclusion):
        return value
    if not isinstance(value, Mapping) or not value or not all(isinstance(name, str) for name in value.values()):
        raise InvalidRequestError(f'exclude: {value!r} is no mapping like {{"provider": "openai"}}', param="exclude")
    unknown = value.keys() - set(_EXCLUDABLE)
    if unknown:
        raise InvalidRequestError(
            f"exclude.{min(unknown)} is unknown; known are {', '.join(_EXCLUDABLE)}", param="exclude"
        )
    return Exclusion(**value)


def _affinity(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequestError(f"affinity must be text, not {value!r}", param="affinity")
    return value


def _level(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise InvalidRequestError(f"compress_level must be 0 to {_MOST}, not {value!r}", param="compress_level")
    return value
