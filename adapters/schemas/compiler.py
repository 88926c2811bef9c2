"""Implements `actors.structured.port.SchemaCompiler` with the library `jsonschema`."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Mapping
from typing import Any, Final

from ...actors.structured.port import Check
from ...messages.errors import InvalidRequestError
from ..dialects.json_text import is_deeper_than, write_json
from ..dialects.limits import MAX_JSON_DEPTH

_MOST_KEPT: Final = 64
_MOST_ERRORS: Final = 5
_MOST_WORDS: Final = 300

# Keywords that hold values, in which nothing is a schema.
_VALUES: Final = frozenset({"const", "enum", "default", "examples"})


class JsonSchemaCompiler:
    """Compiles schemas, and keeps the last 64: a program asks with the same few again and again.

    A schema is taken for the draft that its "$schema" names, else for 2020-12. It may refer within itself; nothing is ever fetched. "format" is a
    remark, as the standard has it, and is not checked.
    """

    def __init__(self) -> None:
        self._kept: collections.OrderedDict[bytes, Check] = collections.OrderedDict()

    def __call__(self, schema: Any) -> Check:
        """Return the check for a schema; see the port."""
        if not isinstance(schema, Mapping):
            raise InvalidRequestError(f"a schema must be an object, not {type(schema).__name__}", param="schema")
        key = write_json(schema)
        check = self._kept.get(key)
        if check is None:
            check = self._kept[key] = _compiled(schema)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return check


def _compiled(schema: Mapping[str, Any]) -> Check:
    # They take 50 ms to load, which a host that never asks for structure shall not pay.
    import jsonschema  # noqa: PLC0415
    import referencing  # noqa: PLC0415
    import referencing.exceptions  # noqa: PLC0415

    if is_deeper_than(MAX_JSON_DEPTH, schema):
        raise InvalidRequestError(f"the schema is nested deeper than {MAX_JSON_DEPTH} levels", param="schema")
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        where = "/".join(map(str, error.absolute_path)) or "its top"
        raise InvalidRequestError(
            f"this is no JSON Schema: at {where}: {_short(error.message)}", param="schema"
        ) from error
    _check_references(schema)
    # A registry of its own: the library's default one would fetch what a schema refers to.
    validator = kind(schema, registry=referencing.Registry())

    def check(value: Any) -> str | None:
        try:
            errors = list(itertools.islice(validator.iter_errors(value), _MOST_ERRORS))
        except referencing.exceptions.Unresolvable as error:
            raise InvalidRequestError(
                f"the schema refers to {error.ref!r}, which is not in it", param="schema"
            ) from error
        except RecursionError:
            return "it is nested too deep to be checked"
        return "; ".join(map(_said, sorted(errors, key=lambda each: list(map(str, each.absolute_path))))) or None

    return check


def _check_references(schema: Mapping[str, Any]) -> None:
    """Refuse a schema that refers to what is not in it, before a model is asked; one that names its parts ("$id") shows that when it is used."""
    import referencing  # noqa: PLC0415 - see above
    import referencing.exceptions  # noqa: PLC0415
    import referencing.jsonschema  # noqa: PLC0415

    references, has_names = _references(schema)
    if has_names:
        return
    resource = referencing.Resource.from_contents(schema, default_specification=referencing.jsonschema.DRAFT202012)
    resolver = referencing.Registry().with_resource("", resource).crawl().resolver("")
    for reference in references:
        try:
            resolver.lookup(reference)
        except referencing.exceptions.Unresolvable as error:
            raise InvalidRequestError(
                f"the schema refers to {reference!r}, which is not in it", param="schema"
            ) from error


def _references(schema: Mapping[str, Any]) -> tuple[list[str], bool]:
    """Return what a schema refers to, and whether it gives parts of itself names."""
    found: list[str] = []
    waiting: list[Any] = [schema]
    has_names = False
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            has_names |= isinstance(part.get("$id"), str)
            found += [part[key] for key in ("$ref", "$dynamicRef") if isinstance(part.get(key), str)]
            waiting += [value for key, value in part.items() if key not in _VALUES]
        elif isinstance(part, (list, tuple)):
            waiting += part
    return found, has_names


def _said(error: Any) -> str:
    path = "".join([f"[{each}]" if isinstance(each, int) else f".{each}" for each in error.absolute_path])
    return f"at ${path}: {_short(error.message)}"


def _short(words: str) -> str:
    return words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]} [...]"
