"""Ids of answers and of the items in them: an id says to which chain of answers it belongs, so that nobody has to keep a list of them."""

from __future__ import annotations

import re
from typing import Final, Self

import attrs

from ....messages.chat import Request
from ....messages.errors import UnknownResponseError

# The fields of `Request.extra` in which a client says what an answer goes on from, and whether it shall be kept.
PREVIOUS: Final = "previous_response_id"
STORE: Final = "store"

_OF_REQUESTS: Final = re.compile(r"req_([0-9a-f]{24})")
_OF_RESPONSES: Final = re.compile(r"resp_([0-9a-f]{24})([0-9a-f]{24})")
_OF_ITEMS: Final = re.compile(r"(?:msg|rs|fc|ig)_([0-9a-f]{24})([0-9a-f]{24})([0-9a-f]{2,4})")


@attrs.frozen
class ResponseId:
    """The id of one answer; `str()` is what clients know.

    Attributes:
        root: 24 hex digits, of the first answer of the chain.
        own: 24 hex digits, of this one: those of its request.
    """

    root: str
    own: str

    def __str__(self) -> str:
        return f"resp_{self.root}{self.own}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the id that a client shows, or None where it is none of ours."""
        found = _OF_RESPONSES.fullmatch(text)
        return None if found is None else cls(found[1], found[2])

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """Return the id of the answer to a request; None for a request whose own id is not one of ours."""
        found = _OF_REQUESTS.fullmatch(request.id)
        if found is None:
            return None
        before = previous(request)
        return cls(found[1] if before is None else before.root, found[1])

    def item(self, prefix: str, index: int) -> str:
        """Return the id of an item of this answer, at its place in the output."""
        return f"{prefix}{self.root}{self.own}{index:02x}"


def previous(request: Request) -> ResponseId | None:
    """Return the answer that a request goes on from, or None."""
    shown = request.extra.get(PREVIOUS)
    return None if shown is None else ResponseId.read(shown)


def unknown_response(shown: str) -> UnknownResponseError:
    """Return the error for an answer that is not kept here, or not for this caller."""
    return UnknownResponseError(f"Previous response with id {shown[:100]!r} not found.", param=PREVIOUS)


def item_place(item_id: str) -> tuple[ResponseId, int] | None:
    """Return in which answer an item stands and where in its output, or None where the id is none of ours."""
    found = _OF_ITEMS.fullmatch(item_id)
    return None if found is None else (ResponseId(found[1], found[2]), int(found[3], 16))
