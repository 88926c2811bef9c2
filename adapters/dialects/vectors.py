"""Vectors on the wire: lists of numbers, flat or nested, and base64."""

from __future__ import annotations

import base64
import binascii
import sys
from array import array
from collections.abc import Iterable
from typing import Any

from ...messages.embedding import Vector
from ...messages.errors import ProviderError
from .json_text import json_kind

_FLOAT_BYTES = 4


def vector_of(value: Any) -> Vector:
    """Return a vector that a provider sent: numbers, a list around one list of numbers, or base64 of 32-bit little-endian floats.

    Raises:
        ProviderError: It is none of these.
    """
    if isinstance(value, str):
        return _from_base64(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    if not isinstance(value, list):
        raise ProviderError(f"a vector in the provider's answer is {json_kind(value)}, and not a list of numbers")
    try:
        # bool is an int to Python; array takes it, and no provider sends it.
        return tuple(array("d", value))
    except (TypeError, OverflowError) as error:
        raise ProviderError(f"a vector in the provider's answer holds something that is no number: {error}") from error


def vectors_of(values: Any) -> tuple[Vector, ...]:
    """Return the vectors of a list of them; one vector alone counts as a list of one.

    Raises:
        ProviderError: It is no list of vectors.
    """
    if not isinstance(values, list) or not values:
        raise ProviderError(f"the vectors of the provider's answer are {json_kind(values)}, and not a list of any")
    if isinstance(values[0], (int, float)):
        return (vector_of(values),)
    return tuple([vector_of(value) for value in values])


def to_base64(vector: Iterable[float]) -> str:
    """Return a vector as base64 of 32-bit little-endian floats."""
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()


def _from_base64(text: str) -> Vector:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProviderError("a vector in the provider's answer is text, but not base64") from error
    if len(data) % _FLOAT_BYTES:
        raise ProviderError(f"a vector in the provider's answer has {len(data)} bytes, which are not floats of 32 bits")
    numbers = array("f", data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return tuple(numbers)
