"""Lanes: the names under which workers take requests, and gateways leave them. Brokers route by them."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from ...messages.errors import InvalidRequestError
from ...messages.fleet import Operation

RoutingStyle: TypeAlias = Literal["shared_lane", "offering_lane", "request_lane"]

# AMQP takes 255 bytes of a routing key; the lane has some words around the model.
_MAX_SEGMENT: Final = 96
_MAX_LANE: Final = 255

_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
# Words that belong to people, machines and secrets: whoever may look at a broker reads its lanes.
_SENSITIVE: Final = re.compile(r"api-?key|bearer|credential|identity|passw|prompt|secret|token|user(name)?|https?-")

_WORDS: Final[dict[Operation, str]] = {"chat": "inference", "stream": "inference", "embed": "embed"}


def slug(text: str) -> str:
    """Return the text in lower case, with one hyphen for whatever is no letter or digit, and none at the ends."""
    return _NOT_SLUG.sub("-", text.lower()).strip("-")


def segment(text: str, what: str) -> str:
    """Return the slug of a text as a part of a lane.

    Args:
        text: What shall stand there.
        what: What that is, for the error ("model").

    Raises:
        InvalidRequestError: Nothing is left of it, it is too long, or it holds what others must not read.
    """
    made = slug(text)
    if not made:
        raise InvalidRequestError(f"a lane needs a {what}: nothing is left of {text[:50]!r} but separators", param=what)
    if len(made) > _MAX_SEGMENT:
        raise InvalidRequestError(
            f"a {what} has {_MAX_SEGMENT} characters in a lane at most, this one {len(made)}", param=what
        )
    if _SENSITIVE.search(made):
        raise InvalidRequestError(
            f"a {what} that sounds like a secret or a person cannot be part of a lane: everybody at the broker reads it",
            param=what,
        )
    return made


def shared_lane(
    operation: Operation,
    model: str,
    *,
    context: int | None = None,
    boundary: str | None = None,
    eligibility: str | None = None,
) -> str:
    """Return the lane of all workers that serve a model, whichever engine they have it from.

    Args:
        operation: What is asked for.
        model: Name of the model.
        context: Tokens of its window, or None; embeddings have none.
        boundary: Name of the place that requests must not leave, or None.
        eligibility: Fingerprint of what workers must fulfil (see `eligibility`), or None.

    Raises:
        InvalidRequestError: A part cannot stand in a lane.
    """
    word = _WORDS[operation]
    parts = ["llm", "fleet", word, segment(model, "model")]
    if context is not None and word == "inference":
        parts.append(f"ctx{context}")
    if boundary is not None:
        parts += ["boundary", segment(boundary, "boundary")]
    if eligibility is not None:
        parts += ["elig", segment(eligibility, "eligibility")]
    return _checked(".".join(parts))


def offering_lane(operation: Operation, instance: str, model: str) -> str:
    """Return the lane of one model at one instance of a worker's.

    Raises:
        InvalidRequestError: A part cannot stand in a lane.
    """
    parts = ("llm.fleet.offering", segment(instance, "instance"), segment(model, "model"), _WORDS[operation])
    return _checked(".".join(parts))


def request_lane(operation: Operation, provider: str, model: str) -> str:
    """Return the lane by provider, as it was before there were others; of the model only the colon is replaced.

    Raises:
        InvalidRequestError: The lane would be too long, or has blanks.
    """
    lane = f"llm.request.{segment(provider, 'provider')}.{_WORDS[operation]}.{model.replace(':', '.')}"
    if re.search(r"[\s#*]", lane):
        raise InvalidRequestError(f"{model[:50]!r} cannot stand in a lane: it holds a blank, # or *", param="model")
    return _checked(lane)


def _checked(lane: str) -> str:
    if len(lane) > _MAX_LANE:
        raise InvalidRequestError(f"a lane has {_MAX_LANE} characters at most, this one {len(lane)}", param="model")
    return lane
