"""Texts into vectors: what is asked for, what one provider is asked in one call, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

from .base import Message
from .caller import ANONYMOUS, Caller
from .chat import RoutingInfo, Usage, new_id
from .content import Extra
from .errors import EmbeddingUnavailableError
from .limits import RateLimits
from .routing import Target

Vector: TypeAlias = tuple[float, ...]

# A text, or its tokens in the vocabulary of the model that is asked.
EmbedInput: TypeAlias = str | tuple[int, ...]

# What a vector is for. Some models want documents and the queries that look for them marked.
EmbedTask: TypeAlias = Literal["document", "query"]


@attrs.frozen(kw_only=True)
class EmbedRequest:
    """What a caller wants embedded.

    Attributes:
        inputs: At least one; none of them empty.
        id: "req_" and 24 hex digits.
        model: Model name, also as "instance/model", or None to let the settings choose. Who names a model gets vectors of that model and of no other.
        provider: Provider or instance to use, or None.
        task: What the vectors are for; None counts as document, except where `is_plain`.
        dimensions: Length that the vectors shall have (at least 1); None leaves it to the settings, or to the model where `is_plain`.
        is_plain: Whether a client that named a model is to get what that model gives, as in the API it speaks: no prefix but for a `task` that it
            named, no length but `dimensions`.
        may_split: Whether a text that is too long for a model may be cut and the vectors of its pieces averaged; None leaves it to the settings.
        dialect: Dialect that the client spoke, or None for a host's call.
        timeout: Seconds for the whole request; None takes the setting `request_timeout`.
        tier: local, fleet, openai_compat, cloud or frontier, or None.
        allowed_models: Patterns ("text-*") of which the model must match one; None: any model.
        caller: Who asks.
        intent: What matters to the caller ({"privacy": "strict"}).
        extra: Parameters of the dialect that have no name here; forwarded to providers of the same dialect.
    """

    inputs: tuple[EmbedInput, ...]
    id: str = attrs.field(factory=lambda: new_id("req_"))
    model: str | None = None
    provider: str | None = None
    task: EmbedTask | None = None
    dimensions: int | None = None
    is_plain: bool = False
    may_split: bool | None = None
    dialect: str | None = None
    timeout: float | None = None
    tier: str | None = None
    allowed_models: tuple[str, ...] | None = None
    caller: Caller = ANONYMOUS
    intent: Mapping[str, str] = attrs.field(factory=dict)
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Embedding:
    """What became of one input.

    Attributes:
        index: Its number among the inputs, from 0.
        vector: The vector, or None where there is none; then `error` says why.
        chunks: Pieces whose vectors were averaged into this one.
        error: Class and text of the failure, or None.
    """

    index: int
    vector: Vector | None
    chunks: int = 1
    error: str | None = None


@attrs.frozen(kw_only=True)
class EmbedResponse:
    """Vectors of one model, one entry per input, in the order of the inputs.

    Attributes:
        model: Model that made all of them: their space.
        dimensions: Length of each.
        usage: Tokens of all calls that led to them.
        warnings: What was changed on the way, in words for people.
    """

    items: tuple[Embedding, ...]
    model: str
    dimensions: int
    usage: Usage
    request_id: str = ""
    routing: RoutingInfo | None = None
    warnings: tuple[str, ...] = ()

    @property
    def vector(self) -> Vector:
        """The vector of the only input, or of the first.

        Raises:
            EmbeddingUnavailableError: It has none.
        """
        return _vector_of(self.items[0])

    @property
    def vectors(self) -> tuple[Vector, ...]:
        """The vectors in the order of the inputs.

        Raises:
            EmbeddingUnavailableError: An input has none; look at `items` for the others.
        """
        return tuple([_vector_of(item) for item in self.items])


def _vector_of(item: Embedding) -> Vector:
    if item.vector is None:
        raise EmbeddingUnavailableError(f"input {item.index} has no vector: {item.error}")
    return item.vector


@attrs.frozen(kw_only=True)
class Embed(Message[EmbedResponse]):
    """Turn these texts into vectors, wherever that is best done."""

    request: EmbedRequest


@attrs.frozen(kw_only=True)
class EmbedBatch:
    """What one call to a provider asks for.

    Attributes:
        inputs: At least one; prefixes are in them already.
        dimensions: Length to ask the model for, or None for its own.
        task: For providers that have a parameter for it; None where the client did not say.
        dialect: Dialect that the client spoke, or None for a host's call.
        extra: Parameters of that dialect; they go along where the provider speaks the same.
    """

    inputs: tuple[EmbedInput, ...]
    dimensions: int | None = None
    task: EmbedTask | None = None
    dialect: str | None = None
    extra: Extra = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class EmbedAnswer:
    """What a provider said to one batch.

    Attributes:
        vectors: One per input, in their order.
        model: Model as the provider names it, "" where it does not.
        warnings: What the provider's dialect could not carry.
        rate_limit: What the provider says is left of its limits, or None.
    """

    vectors: tuple[Vector, ...]
    model: str = ""
    usage: Usage = attrs.field(factory=lambda: Usage(source="partial"))
    warnings: tuple[str, ...] = ()
    rate_limit: RateLimits | None = None


@attrs.frozen(kw_only=True)
class EmbedCall(Message[EmbedAnswer]):
    """One attempt at one provider.

    Attributes:
        attempt: Counted from 1 within the request.
    """

    request: EmbedRequest
    batch: EmbedBatch
    target: Target
    attempt: int = 1
