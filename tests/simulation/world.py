"""Providers that exist in simulated time only: how fast they are, how many they serve, when they are ill."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs
import trio
from legion_llm.messages.chat import ChatMessage, Request, Response, Usage
from legion_llm.messages.errors import AccountError, ProviderDown, ProviderError, RateLimitError

Illness: TypeAlias = Literal["down", "errors", "hang", "slow", "broke"]


@attrs.frozen(kw_only=True)
class Spell:
    """A stretch of time in which a provider is ill.

    Attributes:
        begins: Seconds after the start of the simulation.
        ends: Likewise.
        illness: down (refuses at once), errors (fails half-way), hang (never answers), slow (ten times slower), broke (says with a 400 that the
            account is out of credit).
        share: Part of the calls that it hits, 0 to 1.
    """

    begins: float
    ends: float
    illness: Illness
    share: float = 1.0


@attrs.frozen(kw_only=True)
class Nature:
    """What a provider is like.

    Attributes:
        median: Seconds that half of the calls take at most.
        spread: Standard deviation of the logarithm of that time.
        slots: Calls that it works on at once; others wait in its own line.
        per_minute: Calls it takes in a minute of the clock, or None.
        tokens_per_minute: Likewise tokens, prompt and answer, or None.
        tokens: Tokens of an answer.
        silence: Seconds after which the caller's own limit ends a call that hangs.
        spells: When it is ill.
        settings: What our settings say of it.
    """

    name: str
    median: float = 1.0
    spread: float = 0.4
    slots: int = 50
    per_minute: int | None = None
    tokens_per_minute: int | None = None
    tokens: int = 1
    silence: float = 20.0
    spells: tuple[Spell, ...] = ()
    settings: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.define
class Upstream:
    """What was asked of a provider, and what came of it.

    Attributes:
        calls: All that reached it.
        wasted: Those that gave no answer.
    """

    calls: int = 0
    wasted: int = 0


class SimulatedProvider:
    """Implements the connection's port over a `Nature`. The same seed and the same calls give the same answers."""

    def __init__(self, nature: Nature, seed: int, began: float, upstream: Upstream) -> None:
        self._nature = nature
        self._random = random.Random(f"{seed}/{nature.name}")
        self._began = began
        self._slots = trio.CapacityLimiter(nature.slots)
        self._upstream = upstream
        self._minute = -1
        self._taken = self._tokens = 0

    async def chat(self, request: Request, model: str) -> Response:
        self._upstream.calls += 1
        self._upstream.wasted += 1  # until it has answered
        self._count_against_the_minute()
        spell = self._spell()
        async with _Slot(self._slots):
            await self._work(spell)
        self._upstream.wasted -= 1
        usage = Usage(uncached_input=10, visible_output=self._nature.tokens)
        self._tokens += usage.total_tokens
        return Response(message=ChatMessage(role="assistant", content="ok"), model=model, usage=usage)

    async def stream(self, request: Request, model: str, sink: object) -> Response:
        raise ProviderError("the simulation streams nothing")

    async def aclose(self) -> None:
        return None

    def _now(self) -> float:
        return trio.current_time() - self._began

    def _spell(self) -> Spell | None:
        now = self._now()
        hit = self._random.random()
        return next((each for each in self._nature.spells if each.begins <= now < each.ends and hit < each.share), None)

    def _count_against_the_minute(self) -> None:
        minute = math.floor(self._now() / 60)
        if minute != self._minute:
            self._minute, self._taken, self._tokens = minute, 0, 0
        self._taken += 1
        calls, tokens = self._nature.per_minute, self._nature.tokens_per_minute
        if (calls is not None and self._taken > calls) or (tokens is not None and self._tokens >= tokens):
            raise RateLimitError("rate limit", status=429, retry_after=60.0 * (minute + 1) - self._now())

    async def _work(self, spell: Spell | None) -> None:
        took = self._random.lognormvariate(math.log(self._nature.median), self._nature.spread)
        illness = None if spell is None else spell.illness
        if illness == "broke":
            await trio.sleep(0.05)
            raise AccountError("Your credit balance is too low to access the API", status=400)
        if illness == "down":
            await trio.sleep(0.002)
            raise ProviderDown(f"{self._nature.name} refuses")
        if illness == "hang":
            await trio.sleep(self._nature.silence)
            raise ProviderDown(f"{self._nature.name} is silent")
        await trio.sleep(took * (10 if illness == "slow" else 1))
        if illness == "errors":
            raise ProviderError("internal error", status=500)


class _Slot:
    """A place in the limiter that belongs to a call and not to a task, since one task may make several."""

    def __init__(self, limiter: trio.CapacityLimiter) -> None:
        self._limiter = limiter
        self._borrower = object()

    async def __aenter__(self) -> None:
        await self._limiter.acquire_on_behalf_of(self._borrower)

    async def __aexit__(self, *_: object) -> None:
        self._limiter.release_on_behalf_of(self._borrower)
