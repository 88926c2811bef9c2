"""Sampling and the shape of the answer: `generationConfig`, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Generation, Request, ResponseFormat
from ....messages.errors import InvalidRequestError
from .. import fields
from .schemas import json_schema_of
from .thinking import CONFIG as THINKING

CONFIG: Final = "generationConfig"

_ANSWERS: Final = "candidateCount"
_JSON: Final = "application/json"
_MIME: Final = "responseMimeType"
_OWN_SCHEMA: Final = "responseSchema"
_SCHEMAS: Final = ("responseJsonSchema", "_responseJsonSchema")
_SAMPLING: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_tokens": "maxOutputTokens",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_KNOWN: Final = frozenset({*_SAMPLING.values(), "stopSequences", _ANSWERS, _MIME, _OWN_SCHEMA, *_SCHEMAS, THINKING})


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_generation(config: fields.JsonObject) -> Generation:
    """Return the sampling parameters.

    Raises:
        InvalidRequestError: One has the wrong type or is out of range; `param` names it.
    """
    answers = fields.integer(config, _ANSWERS, 0, CONFIG)
    if answers not in (None, 0, 1):
        where = f"{CONFIG}.{_ANSWERS}"
        raise InvalidRequestError(f"{where} must be 1, not {answers}: one request gives one answer", param=where)
    return Generation(
        temperature=fields.number(config, "temperature", 0, 2, CONFIG),
        top_p=fields.number(config, "topP", 0, 1, CONFIG),
        top_k=_whole(config, "topK"),
        max_tokens=fields.integer(config, "maxOutputTokens", 1, CONFIG),
        stop=_stop(config),
        seed=fields.integer(config, "seed", param=CONFIG),
        presence_penalty=fields.number(config, "presencePenalty", -2, 2, CONFIG),
        frequency_penalty=fields.number(config, "frequencyPenalty", -2, 2, CONFIG),
    )


def _whole(config: fields.JsonObject, key: str) -> int | None:
    """Google's client of Python writes 40.0."""
    value = fields.number(config, key, 0, 2**31, CONFIG)
    if value is not None and value != int(value):
        where = f"{CONFIG}.{key}"
        raise InvalidRequestError(f"{where} must be a whole number, not {value}", param=where)
    return None if value is None else int(value)


def _stop(config: fields.JsonObject) -> tuple[str, ...]:
    stop = config.get("stopSequences")
    if stop is None:
        return ()
    where = f"{CONFIG}.stopSequences"
    for number, each in enumerate(fields.as_array(stop, where)):
        if not isinstance(each, str):
            fields.refuse(f"{where}.{number}", "a string", each)
    return tuple(stop)


def parse_response_format(config: fields.JsonObject) -> ResponseFormat | None:
    """Return the shape of the answer; another type than JSON ("text/x.enum") is left to `unnamed`.

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    media_type = fields.text(config, _MIME, CONFIG)
    schemas = [schema for key in _SCHEMAS if (schema := fields.optional_object(config, key, CONFIG)) is not None]
    own = fields.optional_object(config, _OWN_SCHEMA, CONFIG)
    if media_type != _JSON:
        return None
    if schemas or own is not None:
        return ResponseFormat(type="json_schema", schema=schemas[0] if schemas else json_schema_of(own))
    return ResponseFormat(type="json_object")


def unnamed(config: fields.JsonObject) -> dict[str, Any]:
    """Return the parameters that have no name of ours."""
    rest = dict(fields.rest(config, _KNOWN))
    if config.get(_MIME) not in (None, _JSON):
        rest |= {key: config[key] for key in (_MIME, _OWN_SCHEMA, *_SCHEMAS) if config.get(key) is not None}
    return rest


def written(config: fields.JsonObject) -> dict[str, Any]:
    """Return what goes out as the client wrote it: a schema in Google's own form, and that one answer is wanted."""
    kept = {_ANSWERS: config[_ANSWERS]} if config.get(_ANSWERS) is not None else {}
    has_own = config.get(_OWN_SCHEMA) is not None and config.get(_MIME) == _JSON
    if has_own and not any(config.get(key) for key in _SCHEMAS):
        kept[_OWN_SCHEMA] = config[_OWN_SCHEMA]
    return kept


# -- Writing ----------------------------------------------------------------------------------------------------------


def generation_config(request: Request, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration but for thinking.

    Args:
        request: What the caller wants.
        kept: What a client of this dialect wrote, as `written` returned it.
    """
    generation = request.generation
    values = {wire: getattr(generation, name) for name, wire in _SAMPLING.items()}
    config = {key: value for key, value in values.items() if value is not None}
    if _ANSWERS in kept:
        config[_ANSWERS] = kept[_ANSWERS]
    if generation.stop:
        config["stopSequences"] = list(generation.stop)
    wanted = request.response_format
    if wanted is None or wanted.type == "text":
        return config
    config[_MIME] = _JSON
    if _OWN_SCHEMA in kept:
        config[_OWN_SCHEMA] = kept[_OWN_SCHEMA]
    elif wanted.type == "json_schema" and wanted.schema is not None:
        config[_SCHEMAS[0]] = wanted.schema
    return config
