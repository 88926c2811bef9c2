"""From the arguments of `legion.embed()` to a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from ...messages.embedding import EmbedInput, EmbedRequest, EmbedTask
from ...messages.errors import InvalidRequestError

# Where a mapping keeps its text: the first that is there is taken.
_TEXT_KEYS: Final = ("text", "content", "query", "prompt", "message", "input", "value", "summary")


def embed_request(inputs: Any, named: Mapping[str, Any]) -> EmbedRequest:
    """Return the request that a host's call describes; the arguments are those of `Legion.embed`.

    Raises:
        InvalidRequestError: They make no request; `param` names the one at fault.
    """
    task, dimensions, timeout = named["task"], named["dimensions"], named["timeout"]
    if task not in get_args(EmbedTask):
        raise InvalidRequestError(f"task must be document or query, not {task!r}", param="task")
    if dimensions is not None and (type(dimensions) is not int or dimensions < 1):
        raise InvalidRequestError(
            f"dimensions must be a whole number of at least 1, not {dimensions!r}", param="dimensions"
        )
    if timeout is not None and timeout <= 0:
        raise InvalidRequestError(f"timeout must be above 0 s, got {timeout}", param="timeout")
    model = None if named["model"] == "auto" else named["model"]
    return EmbedRequest(inputs=_inputs(inputs), **{**named, "model": model})


def _inputs(inputs: Any) -> tuple[EmbedInput, ...]:
    if isinstance(inputs, (str, Mapping)):
        return (_input(inputs, "inputs"),)
    if not isinstance(inputs, (list, tuple)):
        raise InvalidRequestError(
            f"inputs must be a text or a list of texts, not {type(inputs).__name__}", param="inputs"
        )
    if not inputs:
        raise InvalidRequestError("inputs must not be empty", param="inputs")
    return tuple([_input(each, f"inputs.{number}") for number, each in enumerate(inputs)])


def _input(value: Any, param: str) -> EmbedInput:
    if isinstance(value, (list, tuple)) and value and all(type(each) is int for each in value):
        if min(value) < 0:
            raise InvalidRequestError(f"{param} holds a negative number, which is no token", param=param)
        return tuple(value)
    text = "\n".join(_texts(value, param))
    if not text:
        raise InvalidRequestError(f"{param} must not be empty", param=param)
    return text


def _texts(value: Any, param: str) -> Iterator[str]:
    """Yield the fragments of text in a value, in their order; anything that is no text has none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        key = next((key for key in _TEXT_KEYS if value.get(key)), None)
        for each in value.values() if key is None else (value[key],):
            yield from _texts(each, param)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each, param)
    elif value is None or isinstance(value, (bytes, set)) or not isinstance(value, (int, float)):
        raise InvalidRequestError(f"{param} must be text, not {type(value).__name__}", param=param)
