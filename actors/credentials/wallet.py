"""The credentials of one instance: which there are, which one is shown, and what the provider says of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import trio

from ...messages.credentials import Credential, CredentialChanged, ProviderStage, StageChanged
from .port import Found, Opinion, Prober, Source, Verdict
from .stage import TRANSITIONS, Event

# A provider that refuses every call must not make us ask the sources, and try what they hold, after each.
_READ_PAUSE: Final = 1.0
_TRY_PAUSE: Final = 10.0

_EVENTS: Final = {
    Verdict.ACCEPTED: Event.ACCEPTED,
    Verdict.REJECTED: Event.REJECTED,
    Verdict.UNCLEAR: Event.UNCLEAR,
    Verdict.SILENT: Event.UNCLEAR,
}


class Wallet:
    """Holds what one instance is shown. Its methods are called by tasks of one trio loop; what they do to the same wallet, they do in turn.

    Args:
        instance: Name of the instance.
        source: Where its credentials come from.
        prober: Tries them; None: nobody does.
        needed: Whether the instance is useless without one.
        deadline: Seconds that trying all candidates may take.
        version: Of nothing: the first credential's is one more.
        shown: Called with what is shown from now on.
        moved: Called with every change of the stage, or of its reason.

    Attributes:
        news: What is shown.
        opinion: What the provider said last, or None.
    """

    def __init__(
        self,
        instance: str,
        source: Source,
        prober: Prober | None,
        *,
        needed: bool,
        deadline: float,
        version: int,
        shown: Callable[[CredentialChanged], None],
        moved: Callable[[StageChanged], None],
    ) -> None:
        self.instance = instance
        self.news = CredentialChanged(instance=instance, version=version, credential=None)
        self.opinion: Opinion | None = None
        self._source = source
        self._prober = prober
        self._needed = needed
        self._deadline = deadline
        self._tell_shown = shown
        self._tell_moved = moved
        self._stage = StageChanged(
            instance=instance, stage=ProviderStage.CONFIGURED if needed else ProviderStage.USABLE
        )
        self._found = Found()
        self._refused: list[Credential] = []
        self._read_at = self._tried_at = -math.inf
        self._asked = trio.Event()
        self._turn = trio.Lock()

    @property
    def stage(self) -> StageChanged:
        """How far the instance has come."""
        return self._stage

    @property
    def is_known(self) -> bool:
        """Whether all sources have been asked; before that nobody knows, and calls may wait for it."""
        return self._asked.is_set()

    @property
    def candidates(self) -> int:
        """How many credentials there are."""
        return len(self._found.candidates)

    @property
    def due(self) -> float | None:
        """Seconds after which the sources are to be asked again, or None."""
        return self._found.due

    @property
    def is_settled(self) -> bool:
        """Whether asking again would tell nothing new: the provider has taken what is shown, or nobody tries."""
        return self._prober is None or self._stage.stage is ProviderStage.VERIFIED or not self._found.candidates

    async def current(self) -> CredentialChanged:
        """Return what is shown, once all sources have been asked."""
        await self._asked.wait()
        return self.news

    async def renew(self, *, afresh: bool = False) -> None:
        """Ask the sources, and try what they hold unless it is known to be taken.

        Args:
            afresh: Try everything again, also what was taken or refused before.
        """
        async with self._turn:
            if afresh:
                self._refused.clear()
            before = self.news.version
            await self._read()
            if afresh or before != self.news.version or not self.is_settled:
                await self._try()

    async def replace(self, version: int) -> CredentialChanged | None:
        """Return another credential than the one of this version, which was refused in a call, or None where there is none."""
        async with self._turn:
            if self.news.version == version and trio.current_time() - self._read_at >= _READ_PAUSE:
                await self._read(distrust=True)
            if self.news.version == version and trio.current_time() - self._tried_at >= _TRY_PAUSE:
                await self._try()
            return self.news if self.news.version != version and self.news.credential is not None else None

    def seen(self, *, accepted: bool, reason: str) -> None:
        """Hear how the instance answered a question that it was asked anyway."""
        if accepted and self._stage.stage is ProviderStage.USABLE:
            self._judged(Opinion(verdict=Verdict.ACCEPTED))
        elif not accepted and not self._found.candidates and not self._needed:
            self._judged(Opinion(verdict=Verdict.REJECTED, words=f"it asks for a key: {reason}"))

    async def aclose(self) -> None:
        """Close idle connections."""
        if self._prober is not None:
            await self._prober.aclose()

    async def _read(self, *, distrust: bool = False) -> None:
        self._read_at = trio.current_time()
        self._found = found = await self._source.read(distrust=distrust)
        self._asked.set()
        self._refused = [each for each in self._refused if each in found.candidates]
        if self.news.credential in found.candidates:
            return
        fit = [each for each in found.candidates if each not in self._refused]
        if fit:
            self._show(fit[0])
        elif not found.candidates and (self._needed or self.news.credential is not None):
            self._show(None)

    async def _try(self) -> None:
        """Try the candidates in turn, the one that is shown first; stop at the first that is taken."""
        if self._prober is None or not self._found.candidates:
            return
        self._tried_at = trio.current_time()
        best: tuple[Credential, Opinion] | None = None
        refusal = Opinion(verdict=Verdict.REJECTED)
        with trio.move_on_after(self._deadline) as scope:
            for candidate in sorted(self._found.candidates, key=lambda each: each != self.news.credential):
                opinion = await self._prober.probe(candidate)
                if opinion.verdict is Verdict.REJECTED:
                    self._refused.append(candidate)
                    refusal = opinion
                elif best is None or opinion.verdict is Verdict.ACCEPTED:
                    best = candidate, opinion
                if opinion.verdict in (Verdict.ACCEPTED, Verdict.SILENT):
                    break
        if scope.cancelled_caught and best is None:
            self._judged(Opinion(verdict=Verdict.SILENT, words=f"no answer within {self._deadline:g} s"))
        elif best is None:
            self._judged(refusal)
        else:
            if best[0] != self.news.credential:
                self._show(best[0])
            self._judged(best[1])

    def _show(self, credential: Credential | None) -> None:
        if credential is not None or self.news.credential is not None:
            self.news = CredentialChanged(instance=self.instance, version=self.news.version + 1, credential=credential)
            self._tell_shown(self.news)
        lacking = credential is None and self._needed
        self._move(Event.NOTHING if lacking else Event.READY, self._found.reason if lacking else "")

    def _judged(self, opinion: Opinion) -> None:
        self.opinion = opinion
        self._move(_EVENTS[opinion.verdict], opinion.words)

    def _move(self, event: Event, reason: str) -> None:
        credential = self.news.credential
        stage = StageChanged(
            instance=self.instance,
            stage=TRANSITIONS[self._stage.stage][event],
            reason=reason,
            credential=credential.source if credential is not None else None,
        )
        if stage != self._stage:
            self._stage = stage
            self._tell_moved(stage)
