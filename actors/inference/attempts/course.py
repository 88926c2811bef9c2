"""The attempts of one request, where the first one was not enough."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

import attrs
import trio

from ....messages.attempt import AttemptRecord
from ....messages.cause import Cause, cause_of
from ....messages.chat import Request, Response
from ....messages.errors import LegionError
from ....messages.health import AnswerJudged
from ....messages.routing import Resolution
from ....messages.settings import TIERS, RetryRule, RetrySettings
from ....messages.target import Target
from ....runtime import Address, Clock
from ..quality.judge import Judge, Verdict
from .budget import RetryBudgets
from .hedge import Paces, Race, hedge_for, race
from .moves import UNCOUNTED, Again, Next, Situation, Stop, Tried, Wait, next_move
from .order import distinct
from .rescue import Rescue
from .story import Ended, routed, verdict

# Makes one attempt: its number, counted from 1, and how often the request has failed at this target before. Raises why there is no answer.
MakeAttempt: TypeAlias = Callable[[Target, int, int], Awaitable[Response]]
# Hears of each attempt when it is over.
Told: TypeAlias = Callable[[AttemptRecord], None]

# What makes a streak: the next one at the same target is likely to fail, too.
_SICK: Final = frozenset({Cause.RESET, Cause.FAILED, Cause.DOWN, Cause.SILENT})


@attrs.frozen(kw_only=True)
class Errand:
    """What is to be done for one request.

    Attributes:
        attempt: Makes one attempt.
        is_committed: Whether the caller has seen content already, so that nobody else may answer.
        started: Monotonic moment at which the request began.
        deadline: Monotonic moment of its end; infinity for none.
        told: Hears of each attempt, or None.
        judge: Judges the answers, or None where a poor one is as good as another.
        settle: Gives the caller what was held back of an answer that is accepted, or None where nothing is.
        rescue: Has another target go on with a stream that broke off after its first content, or None where that ends it.
    """

    request: Request
    resolution: Resolution
    attempt: MakeAttempt
    is_committed: Callable[[], bool]
    started: float
    deadline: float
    told: Told | None = None
    judge: Judge | None = None
    settle: Callable[[], Awaitable[None]] | None = None
    rescue: Rescue | None = None


@attrs.frozen(kw_only=True)
class Means:
    """What all requests have in common.

    Attributes:
        health: Hears how answers were judged.
        rules: `retries.rules()`; empty where nothing is tried twice.
        tiers: All tiers, the nearest first.
        paces: What is slow at each target, or None where nothing is hedged.
        dice: Returns a number from 0 to 1.
    """

    clock: Clock
    budgets: RetryBudgets
    health: Address
    retries: RetrySettings
    rules: Mapping[Cause, RetryRule]
    tiers: Sequence[str] = TIERS
    paces: Paces | None = None
    dice: Callable[[], float] = random.random


class Course:
    """Walks one request from attempt to attempt. Owned by its task."""

    __slots__ = (
        "_attempts",
        "_broken",
        "_counted",
        "_errand",
        "_is_hedged",
        "_left",
        "_means",
        "_most",
        "_repeats",
        "_tried",
        "_waits",
    )

    def __init__(self, errand: Errand, means: Means, most: int) -> None:
        self._errand = errand
        self._means = means
        self._most = most
        self._attempts: list[Ended] = []
        self._broken: LegionError | None = None
        self._is_hedged = False
        self._tried: dict[tuple[str, str], Tried] = {}
        self._left = distinct(errand.resolution.candidates)[1:]
        self._counted = 0
        self._repeats = 0
        self._waits = 0

    async def after(self, target: Target, error: LegionError, began: float) -> Response:
        """Go on after the first attempt, which has failed.

        Raises:
            LegionError: Why there is no answer.
        """
        self._failed(target, error, began)
        return await self.run(await self._move())

    async def hedged(self, first: Target, delay: float) -> Response:
        """Ask `first`, after a delay also the next candidate, and whoever is to follow if neither answers.

        Raises:
            LegionError: Why there is no answer.
        """
        second = hedge_for(first, self._left)
        if second is None:
            return await self.run(first)
        began = self._means.clock.monotonic()
        result = await race(
            lambda: self._errand.attempt(first, 1, 0),
            lambda: self._errand.attempt(second, 2, 0),
            lambda: self._may_hedge(second),
            delay,
        )
        response = await self._raced(result, (first, second), began, delay)
        return response or await self.run(await self._move())

    async def _raced(self, result: Race, targets: tuple[Target, Target], began: float, delay: float) -> Response | None:
        """Write down how both attempts ended, the one that answered last; return its answer, if it is good enough."""
        if result.has_second:
            self._is_hedged = True
            self._left = tuple(target for target in self._left if target.key != targets[1].key)
        winner = result.winner
        for number in (0, 1)[: 1 + result.has_second]:
            if number != winner:
                self._failed(targets[number], result.failure(number), began + number * delay)
        end = None if winner is None else result.ends[winner]
        if winner is None or not isinstance(end, Response):
            return None
        return await self._received(targets[winner], end, began + winner * delay, winner + 1)

    def _may_hedge(self, second: Target) -> bool:
        """Whether the retry budget of the second target grants one more call, which is taken from it."""
        now = self._means.clock.monotonic()
        budget = self._means.budgets.of(second.instance, now)
        if self._counted + 1 >= self._most or budget.delay(now) > 0:
            return False
        budget.take(now)
        return True

    async def run(self, target: Target) -> Response:
        """Ask `target`, and whoever is to follow it.

        Raises:
            LegionError: Why there is no answer.
        """
        while True:
            response = await self._attempt(target)
            if response is not None:
                return response
            target = await self._move()

    async def _attempt(self, target: Target) -> Response | None:
        """Make one attempt; None if it gave no usable answer."""
        began, number = self._means.clock.monotonic(), len(self._attempts) + 1
        make = self._errand.attempt if self._broken is None else self._rescue().attempt
        try:
            response = await make(target, number, self._failures_at(target))
        except LegionError as error:
            self._failed(target, error, began)
            return None
        return await self._received(target, response, began, number)

    async def _received(self, target: Target, response: Response, began: float, number: int) -> Response | None:
        """Return the answer with its story, or None if it is too poor."""
        now = self._means.clock.monotonic()
        self._means.budgets.of(target.instance, now).streak = 0
        if self._means.paces is not None:
            self._means.paces.note(target, now - began)
        judge = self._errand.judge
        if judge is not None:
            verdict = await judge.verdict(response, is_final=self._errand.is_committed())
            if not self._accepted(target, verdict, began, number):
                return None
            warnings = (*response.warnings, *verdict.warnings)
            response = attrs.evolve(response, quality=verdict.quality, warnings=warnings)
        return await self._answered(target, response, began)

    async def _answered(self, target: Target, response: Response, began: float) -> Response:
        errand = self._errand
        if errand.settle is not None:
            await errand.settle()
        now = self._means.clock.monotonic()
        self._note(Ended(target, None, (), now - began))
        answer = routed(errand.request, response, errand.resolution, self._attempts, now - errand.started)
        assert answer.routing is not None
        way = None if self._broken is None else self._rescue().way
        if way is None and not self._is_hedged:
            return answer
        return attrs.evolve(answer, routing=attrs.evolve(answer.routing, rescue=way, hedged=self._is_hedged))

    def _accepted(self, target: Target, verdict: Verdict, began: float, number: int) -> bool:
        """Tell health what an answer was worth, and say whether it is the answer; one that the caller has seen is, whatever it is worth."""
        self._means.health.offer(
            AnswerJudged(
                request_id=self._errand.request.id, attempt=number, instance=target.instance, passed=verdict.passed
            )
        )
        if verdict.passed or self._errand.is_committed():
            return True
        now = self._means.clock.monotonic()
        self._note(Ended(target, None, verdict.failures, now - began))
        self._count(target, Cause.POOR, now, None)
        return False

    def _failed(self, target: Target, error: LegionError, began: float) -> None:
        """Write down a failure; one that the caller has seen the beginning of the answer before is the end.

        Raises:
            LegionError: That failure.
        """
        now = self._means.clock.monotonic()
        cause = cause_of(error)
        if cause in _SICK:
            self._means.budgets.of(target.instance, now).streak += 1
        self._note(Ended(target, error, (), now - began))
        self._count(target, cause, now, error.retry_after)
        if self._errand.is_committed():
            self._broken_off(error, cause)

    def _broken_off(self, error: LegionError, cause: Cause) -> None:
        """The caller has seen a part of the answer: only a rescuer may go on.

        Raises:
            LegionError: Nobody may. It is what broke the answer off, not what became of the rescue, unless the caller itself ended it.
        """
        rescue = self._errand.rescue
        if rescue is None or not rescue.may_follow(cause):
            raise (error if self._broken is None or cause is Cause.FINAL else self._broken)
        if self._broken is None:
            self._broken = error

    def _rescue(self) -> Rescue:
        assert self._errand.rescue is not None
        return self._errand.rescue

    def _rescuer(self, broken: LegionError) -> Target:
        """Return who may go on with the stream.

        Raises:
            LegionError: Nobody; what had broken it off.
        """
        order = self._rescue().in_order(self._left)
        if not order or self._counted >= self._most:
            raise broken
        self._left = order[1:]
        self._means.budgets.of(order[0].instance, self._means.clock.monotonic()).called()
        return order[0]

    def _failures_at(self, target: Target) -> int:
        return sum(each.target.key == target.key for each in self._attempts)

    def _note(self, ended: Ended) -> None:
        self._attempts.append(ended)
        if self._errand.told is not None:
            self._errand.told(ended.record())

    def _count(self, target: Target, cause: Cause, now: float, retry_after: float | None) -> None:
        ready_at = now + (retry_after or 0.0)
        self._tried[target.key] = Tried(target=target, cause=cause, ready_at=ready_at, retry_after=retry_after)
        if cause not in UNCOUNTED:
            self._counted += 1

    async def _move(self) -> Target:
        """Return who is asked next, when the time for it has come.

        Raises:
            LegionError: Nobody.
        """
        if self._broken is not None:
            return self._rescuer(self._broken)
        means = self._means
        move = next_move(self._situation(), means.retries, means.rules)
        match move:
            case Again():
                self._repeats += 1
                self._take(move.target)
            case Next():
                self._repeats, self._left = 0, move.left
                means.budgets.of(move.target.instance, means.clock.monotonic()).called()
            case Wait():
                self._repeats, self._waits = 0, self._waits + 1
                self._take(move.target)
                await trio.sleep(move.seconds + move.jitter * means.dice())
            case Stop():
                raise self._verdict(move)
        return move.target

    def _situation(self) -> Situation:
        last = self._tried[self._attempts[-1].target.key]
        means, budgets = self._means, self._means.budgets
        now = means.clock.monotonic()
        tried = tuple(self._tried.values())
        return Situation(
            last=last,
            tried=tried,
            left=self._left,
            made=len(self._attempts),
            counted=self._counted,
            most=self._most,
            repeats=self._repeats,
            waits=self._waits,
            is_single=budgets.of(last.target.instance, now).streak <= 1,
            budget={each.target.instance: budgets.of(each.target.instance, now).delay(now) for each in tried},
            now=now,
            deadline=self._errand.deadline,
            tiers=means.tiers,
        )

    def _verdict(self, stop: Stop) -> LegionError:
        last = self._attempts[-1].error
        if stop.is_final and last is not None:
            return last
        return verdict(self._attempts, self._errand.resolution)

    def _take(self, target: Target) -> None:
        now = self._means.clock.monotonic()
        self._means.budgets.of(target.instance, now).take(now)
