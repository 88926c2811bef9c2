"""Our own messages as JSON: what stores keep, brokers of the fleet carry and the native API speaks. Vendors' formats are the dialects'.

A content block carries its `type`. Bytes are base64. Fields that nobody knows any more are ignored on purpose: what a newer version
wrote, an older one can read. Everything else is taken at its word: a wrong type is an error and never a conversion, a field that is
absent has its default, and null is a value, which is wrong where the type has no None. Errors are no messages and do not travel here.
"""

from __future__ import annotations

import base64
import binascii
import math
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final, Literal, NoReturn, TypeVar, Union, get_args, get_origin

import attrs
import orjson
from cattrs import AttributeValidationNote, IterableValidationNote
from cattrs.errors import BaseValidationError, ClassValidationError, IterableValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn
from cattrs.preconf.orjson import OrjsonConverter, make_converter

from ..messages.content import ContentBlock, Extra
from ..messages.errors import InvalidRequestError
from .dialects.fields import within
from .dialects.json_text import json_kind, write_json

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]

_TAG: Final = "type"
_BLOCKS: Final[Mapping[str, type]] = {cls.type: cls for cls in get_args(ContentBlock)}
_BLOCK_TUPLE: Final = tuple[ContentBlock, ...]
_NONE: Final = type(None)


def to_json(value: Any) -> bytes:
    """Return one of our messages (an attrs value) as JSON.

    Raises:
        InvalidRequestError: It holds what JSON cannot say: an integer over 64 bits, a number that is none, a lone surrogate, over
            254 levels of nesting.
    """
    try:
        plain = _CONVERTER.unstructure(value)
    except (_Wrong, RecursionError) as error:
        raise InvalidRequestError(f"{type(value).__name__} cannot be written as JSON: {_said(error)}") from error
    return write_json(plain)


def from_json(data: bytes, cls: type[T]) -> T:
    """Return the message of class `cls` that `to_json` wrote; unknown fields are ignored.

    Raises:
        InvalidRequestError: It is not JSON, or no `cls`; `param` is the path of the first field at fault ("messages.0.role"). A store
            that reads what it wrote itself says so in an error of its own: its caller has done nothing wrong.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"no {_name(cls)}: not JSON: {error}") from error
    try:
        return _CONVERTER.structure(value, cls)
    except (BaseValidationError, _Wrong) as error:
        param, fault = next(_faults(error))
        raise InvalidRequestError(f"no {_name(cls)}: {param or 'it'} {_said(fault)}", param=param or None) from error


# -- What is wrong, and where -----------------------------------------------------------------------------------------


class _Wrong(Exception):
    """A value does not fit; the text goes on after the name of the field."""


def _refuse(expected: str, value: Any) -> NoReturn:
    raise _Wrong(f"must be {expected}, not {json_kind(value)}")


def _faults(error: BaseException, path: str = "") -> Iterator[tuple[str, BaseException]]:
    """Yield every fault with its path, in order of the fields."""
    if not isinstance(error, BaseExceptionGroup):
        # The path to where the stack ended would be longer than anyone reads.
        yield ("" if isinstance(error, RecursionError) else path), error
        return
    for each in error.exceptions:
        key = _key(each) if isinstance(error, (ClassValidationError, IterableValidationError)) else None
        yield from _faults(each, path if key is None else within(path, key))


def _key(error: BaseException) -> str | int | None:
    """Return the field or the number of the item at which an error happened."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return note.name
        if isinstance(note, IterableValidationNote):
            return note.index
    return None


def _said(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return "is required"
    return "is nested too deep" if isinstance(error, RecursionError) else str(error)


def _name(cls: Any) -> str:
    return cls.__name__ if isinstance(cls, type) else str(cls)


# -- Values -----------------------------------------------------------------------------------------------------------


def _exactly(cls: type, expected: str) -> Hook:
    """Exactly, because bool is an int to Python, but not to JSON."""

    def hook(value: Any, _cls: Any) -> Any:
        return value if type(value) is cls else _refuse(expected, value)

    return hook


def _read_float(value: Any, _cls: Any) -> float:
    return float(value) if type(value) in (float, int) else _refuse("a number", value)


def _write_float(value: float) -> float:
    # orjson would write null, which is another value.
    if not math.isfinite(value):
        raise _Wrong(f"{value} is no number of JSON")
    return value


def _read_bytes(value: Any, _cls: Any) -> bytes:
    if type(value) is not str:
        _refuse("a string", value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Wrong(f"must be base64: {error}") from error


def _write_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _read_text(value: Any, cls: type) -> Any:
    # An enumeration of strings is a kind of string, so cattrs asks here for both.
    if issubclass(cls, Enum):
        return _read_enum(value, cls)
    return value if type(value) is str else _refuse("a string", value)


def _read_enum(value: Any, cls: type[Enum]) -> Enum:
    try:
        return cls(value)
    except ValueError:
        _refuse_choice([each.value for each in cls], value)


def _literal(cls: Any) -> Hook:
    known = get_args(cls)
    return lambda value, _: value if type(value) is str and value in known else _refuse_choice(known, value)


def _refuse_choice(known: Iterable[str], value: Any) -> NoReturn:
    expected = f"one of {', '.join(known)}"
    if type(value) is not str:
        _refuse(expected, value)
    raise _Wrong(f"must be {expected}, not {value[:50]!r}")


_READERS: Final[Mapping[type, Hook]] = {
    str: _read_text,
    int: _exactly(int, "an integer"),
    bool: _exactly(bool, "a boolean"),
    float: _read_float,
    bytes: _read_bytes,
}


# -- Objects and arrays -----------------------------------------------------------------------------------------------


def _checked_object(cls: Any) -> Hook:
    read = make_dict_structure_fn(cls, _CONVERTER)
    return lambda value, _: read(value, cls) if type(value) is dict else _refuse("an object", value)


def _checked_array(cls: Any) -> Hook:
    read = _CONVERTER.get_structure_hook(list[get_args(cls)[0]])  # type: ignore[misc]
    return lambda value, _: tuple(read(value, cls)) if type(value) is list else _refuse("an array", value)


def _tagging(cls: Any, converter: OrjsonConverter) -> Callable[[Any], dict[str, Any]]:
    """A block carries its tag wherever it stands, also alone."""
    plain = make_dict_unstructure_fn(cls, converter)
    return lambda block: {_TAG: cls.type, **plain(block)}


# -- Unions -----------------------------------------------------------------------------------------------------------


def _members(cls: Any) -> set[Any]:
    return set(get_args(cls)) if get_origin(cls) in (Union, types.UnionType) else set()


def _is_blocks(cls: Any) -> bool:
    """Whether a type is some kinds of blocks, or None too."""
    members = _members(cls) - {_NONE}
    return len(members) > 1 and members <= set(_BLOCKS.values())


def _is_content(cls: Any) -> bool:
    """Whether a type is text or blocks, or None too."""
    return _members(cls) - {_NONE} == {str, _BLOCK_TUPLE}


def _checked_block(cls: Any) -> Hook:
    members = _members(cls)

    def hook(value: Any, _cls: Any) -> Any:
        if value is None and _NONE in members:
            return None
        if type(value) is not dict:
            _refuse("an object", value)
        tag = value.get(_TAG)
        kind = _BLOCKS.get(tag) if type(tag) is str else None
        if kind is None or kind not in members:
            raise _Wrong(f"is no kind of content block: {tag!r:.50}" if _TAG in value else "has no type")
        return _CONVERTER.structure(value, kind)

    return hook


def _checked_content(cls: Any) -> Hook:
    members = _members(cls)

    def hook(value: Any, _cls: Any) -> Any:
        if type(value) is str or (value is None and _NONE in members):
            return value
        if type(value) is not list:
            _refuse("a string or an array of blocks", value)
        return _CONVERTER.structure(value, _BLOCK_TUPLE)

    return hook


def _write_content(_cls: Any) -> Callable[[Any], Any]:
    def hook(value: Any) -> Any:
        return value if value is None or type(value) is str else [_CONVERTER.unstructure(block) for block in value]

    return hook


# -- The converter ----------------------------------------------------------------------------------------------------


def _is_literal(cls: Any) -> bool:
    return get_origin(cls) is Literal


def _is_array(cls: Any) -> bool:
    return get_origin(cls) is tuple and get_args(cls)[1:] == (Ellipsis,)


def _make_converter() -> OrjsonConverter:
    converter = make_converter(detailed_validation=True)
    for cls, hook in _READERS.items():
        converter.register_structure_hook(cls, hook)
    converter.register_unstructure_hook(float, _write_float)
    converter.register_unstructure_hook(bytes, _write_bytes)
    converter.register_structure_hook_factory(_is_literal, _literal)
    converter.register_structure_hook_factory(attrs.has, _checked_object)
    # Fields without a name of ours: their values are whatever JSON holds.
    converter.register_structure_hook_func(lambda cls: cls == Extra, _exactly(dict, "an object"))
    converter.register_structure_hook_factory(_is_array, _checked_array)
    converter.register_structure_hook_factory(_is_blocks, _checked_block)
    converter.register_structure_hook_factory(_is_content, _checked_content)
    converter.register_unstructure_hook_factory(_is_content, _write_content)
    for cls in _BLOCKS.values():
        converter.register_unstructure_hook(cls, _tagging(cls, converter))
    return converter


_CONVERTER: Final = _make_converter()
