"""What a host sees of its gateway, and tells it: the half of `Legion` that asks no model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...messages.audit import AuditEvent
from ...messages.budget import BudgetState
from ...messages.chat import ModelInfo, ProviderInfo
from ...messages.credentials import StageChanged
from ...messages.errors import NotFoundError
from ...messages.ledger import UsageReport
from ...messages.shadow import ShadowReport
from ...runtime import Reply
from .audit_query import audit_query
from .moments import Moment
from .signals import SignalHandler, signal_of
from .standing import Standing
from .usage import usage_wanted


class Watching(Standing):
    """Says what is there, how it is, what it was used for and what it cost."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person who runs it should know, oldest first.

        Which providers are used, and why others are not; then, as it turns out, which models were found, who does not answer, and warnings.
        """
        return self._desk.board.lines

    def models(self) -> Reply[tuple[ModelInfo, ...]]:
        """List the models that can be asked for."""
        return self.gateway.models()

    def providers(self) -> Reply[tuple[ProviderInfo, ...]]:
        """List the provider instances and how they are."""
        return self.gateway.providers()

    def register_signal(self, name: str, handler: SignalHandler) -> None:
        """Have `handler` weigh the signals of this name that `signal` reports; a later one takes the place of an earlier.

        Args:
            name: Any name but those of the system's own signals: error, quality_failure, success, latency.
            handler: Called as handler(instance, value) in a thread of its own, for one signal at a time and at most a second. It returns points that
                are added to the score of the instance (negative for a penalty; 50 is what an open circuit costs), or None to take them back. They
                hold until the signal is weighed again, or for `routing.health.window_seconds`. Whatever it raises is logged and counted.

        Raises:
            InvalidRequestError: The name is taken, or the handler is no ordinary function.
        """
        self._desk.signals.register(name, handler)

    def signal(self, name: str, instance: str, value: float = 1.0) -> None:
        """Report something that was noticed about a provider instance. Returns at once; a signal that nobody knows is ignored.

        Args:
            name: A registered signal; or error (value: its weight, a failed call's is 1), quality_failure (value: how many), success, latency
                (value: milliseconds).
            instance: Name of the instance ("openai/eu").
            value: A finite number.

        Raises:
            InvalidRequestError: The arguments are no signal.
            MailboxFull: More signals come than can be looked at.
            SystemNotRunning: It is not ready.
        """
        self.gateway.report(signal_of(name, instance, value))

    def usage(
        self, *, since: Moment | None = None, until: Moment | None = None, group_by: str | Iterable[str] = ("model",)
    ) -> Reply[UsageReport]:
        """Add up what was used and what it cost.

        Args:
            since: From when on, that moment included: "7d", "2026-01-31", a datetime, or Unix seconds; None for all that is kept.
            until: Up to when, that moment excluded; likewise.
            group_by: provider, instance, model, tier, caller, conversation, request, rule, outcome, request_type, hour, day, month (UTC); one or
                several, () for one sum of all.

        Returns:
            A future; it raises `StoreUnavailable` while the ledger cannot be read.

        Raises:
            InvalidRequestError: An argument is wrong.
        """
        return self.gateway.usage(usage_wanted(since, until, group_by, self._system.clock.time()))

    def budgets(self) -> Reply[tuple[BudgetState, ...]]:
        """Say how much is left of each budget of the settings, the fullest first; () where none is set."""
        return self.gateway.budgets()

    def audit(
        self, *, since: Moment | None = None, until: Moment | None = None, **which: Any
    ) -> Reply[tuple[AuditEvent, ...]]:
        """Read the record of requests, oldest first: who asked for what, and how it ended. `event.body` is all that was written down.

        Args:
            since: From when on, as for `usage`.
            until: Up to when.
            **which: request_id, conversation_id, caller, outcome; limit (events at most, 1 to 1000) and after (the last event of the page before).

        Returns:
            A future; it raises `StoreUnavailable` while the record cannot be read, and `NotFoundError` where the setting `audit.sinks` keeps none.

        Raises:
            InvalidRequestError: An argument is wrong.
        """
        return self.gateway.audit(audit_query(since, until, self._system.clock.time(), **which))

    def shadow(self) -> Reply[ShadowReport]:
        """Say how the answers of the other model (`shadow.model`) compare with those that callers got.

        Raises:
            NotFoundError: Nothing is compared: the setting `shadow.enabled` is off.
            SystemNotRunning: It is not ready.
        """
        if not self.settings.shadow.enabled:
            raise NotFoundError("nothing is compared: the setting shadow.enabled is off")
        return self.gateway.shadow()

    def verify(self, instance: str | None = None) -> Reply[tuple[StageChanged, ...]]:
        """Look the credentials up anew, wherever they come from, and ask the providers whether they take them: after a rotation, say.

        Args:
            instance: Name of one instance ("openai/eu"), or None for all.

        Returns:
            How far each instance has come: configured, usable, verified or disabled, and why.
        """
        return self.gateway.verify(instance)

    def inspect(self, path: str = "") -> dict[str, Any]:
        """Describe the actors as plain data, without secrets and prompt text. From a thread; see `inspect_async`.

        Args:
            path: "" for the whole tree, else an actor's path ("router", "connections/openai").

        Raises:
            NotFoundError: There is no such actor.
        """
        return self._system.inspect(path)

    async def inspect_async(self, path: str = "") -> dict[str, Any]:
        """Describe the actors, from a coroutine; as `inspect`."""
        return await self._system.inspect_async(path)
