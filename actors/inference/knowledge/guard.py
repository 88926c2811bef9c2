"""Whether an answer keeps to the knowledge that its model was told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import attrs
import trio

from ....messages.errors import HostError

logger = logging.getLogger(__name__)

# Called with the answer and the knowledge, as texts; returns 0 (not at all) to 1.
Evaluator: TypeAlias = Callable[[str, str], Awaitable[Any]]


@attrs.frozen(kw_only=True)
class GuardResult:
    """What the host's evaluators say of an answer.

    Attributes:
        scores: What each said, 0 to 1; one that failed, or took too long, has said 0.
        flagged: Those that said less than they should, in the order of the host.
    """

    scores: Mapping[str, float]
    flagged: tuple[str, ...]

    @property
    def faithful(self) -> bool:
        """Whether nobody objects."""
        return not self.flagged


async def guarded(
    evaluators: Mapping[str, Evaluator], answer: str, knowledge: str, *, threshold: float, timeout: float
) -> GuardResult:
    """Have an answer compared with what its model was told, by all evaluators at once.

    Args:
        evaluators: By name.
        answer: Its text.
        knowledge: What the model was told.
        threshold: What each must say at least, 0 to 1.
        timeout: Seconds that they may take.
    """
    scores = dict.fromkeys(evaluators, 0.0)

    async def ask(name: str, evaluator: Evaluator) -> None:
        try:
            scores[name] = _score(name, await evaluator(answer, knowledge))
        except HostError as error:
            logger.warning("evaluator %s failed", name, exc_info=error)

    with trio.move_on_after(timeout):
        async with trio.open_nursery() as nursery:
            for name, evaluator in evaluators.items():
                nursery.start_soon(ask, name, evaluator)
    return GuardResult(scores=scores, flagged=tuple(name for name, score in scores.items() if score < threshold))


def _score(name: str, said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not 0 <= said <= 1:
        raise HostError(f"evaluator {name} must return 0 to 1, not {said!r}")
    return float(said)
