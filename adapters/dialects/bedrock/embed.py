"""Bedrock's embeddings: each maker's own JSON, sent to InvokeModel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from ....messages.chat import Usage
from ....messages.embedding import EmbedAnswer, EmbedBatch, EmbedTask
from ....messages.errors import ProviderError, UnsupportedCapability
from ..classify import classify_value
from ..json_text import read_provider_object, write_json
from ..protocol import DialectOptions, WireRequest
from ..usage_sum import count
from ..vectors import vector_of, vectors_of
from .words import invoke_path

NAME: Final = "bedrock.embed"

_COHERE_TASKS: Final[Mapping[EmbedTask | None, str]] = {
    None: "search_document",
    "document": "search_document",
    "query": "search_query",
}
_NOVA_TASKS: Final[Mapping[EmbedTask | None, str]] = {
    None: "GENERIC_INDEX",
    "document": "GENERIC_INDEX",
    "query": "TEXT_RETRIEVAL",
}


class BedrockEmbed:
    """The provider's half; implements `EmbeddingDialect`. Who makes a model, its id says: Titan, Cohere's, Nova's."""

    name = NAME

    def render_embed(self, batch: EmbedBatch, model: str, options: DialectOptions) -> WireRequest:  # noqa: ARG002 - the protocol has it
        """See `EmbeddingDialect`. What the settings add to bodies is about chats."""
        texts = [each for each in batch.inputs if isinstance(each, str)]
        if len(texts) < len(batch.inputs):
            raise UnsupportedCapability("bedrock embeds text, no tokens of another model", capability="token_input")
        maker = _maker_of(model)
        if maker.takes_one and len(texts) > 1:
            raise UnsupportedCapability(f"{model} takes one text a call, not {len(texts)}", capability="batch")
        lost = [f"{key} was left out: {NAME} has no such parameter" for key in batch.extra]
        return WireRequest(path=invoke_path(model), body=write_json(maker.render(texts, batch)), warnings=tuple(lost))

    def parse_embed(self, body: bytes) -> EmbedAnswer:
        """See `EmbeddingDialect`."""
        answer = read_provider_object(body)
        if "message" in answer and "embedding" not in answer and "embeddings" not in answer:
            raise classify_value(answer)
        tokens = count(answer, "inputTextTokenCount")
        usage = Usage(uncached_input=tokens) if tokens else Usage(source="partial")
        return EmbedAnswer(vectors=_vectors(answer), usage=usage)


@attrs.frozen
class _Maker:
    """How one maker wants to be asked.

    Attributes:
        render: Returns the body.
        takes_one: Whether a call holds one text.
    """

    render: Callable[[list[str], EmbedBatch], dict[str, Any]]
    takes_one: bool = True


def _titan(texts: list[str], batch: EmbedBatch) -> dict[str, Any]:
    sized = {} if batch.dimensions is None else {"dimensions": batch.dimensions}
    return {"inputText": texts[0], **sized}


def _titan_image(texts: list[str], batch: EmbedBatch) -> dict[str, Any]:
    sized = {} if batch.dimensions is None else {"embeddingConfig": {"outputEmbeddingLength": batch.dimensions}}
    return {"inputText": texts[0], **sized}


def _cohere(texts: list[str], batch: EmbedBatch) -> dict[str, Any]:
    sized = {} if batch.dimensions is None else {"output_dimension": batch.dimensions}
    # It would cut what is too long without a word: it is told not to.
    return {
        "texts": texts,
        "input_type": _COHERE_TASKS[batch.task],
        "truncate": "NONE",
        "embedding_types": ["float"],
        **sized,
    }


def _nova(texts: list[str], batch: EmbedBatch) -> dict[str, Any]:
    sized = {} if batch.dimensions is None else {"embeddingDimension": batch.dimensions}
    wanted = {
        "embeddingPurpose": _NOVA_TASKS[batch.task],
        **sized,
        "text": {"truncationMode": "NONE", "value": texts[0]},
    }
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": wanted}


# By a part of the model's id.
_MAKERS: Final[Mapping[str, _Maker]] = {
    "titan-embed-image": _Maker(_titan_image),
    "titan-embed": _Maker(_titan),
    "cohere.embed": _Maker(_cohere, takes_one=False),
    "nova-2-multimodal-embeddings": _Maker(_nova),
}


def _maker_of(model: str) -> _Maker:
    maker = next((maker for part, maker in _MAKERS.items() if part in model), None)
    if maker is None:
        raise UnsupportedCapability(
            f"nobody here knows how bedrock's {model} is asked for vectors: name a model of Titan, Cohere or Nova by its id",
            capability="embeddings",
        )
    return maker


def _vectors(answer: Mapping[str, Any]) -> tuple[tuple[float, ...], ...]:
    """Titan sends one vector; Cohere a list of them, or one by kind of number; Nova a list of objects."""
    if "embedding" in answer:
        return (vector_of(answer["embedding"]),)
    made = answer.get("embeddings")
    if isinstance(made, Mapping):
        made = made.get("float")
    if isinstance(made, list) and made and isinstance(made[0], Mapping):
        if not all(isinstance(each, Mapping) for each in made):
            raise ProviderError("the provider's answer holds no list of embeddings")
        return tuple([vector_of(each.get("embedding")) for each in made])
    return vectors_of(made)
