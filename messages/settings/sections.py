"""The sections of the settings that are not about providers."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..secret import SecretRef
from .checks import EMPTY, above, between, fault, frozen_mapping, names, not_blank


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
class RoutingSettings:
    """How a target is chosen.

    Attributes:
        enabled: False: only explicit and default targets are used. Default True.
        health: How the health of targets is judged.
    """

    enabled: bool = True
    health: HealthSettings = HealthSettings()


def _key_refs(keys: Mapping[str, object]) -> Mapping[str, SecretRef]:
    return frozen_mapping({name: SecretRef.of(source, path=f"keys.{name}") for name, source in keys.items()})


@attrs.frozen(kw_only=True)
class ApiSettings:
    """The HTTP API.

    Attributes:
        host: Address to listen on. Default "127.0.0.1": this machine alone.
        port: TCP port, 0 to 65535; 0 lets the system choose one. Default 4567.
        max_body_bytes: Largest request body in bytes (at least 1024). Default 16 MiB.
        max_json_depth: Deepest nesting of a JSON body (1 to 1000; parsers stop at 1024). Default 200.
        max_header_bytes: Largest request head in bytes (at least 1024). Default 64 KiB.
        body_timeout: Seconds a client may take to send its body (above 0). Default 30.0.
        keep_alive_timeout: Seconds an idle client connection is kept (above 0). Default 75.0, as nginx: longer than the 60 of the usual load
            balancers, so that it is they who close.
        drain_timeout: Seconds for which requests in flight may finish on shutdown (at least 0). Default 5.0.
        keys: Keys by the name of their holder, each as text, "env://NAME" or a list of which the first that yields something is taken. Where
            there are any, a request must show one. Default none: whoever reaches the port may use it.
    """

    host: str = attrs.field(default="127.0.0.1", validator=not_blank)
    port: int = attrs.field(default=4567, validator=between(0, 65535))
    max_body_bytes: int = attrs.field(default=16 * 1024 * 1024, validator=between(1024, unit="bytes"))
    max_json_depth: int = attrs.field(default=200, validator=between(1, 1000))
    max_header_bytes: int = attrs.field(default=64 * 1024, validator=between(1024, unit="bytes"))
    body_timeout: float = attrs.field(default=30.0, validator=above(0, unit="s"))
    keep_alive_timeout: float = attrs.field(default=75.0, validator=above(0, unit="s"))
    drain_timeout: float = attrs.field(default=5.0, validator=between(0, unit="s"))
    keys: Mapping[str, SecretRef] = attrs.field(default=EMPTY, converter=_key_refs, validator=names)


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


@attrs.frozen(kw_only=True)
class MeteringSettings:
    """The record of what was used.

    Attributes:
        keep_attempts: Attempt records kept in memory, oldest dropped first (at least 0); totals go on counting. Default 10000.
    """

    keep_attempts: int = attrs.field(default=10_000, validator=between(0))
