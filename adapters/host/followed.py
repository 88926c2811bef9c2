"""A future made of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ...messages.errors import LegionError
from ...runtime import Reply

T = TypeVar("T")
M = TypeVar("M")


def followed(reply: Reply[T], function: Callable[[T], M]) -> Reply[M]:
    """Return the future of `function(answer)`; giving it up gives up the other. A `LegionError` that the function raises is its failure.

    The function is called where the answer arrives, so it must be quick, and must raise nothing else.
    """
    following: Reply[M] = Reply()

    def answered(done: Reply[T]) -> None:
        error = done.exception()
        if error is not None:
            following.fail(error)
            return
        try:
            following.set(function(done.get()))
        except LegionError as failure:
            following.fail(failure)

    def give_up() -> None:
        reply.cancel()

    following.attach(give_up)
    reply.add_done_callback(answered)
    return following
