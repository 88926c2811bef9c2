"""All inputs of one request through one target: cut, sent in batches, put together again. All of it in one vector space, or not at all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import attrs
import trio

from ...messages.chat import Usage
from ...messages.embedding import EmbedAnswer, EmbedBatch, Embedding, EmbedInput, EmbedRequest, EmbedResponse, Vector
from ...messages.errors import ContextOverflow, LegionError, ProviderError, UnsupportedCapability
from ...messages.routing import Target
from ...messages.settings import USUAL_DIMENSION, EmbeddingSettings
from .models import traits_of
from .texts import Piece, pieces_of, prefix_for, shorter
from .vectors import average, check_space, fitted, wanted_from_model

# Makes one call for a batch.
AskProvider: TypeAlias = Callable[[EmbedBatch], Awaitable[EmbedAnswer]]

# A token of English has a little over four characters; where a text has fewer, the provider says so and it is cut anew.
_CHARS_PER_TOKEN: Final = 4
# What is left of a limit that a provider rejected, and how often that is tried: seven times leaves 3 %.
_SHARE: Final = 0.6
_MOST_CUTS: Final = 7
# Characters of one call: a character is rarely more than one and a half tokens, and OpenAI takes 300,000 tokens.
_BATCH_CHARS: Final = 200_000


@attrs.frozen
class _Made:
    """What became of one piece: a vector and the pieces it is the mean of, or why there is none."""

    vector: Vector | None
    chunks: int = 1
    error: LegionError | None = None


class Run:
    """One request at one target. Use each once.

    Args:
        request: What is asked.
        target: Whom to ask.
        settings: The section `embedding`.
        ask: Makes a call.
    """

    def __init__(self, request: EmbedRequest, target: Target, settings: EmbeddingSettings, ask: AskProvider) -> None:
        self._request = request
        self._target = target
        self._settings = settings
        self._ask = ask
        self._traits = traits_of(target.model)
        self._wanted, self._must = _dimensions(request, settings)
        self._may_split = settings.long_input == "average" if request.may_split is None else request.may_split
        task = request.task if request.is_plain else request.task or "document"
        self._prefix = "" if task is None else prefix_for(target.model, task, settings)
        self._answers: list[EmbedAnswer] = []

    async def embed(self) -> EmbedResponse:
        """Return a vector per input; where each text takes a call of its own, the failure of some is theirs alone.

        Raises:
            LegionError: Why there are none.
        """
        pieces = [
            piece
            for index, content in enumerate(self._request.inputs)
            for piece in pieces_of(index, content, self._prefix, self._limit_of(content))
        ]
        made = await self._embed_all(pieces)
        failures = [each.error for each in made if each.error is not None]
        if len(failures) == len(made):
            raise failures[0]
        return self._response(pieces, made)

    # -- pieces in, vectors out

    async def _embed_all(self, pieces: Sequence[Piece]) -> list[_Made]:
        batches = list(self._batches(pieces))
        if len(batches) == 1:
            return await self._attempt(batches[0])
        results: list[list[_Made]] = [[] for _ in batches]
        failure: LegionError | None = None
        waiting = iter(enumerate(batches))

        async def worker(scope: trio.CancelScope) -> None:
            nonlocal failure
            for number, batch in waiting:
                try:
                    results[number] = await self._attempt(batch)
                except LegionError as error:
                    failure = failure or error
                    scope.cancel()
                    return

        async with trio.open_nursery() as nursery:
            for _ in range(min(self._settings.max_concurrency, len(batches))):
                nursery.start_soon(worker, nursery.cancel_scope)
        if failure is not None:
            raise failure
        return list(itertools.chain.from_iterable(results))

    async def _attempt(self, batch: Sequence[Piece]) -> list[_Made]:
        """Embed a batch; a model that takes one text per call fails for that text alone."""
        try:
            return await self._embed(batch, 0)
        except LegionError as error:
            if self._traits.max_batch == 1:
                return [_Made(None, error=error)]
            raise

    async def _embed(self, batch: Sequence[Piece], cuts: int) -> list[_Made]:
        wire = EmbedBatch(
            inputs=tuple([piece.content for piece in batch]),
            dimensions=wanted_from_model(self._wanted, self._traits),
            task=self._request.task,
            dialect=self._request.dialect,
            extra=self._request.extra,
        )
        try:
            answer = await self._ask(wire)
        except ContextOverflow:
            if cuts == _MOST_CUTS or not self._may_split:
                raise
            return await self._embed_shorter(batch, cuts + 1)
        if len(answer.vectors) != len(batch):
            raise ProviderError(f"{self._target} made {len(answer.vectors)} vectors of {len(batch)} texts")
        self._answers.append(answer)
        return [_Made(vector) for vector in answer.vectors]

    async def _embed_shorter(self, batch: Sequence[Piece], cuts: int) -> list[_Made]:
        """One of the batch is too long, and the provider does not say which: cut those that are longer than 60 % of the longest."""
        longest = max(batch, key=lambda piece: len(piece.content))
        _, most = shorter(longest.content, self._prefix, _SHARE)
        parts = [pieces_of(piece.index, shorter(piece.content, self._prefix, 1)[0], "", None) for piece in batch]
        parts = [pieces_of(part[0].index, part[0].content, self._prefix, most + len(self._prefix)) for part in parts]
        made: list[_Made] = []
        for each in self._batches([part for of_one in parts for part in of_one]):
            made += await self._embed(each, cuts)
        whole, start = [], 0
        for of_one in parts:
            whole.append(_joined(made[start : start + len(of_one)]))
            start += len(of_one)
        return whole

    def _batches(self, pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
        most = min(self._settings.max_batch, self._traits.max_batch or self._settings.max_batch)
        batch: list[Piece] = []
        chars = 0
        for piece in pieces:
            if batch and (len(batch) == most or chars + len(piece.content) > _BATCH_CHARS):
                yield batch
                batch, chars = [], 0
            batch.append(piece)
            chars += len(piece.content)
        yield batch

    # -- limits

    def _limit_of(self, content: EmbedInput) -> int | None:
        """Return how many characters, or tokens, of an input the model reads at once; None for all of it.

        Raises:
            UnsupportedCapability: It is too long, and must not be cut.
        """
        by_bytes = self._limit_in_bytes(content)
        if not self._may_split:
            if by_bytes is not None:
                raise UnsupportedCapability(
                    f"a text is longer than the {self._traits.max_bytes} bytes that {self._target.model} takes",
                    capability="input_length",
                )
            return None
        if isinstance(content, tuple):
            return self._traits.max_tokens
        limits = [limit for limit in (by_bytes, self._limit_in_chars()) if limit is not None]
        return min(limits, default=None)

    def _limit_in_bytes(self, content: EmbedInput) -> int | None:
        most = self._traits.max_bytes
        if most is None or isinstance(content, tuple) or len(content) * 4 <= most:
            return None
        size = len((self._prefix + content).encode("utf-8", "replace"))
        return None if size <= most else max(1, math.floor(len(content) * most / size))

    def _limit_in_chars(self) -> int | None:
        return None if self._traits.max_tokens is None else self._traits.max_tokens * _CHARS_PER_TOKEN

    # -- vectors back to inputs

    def _response(self, pieces: Sequence[Piece], made: Sequence[_Made]) -> EmbedResponse:
        model = self._model()
        check_space([each.vector for each in made if each.vector is not None], model)
        by_input: list[list[_Made]] = [[] for _ in self._request.inputs]
        for piece, each in zip(pieces, made, strict=True):
            by_input[piece.index].append(each)
        items = tuple([self._item(index, parts) for index, parts in enumerate(by_input)])
        lengths = [len(item.vector) for item in items if item.vector is not None]
        return EmbedResponse(
            items=items,
            model=model,
            dimensions=lengths[0],
            usage=sum([answer.usage for answer in self._answers], start=Usage()),
            request_id=self._request.id,
            warnings=tuple(self._warnings(items, by_input)),
        )

    def _item(self, index: int, parts: Sequence[_Made]) -> Embedding:
        whole = _joined(parts)
        if whole.vector is None:
            return Embedding(
                index=index, vector=None, chunks=len(parts), error=f"{type(whole.error).__name__}: {whole.error}"
            )
        try:
            vector = fitted(whole.vector, self._wanted, self._target.model, self._traits, self._settings)
        except UnsupportedCapability:
            if self._must:
                raise
            vector = fitted(whole.vector, None, self._target.model, self._traits, self._settings)
        return Embedding(index=index, vector=vector, chunks=whole.chunks)

    def _model(self) -> str:
        names = {answer.model for answer in self._answers if answer.model}
        if len(names) > 1:
            mixed = ", ".join(sorted(names))
            raise ProviderError(
                f"{self._target} answered one request with several models: {mixed}", model=self._target.model
            )
        return names.pop() if names else self._target.model

    def _warnings(self, items: Iterable[Embedding], by_input: Sequence[Sequence[_Made]]) -> Iterator[str]:
        yield from dict.fromkeys([warning for answer in self._answers for warning in answer.warnings])
        for item, parts in zip(items, by_input, strict=True):
            lost = sum(each.vector is None for each in parts)
            if item.chunks > 1:
                yield f"input {item.index} was too long for {self._target.model}: the vectors of {item.chunks} pieces were averaged"
            if lost and item.vector is not None:
                yield f"input {item.index}: {lost} of its {len(parts)} pieces failed and were left out of the average"


def _joined(parts: Sequence[_Made]) -> _Made:
    vectors = [part.vector for part in parts if part.vector is not None]
    if not vectors:
        return _Made(None, error=next(part.error for part in parts))
    return _Made(average(vectors), chunks=sum(part.chunks for part in parts if part.vector is not None))


def _dimensions(request: EmbedRequest, settings: EmbeddingSettings) -> tuple[int | None, bool]:
    """Return the length that vectors shall have, None for the model's own, and whether a model that cannot make such is refused."""
    if request.dimensions is not None or request.is_plain:
        return request.dimensions, True
    if not settings.enforce_dimension:
        return None, True
    return (USUAL_DIMENSION, False) if settings.dimension is None else (settings.dimension, True)
