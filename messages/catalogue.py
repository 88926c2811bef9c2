"""What is known of the models that can be asked for. Discovery finds it out and tells the router, which decides over its own copy."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import attrs

from .base import Message


class Capability(enum.StrEnum):
    """What a model can do, beside reading and writing text."""

    CHAT = "chat"  # answers messages; embedding, speech and picture models do not
    EMBED = "embed"
    TOOLS = "tools"
    VISION = "vision"  # reads pictures
    AUDIO = "audio"  # reads sound
    DOCUMENTS = "documents"  # reads PDFs as they are
    STRUCTURED = "structured"  # keeps to a JSON Schema
    THINKING = "thinking"
    STREAM = "stream"


@attrs.frozen(kw_only=True)
class ModelFacts:
    """What is known of one model at one instance; None, and a capability in neither set, mean that nobody knows.

    Attributes:
        name: As the instance lists it.
        can: Capabilities that it is known to have.
        cannot: Capabilities that it is known to lack.
        context_window: Tokens of prompt and answer together (at least 1).
        max_output: Most tokens of one answer (at least 1).
        size_bytes: What it takes of memory when it is loaded, as far as its files tell.
        loaded: Whether it is in memory now.
        served_context: Tokens that the engine gives it now or by its own settings, where that is less than the window: a longer prompt is cut.
        family: Architecture as the instance names it ("qwen3").
        parameters: Number of parameters as the instance writes it ("8.2B").
        quantization: Format of the weights ("Q4_K_M").
        created: Unix seconds, or 0.
    """

    name: str
    can: frozenset[Capability] = frozenset()
    cannot: frozenset[Capability] = frozenset()
    context_window: int | None = None
    max_output: int | None = None
    size_bytes: int | None = None
    loaded: bool | None = None
    served_context: int | None = None
    family: str | None = None
    parameters: str | None = None
    quantization: str | None = None
    created: int = 0


class CatalogueState(enum.StrEnum):
    """How far what is known of an instance's models can be trusted."""

    NEVER_FETCHED = "never_fetched"
    FRESH = "fresh"
    STALE = "stale"  # was fresh, and has not been read again in time
    UNREACHABLE = "unreachable"  # the last try failed; what was known before is still shown
    EMPTY = "empty"  # it was read, and there is nothing in it

    @property
    def is_answer(self) -> bool:
        """Whether the instance has answered lately."""
        return self in (CatalogueState.FRESH, CatalogueState.EMPTY)


def as_facts(models: Iterable[ModelFacts | str]) -> tuple[ModelFacts, ...]:
    """Return the models; a bare name is one of which nothing else is known."""
    return tuple([each if isinstance(each, ModelFacts) else ModelFacts(name=each) for each in models])


@attrs.frozen(kw_only=True)
class CatalogueChanged(Message[None]):
    """An instance's catalogue was read, or could not be. The router derives its automatic rules ("auto:ollama:qwen3:8b:chat") from it.

    Attributes:
        instance: Name of the instance ("openai/eu").
        models: Everything that it is known to have, the last known where `state` is stale or unreachable; a bare name is a model of which
            nothing else is known.
        state: How far that can be trusted. Only a fresh, stale or empty catalogue says that an instance does not have a model.
    """

    instance: str
    models: tuple[ModelFacts, ...] = attrs.field(converter=as_facts)
    state: CatalogueState = CatalogueState.FRESH


@attrs.frozen(kw_only=True)
class CatalogueWanted(Message[None]):
    """The router has just started and has not heard yet: tell it again what there is."""


@attrs.frozen(kw_only=True)
class MemoryChanged(Message[None]):
    """This machine has more or less memory for models than before.

    Attributes:
        available_mb: Megabytes (2**20) that could be had, or None when nobody knows.
        total_mb: Megabytes there are, or None.
    """

    available_mb: int | None
    total_mb: int | None = None
