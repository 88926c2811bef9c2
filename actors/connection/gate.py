"""Whether an instance may be called now, by what health has said last: a pure value, explored state by state in its test.

A half-open instance is called by one request, the probe. Its right to be that is a lease: it returns when the call ends, however it ends, and it
expires. Then another call is the probe, and what becomes of the old one says nothing any more.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import attrs

from ...messages.errors import TargetUnavailable
from ...messages.routing import CircuitState, HealthChanged

# The epoch that a call reports whose lease has passed to another; no circuit is ever in it.
STALE: Final = -1

# Seconds after which a caller that met a probe may try again: probes mostly take no longer.
_PROBE_WAIT: Final = 1.0


class Pass(NamedTuple):
    """What a call holds that was let in; a tuple, because every call has one.

    Attributes:
        epoch: Of the circuit when it was let in.
        probe: Number of its probe lease, or None for an ordinary call.
    """

    epoch: int
    probe: int | None = None


@attrs.frozen(kw_only=True)
class Gate:
    """Who may pass.

    Attributes:
        probe_seconds: Seconds for which a probe lease holds.
        news: The last word of health.
        probes: Probe leases given in this epoch.
        probe: Number of the lease that is out, or None.
        probe_until: Monotonic moment at which that expires.
    """

    probe_seconds: float
    news: HealthChanged
    probes: int = 0
    probe: int | None = None
    probe_until: float = 0.0

    @property
    def state(self) -> CircuitState:
        """State of the circuit."""
        return self.news.state

    def told(self, news: HealthChanged) -> Gate:
        """Return the gate after news from health; a probe belongs to one epoch, and does not outlive it."""
        if news.epoch == self.news.epoch:
            return attrs.evolve(self, news=news)
        return Gate(probe_seconds=self.probe_seconds, news=news)

    def refusal(self, model: str, now: float) -> TargetUnavailable | None:
        """Return why a call for the model may not pass at `now`, or None."""
        news = self.news
        if news.state is CircuitState.OPEN:
            wait = None if news.retry_at is None else max(0.0, news.retry_at - now)
            return TargetUnavailable(f"{news.instance}: {news.why_open}", retry_after=wait)
        if news.state is CircuitState.HALF_OPEN and self.probe is not None and now < self.probe_until:
            return TargetUnavailable(f"{news.instance}: it is being probed by another request", retry_after=_PROBE_WAIT)
        until = news.throttled.get(model, 0.0) if news.throttled else 0.0
        if until > now:
            return TargetUnavailable(
                f"{news.instance}: {model} is rate limited for another {until - now:.1f} s", retry_after=until - now
            )
        return None

    def entered(self, now: float) -> tuple[Gate, Pass]:
        """Return the gate after a call has passed at `now`, and what the call holds; it must not be one that `refusal` refuses."""
        if self.news.state is not CircuitState.HALF_OPEN:
            return self, Pass(self.news.epoch)
        number = self.probes + 1
        gate = attrs.evolve(self, probes=number, probe=number, probe_until=now + self.probe_seconds)
        return gate, Pass(self.news.epoch, number)

    def left(self, held: Pass) -> Gate:
        """Return the gate after a call has ended."""
        return attrs.evolve(self, probe=None) if self._is_probe(held) else self

    def epoch_of(self, held: Pass) -> int:
        """Return the epoch for which the call speaks now: STALE for a probe whose lease has passed to another."""
        if held.probe is None or held.epoch != self.news.epoch or self._is_probe(held):
            return held.epoch
        return STALE

    def _is_probe(self, held: Pass) -> bool:
        return held.probe is not None and held.probe == self.probe and held.epoch == self.news.epoch
