"""Our own messages as JSON, for stores, brokers and files: not for vendors' formats, which the dialects write.

A content block carries its `type`. Bytes are base64. Fields that nobody knows any more are ignored on purpose: what a newer version
wrote, an older one can read.
"""

from __future__ import annotations

import base64
import types
from collections.abc import Callable
from typing import Any, TypeVar, Union, get_args, get_origin

import orjson
from cattrs import transform_error
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_unstructure_fn
from cattrs.preconf.orjson import OrjsonConverter, make_converter
from cattrs.v import format_exception

from ..messages.content import ContentBlock

T = TypeVar("T")

_TAG = "type"
_BLOCKS: dict[str, type] = {cls.type: cls for cls in get_args(ContentBlock)}
_BLOCK_TUPLE = tuple[ContentBlock, ...]


def to_json(value: Any) -> bytes:
    """Return one of our messages (an attrs value) as JSON.

    Raises:
        ValueError: It holds what JSON cannot say: an integer over 64 bits, a lone surrogate, over 254 levels of nesting.
    """
    try:
        return orjson.dumps(_CONVERTER.unstructure(value))
    except TypeError as error:
        raise ValueError(f"{type(value).__name__} cannot be written as JSON: {error}") from error


def from_json(data: bytes, cls: type[T]) -> T:
    """Return the message of class `cls` that `to_json` wrote; unknown fields are ignored.

    Raises:
        ValueError: It is not JSON, or no `cls`; the message names the fields at fault.
    """
    value = orjson.loads(data)
    if not isinstance(value, dict):
        raise ValueError(f"no {cls.__name__}: not a JSON object")  # noqa: TRY004 - a wrong value, not a wrong call
    try:
        return _CONVERTER.structure(value, cls)
    except BaseValidationError as error:
        raise ValueError(f"no {cls.__name__}: {'; '.join(transform_error(error, format_exception=_said))}") from error


def _said(error: BaseException, cls: type | None) -> str:
    """Return what is wrong with one field; our own words say more than cattrs' do."""
    return str(error) if type(error) is ValueError else format_exception(error, cls)


def _is_content(cls: Any) -> bool:
    """Whether a type is text or blocks, or None too."""
    return get_origin(cls) in (Union, types.UnionType) and _BLOCK_TUPLE in get_args(cls)


def _structure_content(value: Any, _cls: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return _CONVERTER.structure(value, _BLOCK_TUPLE)


def _unstructure_content(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return [_CONVERTER.unstructure(block) for block in value]


def _structure_block(value: Any, _cls: Any) -> Any:
    cls = _BLOCKS.get(value[_TAG])
    if cls is None:
        raise ValueError(f"no kind of content block: {value[_TAG]!r}")
    return _CONVERTER.structure(value, cls)


def _make_converter() -> OrjsonConverter:
    converter = make_converter()
    converter.register_unstructure_hook(bytes, lambda value: base64.b64encode(value).decode())
    converter.register_structure_hook(bytes, lambda value, _: base64.b64decode(value, validate=True))
    converter.register_structure_hook_func(_is_content, _structure_content)
    converter.register_unstructure_hook_func(_is_content, _unstructure_content)
    converter.register_structure_hook(ContentBlock, _structure_block)
    for cls in _BLOCKS.values():
        converter.register_unstructure_hook(cls, _tagging(cls, converter))
    return converter


def _tagging(cls: Any, converter: OrjsonConverter) -> Callable[[Any], dict[str, Any]]:
    """A block carries its tag wherever it stands, also alone."""
    plain = make_dict_unstructure_fn(cls, converter)
    return lambda block: {_TAG: cls.type, **plain(block)}


_CONVERTER = _make_converter()
