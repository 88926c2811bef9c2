"""What becomes of a vector after the model has made it: checked, averaged, brought to length."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...messages.embedding import Vector
from ...messages.errors import ProviderError, UnsupportedCapability
from ...messages.settings import EmbeddingSettings
from .models import ModelTraits


def check_space(vectors: Sequence[Vector], model: str) -> None:
    """Check that vectors can be compared with each other: real numbers, all of one length.

    Raises:
        ProviderError: They cannot.
    """
    lengths = {len(vector) for vector in vectors}
    if len(lengths) != 1 or 0 in lengths:
        found = ", ".join(map(str, sorted(lengths)))
        raise ProviderError(f"{model} made vectors of different lengths for one request: {found}", model=model)
    if not all(math.isfinite(sum(vector)) for vector in vectors):
        raise ProviderError(f"{model} made a vector that holds numbers which are none (NaN, infinity)", model=model)


def average(vectors: Sequence[Vector]) -> Vector:
    """Return the mean of vectors, component by component, scaled to their mean length: of unit vectors it is one again."""
    if len(vectors) == 1:
        return vectors[0]
    mean = [math.fsum(column) / len(vectors) for column in zip(*vectors, strict=True)]
    wanted = math.fsum(map(norm, vectors)) / len(vectors)
    length = norm(mean)
    return tuple(mean) if length == 0 else tuple([number * wanted / length for number in mean])


def norm(vector: Sequence[float]) -> float:
    """Return the Euclidean length."""
    return math.sqrt(math.sumprod(vector, vector)) if hasattr(math, "sumprod") else math.hypot(*vector)


def wanted_from_model(dimensions: int | None, traits: ModelTraits) -> int | None:
    """Return the length to ask the model's API for; None to take what it gives."""
    if dimensions is None or traits.lengths == ():
        return None
    if traits.lengths is None:
        return dimensions
    # The next longer one that is offered can still be cut.
    return min((length for length in traits.lengths if length >= dimensions), default=None)


def fitted(
    vector: Vector, dimensions: int | None, model: str, traits: ModelTraits, settings: EmbeddingSettings
) -> Vector:
    """Return a vector of the length that is wanted; a shortened one is scaled to length 1 again.

    Raises:
        UnsupportedCapability: It is too short, or may not be cut.
    """
    if dimensions is None or len(vector) == dimensions:
        return vector if traits.is_scaled else _scaled(vector, model)
    have = f"{model} makes vectors of {len(vector)} numbers, and {dimensions} are wanted"
    if len(vector) < dimensions:
        raise _unfit(f"{have}: they cannot be made longer (see embedding.dimension)")
    if settings.truncation == "never" or (settings.truncation == "trained" and not traits.is_trained_for_cutting):
        raise _unfit(f"{have}: it was not trained to have them cut (see embedding.truncation)")
    return _scaled(vector[:dimensions], model)


def _scaled(vector: Vector, model: str) -> Vector:
    length = norm(vector)
    if length == 0:
        raise ProviderError(f"{model} made a vector of zeros, which has no direction", model=model)
    return tuple([number / length for number in vector])


def _unfit(message: str) -> UnsupportedCapability:
    return UnsupportedCapability(message, capability="dimensions")
