"""The sections of the settings that are not about providers."""

from __future__ import annotations

import attrs

from .checks import above, between, fault


@attrs.frozen(kw_only=True)
class CircuitBreakerSettings:
    """When a provider instance is left alone.

    Attributes:
        failure_threshold: Failures in a row that open the circuit (at least 1); an answer of poor quality counts as half of one. Default 3.
        cooldown_seconds: Seconds an open circuit waits before one probe is let through (above 0). Default 60.0.
        account_cooldown_seconds: The same where the account is out of credit or quota, or its key is refused (above 0); such a failure needs no
            second to open the circuit. Default 300.0.
        probe_seconds: Seconds after which another request may probe if the first has not come back (above 0). Default 30.0.
    """

    failure_threshold: int = attrs.field(default=3, validator=between(1))
    cooldown_seconds: float = attrs.field(default=60.0, validator=above(0, unit="s"))
    account_cooldown_seconds: float = attrs.field(default=300.0, validator=above(0, unit="s"))
    probe_seconds: float = attrs.field(default=30.0, validator=above(0, unit="s"))


@attrs.frozen(kw_only=True)
class HealthSettings:
    """How the health of provider instances is judged.

    Attributes:
        window_seconds: Seconds for which a latency sample counts (above 0). Default 300.0.
        latency_penalty_threshold_ms: Average latency in milliseconds up to which there is no penalty (above 0). Default 5000.0.
        circuit_breaker: When an instance is left alone.
    """

    window_seconds: float = attrs.field(default=300.0, validator=above(0, unit="s"))
    latency_penalty_threshold_ms: float = attrs.field(default=5000.0, validator=above(0, unit="ms"))
    circuit_breaker: CircuitBreakerSettings = CircuitBreakerSettings()


@attrs.frozen(kw_only=True)
class RuntimeSettings:
    """The actor runtime.

    Attributes:
        mailbox_capacity: Messages an actor's mailbox holds; one more is refused with `MailboxFull` (at least 1). Default 10000.
        max_restarts: Restarts a supervisor grants its children within `max_seconds` before it fails itself (at least 0). Default 5.
        max_seconds: Seconds over which `max_restarts` are counted (above 0). Default 30.0.
        backoff_initial: Seconds before the first restart (at least 0). Default 0.05.
        backoff_max: Longest wait in seconds before a restart (at least `backoff_initial`). Default 5.0.
        drain_timeout: Seconds for which work in flight may finish on shutdown (at least 0). Default 5.0.
        dead_letters_kept: Undeliverable messages kept for inspection, oldest dropped first (at least 0). Default 100.
    """

    mailbox_capacity: int = attrs.field(default=10_000, validator=between(1))
    max_restarts: int = attrs.field(default=5, validator=between(0))
    max_seconds: float = attrs.field(default=30.0, validator=above(0, unit="s"))
    backoff_initial: float = attrs.field(default=0.05, validator=between(0, unit="s"))
    backoff_max: float = attrs.field(default=5.0, validator=between(0, unit="s"))
    drain_timeout: float = attrs.field(default=5.0, validator=between(0, unit="s"))
    dead_letters_kept: int = attrs.field(default=100, validator=between(0))

    def __attrs_post_init__(self) -> None:
        if self.backoff_max < self.backoff_initial:
            raise fault(
                "backoff_max",
                f"must be at least backoff_initial ({self.backoff_initial:g} s), got {self.backoff_max:g}",
            )
