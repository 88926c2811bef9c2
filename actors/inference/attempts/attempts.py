"""The way into the attempts: `Attempts.whole` and `Attempts.streamed`, one of which every exchange with a provider goes through."""

from __future__ import annotations

import math
from collections.abc import Callable

import attrs

from ....messages.chat import Begun, Request, Response
from ....messages.errors import LegionError
from ....messages.routing import Call, QualityCheck, Resolution, StreamCall
from ....messages.settings import TIERS, HedgingSettings, RetrySettings
from ....messages.target import Target
from ....runtime import Address, Clock, Sink
from ..quality.judge import Judge, JudgeConfig, judge_of
from .budget import RetryBudgets
from .course import Course, Errand, Means, Told
from .hedge import Paces, is_harmless
from .rescue import Rescue
from .shown import Recorder, Shown
from .story import begun, routed_at_once
from .tap import Tap


@attrs.frozen(kw_only=True)
class AttemptsConfig:
    """What the attempts go by.

    Attributes:
        max_attempts: Attempts per request that may count, at all targets together.
        retries: What follows one that gave no answer.
        tiers: All tiers, the nearest first.
        rescue: Whether a stream that broke off is gone on with elsewhere, where a request does not say.
        hedging: Whether a slow call gets a second one beside it.
        judging: What makes an answer a poor one, and when that matters.
        is_enabled: False: the first candidate is asked once, and that is all.
    """

    max_attempts: int = 3
    is_enabled: bool = True
    retries: RetrySettings = RetrySettings()
    tiers: tuple[str, ...] = TIERS
    rescue: bool = False
    hedging: HedgingSettings = HedgingSettings()
    judging: JudgeConfig = JudgeConfig()


class Attempts:
    """The one owner of a request's attempts: nothing below it retries by itself.

    One for all requests of a system. What they share, the retry budgets, lives on their common event loop and is never held across a wait. A request
    whose first attempt succeeds pays for none of the rest.
    """

    def __init__(
        self, config: AttemptsConfig, *, connection: Callable[[str], Address], health: Address, clock: Clock
    ) -> None:
        self._config = config
        self._connection = connection
        self._now = clock.monotonic
        retries = config.retries
        self._budgets = RetryBudgets(retries.budget)
        rules = retries.rules() if config.is_enabled else {}
        self._paces = Paces(config.hedging) if config.hedging.enabled and config.is_enabled else None
        self._means = Means(
            clock=clock,
            budgets=self._budgets,
            health=health,
            retries=retries,
            rules=rules,
            tiers=config.tiers,
            paces=self._paces,
        )

    async def whole(
        self,
        request: Request,
        resolution: Resolution,
        *,
        started: float,
        deadline: float = math.inf,
        quality_check: QualityCheck | None = None,
        told: Told | None = None,
    ) -> Response:
        """Answer the request by one of the candidates.

        Args:
            request: What is asked.
            resolution: The candidates, best first.
            started: Monotonic moment at which the request began.
            deadline: Monotonic moment of its end. It is only looked at to see which waits are worth it: whoever asks must cancel.
            quality_check: The caller's own judgement of an answer, beside our rules; None for no more than those.
            told: Hears of each attempt, where one is not enough.

        Raises:
            LegionError: What the only target, or a failure that nobody else can mend, ended with.
            EscalationExhausted: Several targets were tried, and none gave a usable answer.
        """
        connection, judge = self._connection, self._judge(request, quality_check)

        async def attempt(target: Target, number: int, before: int) -> Response:
            call = Call(
                request=request,
                target=target,
                attempt=number,
                judged=judge is not None,
                repeated=before > 0,
                has_others=number < len(resolution.candidates),
            )
            return await connection(target.instance).ask(call)

        return await self._run(
            Errand(
                request=request,
                resolution=resolution,
                attempt=attempt,
                is_committed=_never,
                started=started,
                deadline=deadline,
                told=told,
                judge=judge,
            )
        )

    async def streamed(
        self,
        request: Request,
        resolution: Resolution,
        sink: Sink,
        *,
        started: float,
        deadline: float = math.inf,
        quality_check: QualityCheck | None = None,
        told: Told | None = None,
    ) -> Response:
        """Answer the request piece by piece into `sink`; the rest as for `whole`.

        Another target takes over silently until the first content has gone out. After that a failure is raised as it is, unless the stream may be
        rescued, and an answer of which the caller has seen the beginning is kept, however poor.
        """
        connection, judge = self._connection, self._judge(request, quality_check)
        rescue = None
        if self._may_rescue(request):
            sink = recorder = Recorder(sink, Shown())
            rescue = Rescue(request, recorder, connection, is_judged=judge is not None)
        tap = Tap(sink, Begun)  # before the first attempt nobody has begun

        async def attempt(target: Target, number: int, before: int) -> Response:
            nonlocal tap
            tap = Tap(sink, lambda: begun(request, resolution, target, number))
            call = StreamCall(
                request=request,
                target=target,
                attempt=number,
                judged=judge is not None,
                repeated=before > 0,
                has_others=number < len(resolution.candidates),
            )
            return await connection(target.instance).ask(call, sink=tap)

        async def settle() -> None:
            if not tap.committed:
                await tap.commit()

        return await self._run(
            Errand(
                request=request,
                resolution=resolution,
                attempt=attempt,
                is_committed=lambda: tap.committed,
                started=started,
                deadline=deadline,
                told=told,
                judge=judge,
                settle=settle,
                rescue=rescue,
            )
        )

    def _judge(self, request: Request, own: QualityCheck | None) -> Judge | None:
        return judge_of(request, self._config.judging, own) if self._config.is_enabled else None

    def _may_rescue(self, request: Request) -> bool:
        wanted = self._config.rescue if request.rescue is None else request.rescue
        return wanted and self._config.is_enabled

    async def _run(self, errand: Errand) -> Response:
        target = errand.resolution.candidates[0]
        began = self._now()
        budget = self._budgets.of(target.instance, began)
        budget.called()
        if errand.judge is not None or self._paces is not None:
            return await self._watched(errand, target)
        try:
            response = await errand.attempt(target, 1, 0)
        except LegionError as error:
            return await self._course(errand, self._config.max_attempts).after(target, error, began)
        budget.streak = 0
        if errand.settle is not None:
            await errand.settle()
        return routed_at_once(errand.request, response, errand.resolution, target, self._now() - errand.started)

    async def _watched(self, errand: Errand, target: Target) -> Response:
        """Make the attempts of a request whose first answer may not be good, or not fast enough."""
        course = self._course(errand, self._config.max_attempts if errand.judge is None else errand.judge.max_attempts)
        # What holds something back until it is accepted is a stream.
        if self._paces is None or errand.settle is not None or not is_harmless(errand.request):
            return await course.run(target)
        delay = self._paces.delay(target)
        return await (course.run(target) if delay is None else course.hedged(target, delay))

    def _course(self, errand: Errand, most: int) -> Course:
        return Course(errand, self._means, most)


def _never() -> bool:
    return False
