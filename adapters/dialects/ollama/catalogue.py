"""What an Ollama server says of its models: the pulled ones, what each can do, and which are in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from ....messages.catalogue import Capability, ModelFacts
from ....messages.errors import ProviderError
from ..catalogue_fields import count, facts_of_all, moment, name_of, section, split, text, words
from ..classify import classify_value
from ..json_text import read_provider_json, read_provider_object, write_json

SHOW_PATH: Final = "/api/show"
LOADED_PATH: Final = "/api/ps"

CAPABILITIES: Final[Mapping[Capability, str]] = {
    Capability.CHAT: "completion",
    Capability.STREAM: "completion",
    Capability.TOOLS: "tools",
    Capability.VISION: "vision",
    Capability.AUDIO: "audio",
    Capability.THINKING: "thinking",
    Capability.EMBED: "embedding",
}
_NUM_CTX: Final = re.compile(r"^num_ctx\s+(\d{1,9})\s*$", re.MULTILINE)


@attrs.frozen(kw_only=True)
class Details:
    """What `/api/show` adds.

    Attributes:
        capabilities: In Ollama's words, or None: older servers do not tell.
        trained_context: Tokens the weights were made for, or None.
        num_ctx: Context that the model's own file asks for, or None.
        family: Architecture, or None.
    """

    capabilities: frozenset[str] | None = None
    trained_context: int | None = None
    num_ctx: int | None = None
    family: str | None = None


@attrs.frozen(kw_only=True)
class Pulled:
    """A pulled model, as the list tells it.

    Attributes:
        facts: What the list says.
        digest: Of its content: what was learnt of one digest holds as long as that stays.
    """

    facts: ModelFacts
    digest: str


def parse_pulled(body: bytes) -> tuple[Pulled, ...]:
    """Return the models that were pulled.

    Raises:
        ProviderError: The body is not a catalogue.
        UpstreamError: It is an error object under status 200.
    """
    entries = _entries(body)
    digests = {name_of(each): str(each.get("digest") or "") for each in entries if isinstance(each, Mapping)}
    return tuple([Pulled(facts=each, digest=digests[each.name]) for each in facts_of_all(entries, _facts)])


def parse_loaded(body: bytes) -> Mapping[str, int | None]:
    """Return the models that are in memory, each with the context it was loaded with; servers before 0.9.1 do not tell that.

    Raises:
        ProviderError: The body is not a catalogue.
        UpstreamError: It is an error object under status 200.
    """
    named = {name_of(each): each for each in _entries(body)}
    return {name: count(each.get("context_length")) for name, each in named.items() if name is not None}


def render_show(model: str) -> bytes:
    """Return the question for the details of a model."""
    return write_json({"model": model}, ProviderError)


def parse_details(body: bytes) -> Details:
    """Return the details of a model.

    Raises:
        ProviderError: The body is no answer.
        UpstreamError: It is an error object under status 200.
    """
    answer = read_provider_object(body)
    if answer.get("error"):
        raise classify_value(answer)
    info = section(answer, "model_info")
    family = text(info.get("general.architecture"))
    own = _NUM_CTX.search(answer["parameters"]) if isinstance(answer.get("parameters"), str) else None
    return Details(
        capabilities=words(answer.get("capabilities")),
        trained_context=count(info.get(f"{family}.context_length")),
        num_ctx=count(int(own[1])) if own else None,
        family=family,
    )


def with_details(facts: ModelFacts, details: Details) -> ModelFacts:
    """Return the facts with what the details add."""
    can, cannot = _capabilities(details.capabilities)
    return attrs.evolve(
        facts,
        can=can,
        cannot=cannot,
        context_window=details.trained_context,
        served_context=details.num_ctx,
        family=details.family or facts.family,
    )


def with_memory(facts: ModelFacts, loaded: Mapping[str, int | None]) -> ModelFacts:
    """Return the facts with whether the model is in memory, and with how long a context."""
    if facts.name not in loaded:
        return attrs.evolve(facts, loaded=False)
    return attrs.evolve(facts, loaded=True, served_context=loaded[facts.name] or facts.served_context)


def _entries(body: bytes) -> list[Any]:
    catalogue = read_provider_json(body)
    if isinstance(catalogue, dict) and catalogue.get("error"):
        raise classify_value(catalogue)
    models = catalogue.get("models") if isinstance(catalogue, dict) else None
    if not isinstance(models, list):
        raise ProviderError("the provider's answer is not a list of models")
    return models


def _facts(name: str, entry: Mapping[str, Any]) -> ModelFacts:
    details = section(entry, "details")
    return ModelFacts(
        name=name,
        size_bytes=count(entry.get("size")),
        family=text(details.get("family")),
        parameters=text(details.get("parameter_size")),
        quantization=text(details.get("quantization_level")),
        created=moment(entry.get("modified_at")),
    )


def _capabilities(stated: frozenset[str] | None) -> tuple[frozenset[Capability], frozenset[Capability]]:
    if not stated:
        return frozenset(), frozenset()
    return split({each: word in stated for each, word in CAPABILITIES.items()})
