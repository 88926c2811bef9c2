"""What a client says beside its messages, read: options, shape of the answer, thinking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ....messages.chat import Generation, ResponseFormat, Thinking
from ....messages.content import Extra
from ....messages.errors import InvalidRequestError
from .. import fields

OPTIONS: Final = "options"

_NAMED: Final = frozenset(
    {"temperature", "top_p", "top_k", "num_predict", "stop", "seed", "presence_penalty", "frequency_penalty"}
)


def parse_generation(body: fields.JsonObject) -> Generation:
    """Return the sampling parameters.

    Raises:
        InvalidRequestError: One has the wrong type or is out of range; `param` names it.
    """
    options = fields.optional_object(body, OPTIONS) or {}
    return Generation(
        temperature=fields.number(options, "temperature", 0, 2, OPTIONS),
        top_p=fields.number(options, "top_p", 0, 1, OPTIONS),
        top_k=fields.integer(options, "top_k", param=OPTIONS),
        max_tokens=_limit(options),
        stop=_stop(options),
        seed=fields.integer(options, "seed", param=OPTIONS),
        presence_penalty=fields.number(options, "presence_penalty", -2, 2, OPTIONS),
        frequency_penalty=fields.number(options, "frequency_penalty", -2, 2, OPTIONS),
    )


def unnamed(body: fields.JsonObject) -> Extra:
    """Return the options that have no name of ours, and a limit that is none (-1: endless)."""
    options = fields.optional_object(body, OPTIONS) or {}
    rest = dict(fields.rest(options, _NAMED))
    if options.get("num_predict") is not None and _limit(options) is None:
        rest["num_predict"] = options["num_predict"]
    return rest


def parse_format(body: fields.JsonObject) -> ResponseFormat | None:
    """Return the shape of the answer: "json", a JSON Schema, or nothing.

    Raises:
        InvalidRequestError: It is something else.
    """
    wanted = body.get("format")
    if wanted is None or wanted == "":
        return None
    if wanted == "json":
        return ResponseFormat(type="json_object")
    if not isinstance(wanted, Mapping):
        raise InvalidRequestError("format must be 'json' or a JSON Schema", param="format")
    return ResponseFormat(type="json_schema", schema=wanted)


def parse_thinking(body: fields.JsonObject) -> Thinking | None:
    """Return whether and how hard the model shall think.

    Raises:
        InvalidRequestError: It is neither a boolean nor a word.
    """
    think = body.get("think")
    if think is None:
        return None
    if isinstance(think, bool):
        return Thinking() if think else Thinking(mode="off")
    if not isinstance(think, str) or not think:
        fields.refuse("think", "a boolean, or a word such as 'high'", think)
    return Thinking(effort=think)


def _limit(options: fields.JsonObject) -> int | None:
    limit = fields.integer(options, "num_predict", param=OPTIONS)
    return limit if limit is not None and limit > 0 else None


def _stop(options: fields.JsonObject) -> tuple[str, ...]:
    where = f"{OPTIONS}.stop"
    stop = options.get("stop")
    listed = (stop,) if isinstance(stop, str) else fields.optional_array(options, "stop", OPTIONS)
    for number, each in enumerate(listed):
        if not isinstance(each, str):
            fields.refuse(f"{where}.{number}", "a string", each)
    return tuple(listed)
