"""What a row of the pipeline's table says."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import attrs

from ....messages.caller import Profile
from .flow import Flow, Services

# Works on the request's own state. What it needs from outside, it asks an actor or a port in `flow.services` for.
Run: TypeAlias = Callable[[Flow], Awaitable[None] | None]


class Phase(enum.StrEnum):
    """On which side of the provider a step stands."""

    BEFORE = "before"
    PROVIDER = "provider"
    AFTER = "after"


class OnFailure(enum.StrEnum):
    """What the failure of a step means for the request."""

    FATAL = "fatal"  # the caller gets the step's error
    DEGRADE = "degrade"  # the request goes on without what the step would have done, and carries a warning


@attrs.frozen
class Step:
    """One step of the pipeline.

    Attributes:
        name: Its name, unique in the table; settings, timelines, errors and the documentation know it by this.
        phase: On which side of the provider it stands.
        on_failure: What its failure means.
        run: What it does, `def` or `async def`; the first line of its docstring is its line in the documentation.
        skipped_by: Profiles whose requests do not take it.
        offered: Whether a system wired like this has anything for it to do; asked once, when the table is compiled. None: always.
        wanted: Whether this request has anything for it to do: the cheap test that spares the others the step. None: always.
        in_conversation: Whether it is for requests that belong to a conversation alone; the others are spared even the test.
        closes: Whether it must see every request: it is run, if it was not yet, where the request has failed, was cancelled, or was answered before
            it came to a provider, too. It must be `def`: a request that was cancelled cannot wait.
    """

    name: str
    phase: Phase
    on_failure: OnFailure
    run: Run
    skipped_by: frozenset[Profile] = attrs.field(kw_only=True, default=frozenset())
    offered: Callable[[Services], bool] | None = attrs.field(kw_only=True, default=None)
    wanted: Callable[[Flow], bool] | None = attrs.field(kw_only=True, default=None)
    in_conversation: bool = attrs.field(kw_only=True, default=False)
    closes: bool = attrs.field(kw_only=True, default=False)

    def __attrs_post_init__(self) -> None:
        if self.closes and self.is_async:
            raise TypeError(f"step {self.name} closes, so it must be `def`: a cancelled request cannot wait")

    @property
    def is_async(self) -> bool:
        """Whether `run` is a coroutine function."""
        return inspect.iscoroutinefunction(self.run)
