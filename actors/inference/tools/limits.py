"""How far a model may go: rounds, time, calls of a turn, repeats."""

from __future__ import annotations

import collections
from collections.abc import Sequence

import attrs

from ....messages.content import ToolUseBlock
from ....messages.errors import PipelineError
from ....messages.settings import ToolLoopSettings
from ....messages.tools import ToolOutcome
from .calls import signature_of

# So many rounds in a row in which a model did nothing but repeat itself end the request.
_STUBBORN = 2


@attrs.frozen(kw_only=True)
class ToolLimits:
    """The settings `max_tool_rounds` and `tool_loop`."""

    max_rounds: int = 200
    loop: ToolLoopSettings = ToolLoopSettings()


class Reins:
    """Keeps count for one request.

    Args:
        limits: How far it may go.
        started: Monotonic moment at which its first round began.
    """

    def __init__(self, limits: ToolLimits, started: float) -> None:
        self._limits = limits
        self._started = started
        self._made: collections.Counter[tuple[str, str]] = collections.Counter()
        self._stubborn = 0
        self.rounds = 0

    def begin_round(self, now: float) -> None:
        """Count a round of calls.

        Raises:
            PipelineError: There were too many, they have taken too long, or the model only repeats itself.
        """
        self.rounds += 1
        limits = self._limits
        if self.rounds > limits.max_rounds:
            raise _stop(f"the model wants a round of tool calls after the {limits.max_rounds} that are allowed")
        if now - self._started > limits.loop.max_seconds:
            raise _stop(f"the model's tool calls have taken longer than {limits.loop.max_seconds:g} s")
        if self._stubborn >= _STUBBORN:
            raise _stop(
                f"the model has made the same tool calls again and again, {limits.loop.max_repeats} times and more each"
            )

    def refusals(self, calls: Sequence[ToolUseBlock]) -> list[ToolOutcome | None]:
        """Return for each call of a turn None where it may be run, else what the model is told."""
        verdicts = [self._refusal(call, number) for number, call in enumerate(calls)]
        only_repeats = all(verdict is not None for verdict in verdicts)
        self._stubborn = self._stubborn + 1 if only_repeats else 0
        return verdicts

    def _refusal(self, call: ToolUseBlock, number: int) -> ToolOutcome | None:
        loop = self._limits.loop
        if number >= loop.max_calls_per_turn:
            return _refused(f"not run: one turn may call {loop.max_calls_per_turn} tools")
        signature = signature_of(call)
        self._made[signature] += 1
        if self._made[signature] > loop.max_repeats:
            return _refused(
                f"not run: {call.name} was called {loop.max_repeats} times with these arguments; the result is above"
            )
        return None


def _stop(why: str) -> PipelineError:
    return PipelineError(why, step="provider_call")


def _refused(why: str) -> ToolOutcome:
    return ToolOutcome(content=why, is_error=True)
