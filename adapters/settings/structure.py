"""From plain data to `Settings`, strictly: no coercion, no unknown keys, and errors that say where."""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args, get_origin

import attrs
import cattrs
from cattrs.errors import AttributeValidationNote, ForbiddenExtraKeysError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, make_mapping_structure_fn

from ...messages.errors import SettingsError
from ...messages.secret import SecretRef, sounds_secret
from ...messages.settings import Settings, nearest
from .layers import Tree
from .sources import EnvironmentText

Hook: TypeAlias = Callable[[Any, Any], Any]

_SHOWN_CHARACTERS: Final = 40
# In the words of JSON; a flag before the whole number that it is to Python.
_TYPE_NAMES: Final = (
    (str, "the text"),
    (bool, "the flag"),
    (int, "the number"),
    (float, "the number"),
    (Mapping, "an object"),
    ((list, tuple), "a list"),
)


@attrs.frozen(kw_only=True)
class Fault:
    """Something wrong in the settings.

    Attributes:
        path: Keys from the root to the setting at fault.
        message: What is wrong, without the path.
    """

    path: tuple[str, ...]
    message: str


class _WrongTypeError(Exception):
    """A value of the wrong type; whether it may be shown is decided where its name is known."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(expected, value)
        self.expected = expected
        self.value = value


def structure(tree: Tree) -> Settings | list[Fault]:
    """Return the settings, or everything that is wrong with them (at least one fault)."""
    try:
        settings: Settings = _converter().structure(tree, Settings)
    except (cattrs.BaseValidationError, SettingsError) as error:
        return list(_faults(error, ()))
    return settings


# -- Structuring --------------------------------------------------------------------------------------------------------


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=True)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(bool, _flag)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(SecretRef, lambda value, _: SecretRef.of(value))
    converter.register_structure_hook_func(_is_any, _free_form)
    converter.register_structure_hook_func(_is_moment, _moment)
    # Which words are allowed is said by the field's own check, to code and files alike.
    converter.register_structure_hook_func(_is_a(Literal), _text)
    converter.register_structure_hook_factory(attrs.has, lambda kind: _section(kind, converter))
    converter.register_structure_hook_factory(_is_a(Mapping), lambda kind: _named(kind, converter))
    converter.register_structure_hook_factory(_is_a(tuple), lambda kind: _listed(kind, converter))
    return converter


def _is_any(kind: Any) -> bool:
    return kind is Any


def _is_moment(kind: Any) -> bool:
    return get_origin(kind) is Annotated and "moment" in kind.__metadata__


def _is_a(origin: Any) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


def _section(kind: type[Any], converter: cattrs.Converter) -> Hook:
    @cache
    def build() -> Hook:
        # Made when a section is met: most settings name a few of seventy, and making all takes as long as the rest of a start.
        made: Hook = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)
        return made

    # Some sections may be written as a text, which then is the field of that name.
    shorthand: str | None = getattr(kind, "shorthand", None)
    if shorthand is None:
        return lambda value, target: build()(_mapping(value), target)
    return lambda value, target: build()(
        {shorthand: value} if isinstance(value, (str, list, tuple)) else _mapping(value), target
    )


def _named(kind: Any, converter: cattrs.Converter) -> Hook:
    build: Hook = make_mapping_structure_fn(kind, converter, dict)
    return lambda value, target: build(_mapping(value), target)


def _listed(kind: Any, converter: cattrs.Converter) -> Hook:
    entries: Any = types.GenericAlias(list, get_args(kind)[:1])
    return lambda value, _: tuple(converter.structure(_list(value), entries))


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _WrongTypeError("an object", value)
    for key in value:
        if not isinstance(key, str):
            raise SettingsError("a key must be text", path=str(key))
    return value


def _list(value: object) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise _WrongTypeError("a list", value)
    return value


def _plain(value: object) -> object:
    return value.parsed if isinstance(value, EnvironmentText) else value


def _integer(value: object, _: Any) -> int:
    number = _plain(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise _WrongTypeError("a whole number", value)
    return number


def _number(value: object, _: Any) -> float:
    number = _plain(value)
    if not isinstance(number, (int, float)) or isinstance(number, bool):
        raise _WrongTypeError("a number", value)
    if abs(number) > sys.float_info.max:
        raise SettingsError("is infinite or too large")
    return float(number)


def _flag(value: object, _: Any) -> bool:
    flag = _plain(value)
    if not isinstance(flag, bool):
        raise _WrongTypeError("true or false", value)
    return flag


def _text(value: object, _: Any) -> str:
    if not isinstance(value, str):
        raise _WrongTypeError("text", value)
    # The bare text of an enum member or of a text from the environment.
    return "".join(value)


def _moment(value: object, _: Any) -> str:
    return value.isoformat() if isinstance(value, date) else _text(value, str)


def _free_form(value: object, _: Any = None) -> Any:
    plain = _plain(value)
    if isinstance(plain, Mapping):
        return {_text(key, str): _free_form(entry) for key, entry in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [_free_form(entry) for entry in plain]
    if plain is None or isinstance(plain, (str, bool, int)) or (isinstance(plain, float) and math.isfinite(plain)):
        return plain
    raise _WrongTypeError("a JSON value", value)


# -- Faults -------------------------------------------------------------------------------------------------------------


def _faults(error: BaseException, path: tuple[str, ...]) -> Iterator[Fault]:
    if isinstance(error, cattrs.BaseValidationError):
        for inner in error.exceptions:
            yield from _faults(inner, (*path, *_step(inner)))
    elif isinstance(error, ForbiddenExtraKeysError):
        valid = [field.name for field in attrs.fields(error.cl)]
        for key in sorted(error.extra_fields):
            yield Fault(path=(*path, key), message=f"unknown key; {nearest(key, valid)}")
    elif isinstance(error, KeyError):  # what cattrs meets where a field without a default is not stated
        yield Fault(path=path, message="is missing")
    elif isinstance(error, _WrongTypeError):
        yield Fault(path=path, message=f"must be {error.expected}, not {_described(error.value, path)}")
    elif isinstance(error, SettingsError):
        yield Fault(path=(*path, *(error.path.split(".") if error.path else ())), message=bare_message(error))
    elif isinstance(error, KeyError):
        yield Fault(path=path, message="is missing: it has no default")
    else:
        raise error


def bare_message(error: SettingsError) -> str:
    """Return what the error says without the path that it begins with."""
    return error.message.removeprefix(f"{error.path}: ")


def _step(error: BaseException) -> tuple[str, ...]:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return (note.name,)
        if isinstance(note, IterableValidationNote):
            return (str(note.index),)
    return ()


def _described(value: object, path: tuple[str, ...]) -> str:
    if any(sounds_secret(key) for key in path) or "headers" in path:
        return f"{_type_name(value)} (not shown)"
    shown = repr("".join(value)) if isinstance(value, str) else repr(value)
    return f"{_type_name(value)} {shown}" if len(shown) <= _SHOWN_CHARACTERS else _type_name(value)


def _type_name(value: object) -> str:
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"
