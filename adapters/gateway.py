"""The way into the actors: what the facade, the HTTP API and the command line have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..messages.audit import AuditEvent, AuditQuery, EventsWanted
from ..messages.batch import checked_id, new_batch_id
from ..messages.budget import BudgetState, BudgetsWanted
from ..messages.chat import Chunk, ModelInfo, ProviderInfo, Request, Response
from ..messages.conversation import (
    NO_CONVERSATION_ID,
    Conversation,
    ListConversations,
    is_conversation_id,
    new_conversation_id,
)
from ..messages.counting import CountTokens, TokenCount
from ..messages.credentials import StageChanged, Verify
from ..messages.daemon import AskDaemon, AskResult
from ..messages.embedding import Embed, EmbedRequest, EmbedResponse
from ..messages.errors import InvalidRequestError, SystemNotRunning
from ..messages.explanation import ExplainRoute, Explanation
from ..messages.health import SignalReported
from ..messages.ledger import UsageReport, UsageWanted
from ..messages.routing import Infer, InferStream, ListModels, ListProviders, Route
from ..messages.shadow import ShadowReport, ShadowReportWanted
from ..messages.structured import Structure, StructuredResult
from ..runtime import ActorSystem, Reply, Stream, SystemState
from .host.batch import BatchHandle, Given, submission
from .host.conversation import ConversationHandle
from .host.escalation import bound_check
from .host.functions import HostFunctions
from .stores.status import Kept


class ActorGateway:
    """Sends requests to the actors of one system.

    Every method answers at once with a future; while the system is not ready that future holds `SystemNotRunning`.

    Args:
        system: The running system.
        request_timeout: Seconds a request gets where it names no timeout of its own.
        enabled: False refuses every request (the setting `enabled`).

    Attributes:
        kept: The store that is held open, or None: there is none, or the system has not started yet.
    """

    def __init__(self, system: ActorSystem, *, request_timeout: float, enabled: bool = True) -> None:
        self._system = system
        self._timeout = request_timeout
        self._enabled = enabled
        self.kept: Kept | None = None
        self._functions = HostFunctions(system)
        self._inference = system.address("inference")
        self._router = system.address("router")
        self._credentials = system.address("credentials")
        self._embedder = system.address("embedder")
        self._signals = system.address("signals")
        self._structurer = system.address("structurer")
        self._metering = system.address("metering")
        self._budgets = system.address("budgets")
        self._counter = system.address("counter")
        self._daemon = system.address("daemon")
        self._audit = system.address("audit")
        self._conversations = system.address("conversations")
        self._scheduler = system.address("scheduler")

    def submit(self, request: Request, *, quality_check: Callable[[Response], object] | None = None) -> Reply[Response]:
        """Answer a request; `quality_check` judges the answers beside our own rules, see `Legion.chat`."""
        self._check()
        check = bound_check(quality_check, self._functions)
        return self._inference.request(Infer(request=request, quality_check=check), timeout=self._timeout_of(request))

    def submit_stream(
        self, request: Request, *, quality_check: Callable[[Response], object] | None = None
    ) -> Stream[Chunk, Response]:
        """Answer a request piece by piece; else as `submit`."""
        self._check()
        check = bound_check(quality_check, self._functions)
        message = InferStream(request=request, quality_check=check)
        return self._inference.stream(message, timeout=self._timeout_of(request))

    def ask(self, request: Request) -> Reply[AskResult]:
        """Answer one message, by the daemon first where there is one."""
        self._check()
        return self._daemon.request(AskDaemon(request=request), timeout=self._timeout_of(request))

    def embed(self, request: EmbedRequest) -> Reply[EmbedResponse]:
        """Turn texts into vectors."""
        self._check()
        return self._embedder.request(Embed(request=request), timeout=self._timeout_of(request))

    def structure(self, request: Request, max_retries: int) -> Reply[StructuredResult]:
        """Answer a request with data that fits its `response_format`."""
        self._check()
        message = Structure(request=request, max_retries=max_retries)
        return self._structurer.request(message, timeout=self._timeout_of(request))

    def count_tokens(self, request: Request) -> Reply[TokenCount]:
        """Say how long a prompt is."""
        self._check()
        return self._counter.request(CountTokens(request=request), timeout=self._timeout_of(request))

    def explain(self, route: Route) -> Reply[Explanation]:
        """Say where a request would go, and why; nothing is sent."""
        self._check()
        return self._router.request(ExplainRoute(route=route), timeout=self._timeout)

    def models(self) -> Reply[tuple[ModelInfo, ...]]:
        """List the models that can be asked for."""
        self._check()
        return self._router.request(ListModels(), timeout=self._timeout)

    def providers(self) -> Reply[tuple[ProviderInfo, ...]]:
        """List the provider instances and how they are."""
        self._check()
        return self._router.request(ListProviders(), timeout=self._timeout)

    def report(self, signal: SignalReported) -> None:
        """Tell what a host noticed about an instance."""
        self._check()
        self._signals.tell(signal)

    def usage(self, wanted: UsageWanted) -> Reply[UsageReport]:
        """Add up what was used."""
        self._system.check_ready()
        return self._metering.request(wanted, timeout=self._timeout)

    def shadow(self) -> Reply[ShadowReport]:
        """Say how the shadows do."""
        self._system.check_ready()
        return self._system.address("shadow").request(ShadowReportWanted(), timeout=self._timeout)

    def budgets(self) -> Reply[tuple[BudgetState, ...]]:
        """Say how much is left of the budgets."""
        self._system.check_ready()
        return self._budgets.request(BudgetsWanted(), timeout=self._timeout)

    def audit(self, query: AuditQuery) -> Reply[tuple[AuditEvent, ...]]:
        """Read the record of requests."""
        self._system.check_ready()
        return self._audit.request(EventsWanted(query=query), timeout=self._timeout)

    def verify(self, instance: str | None = None) -> Reply[tuple[StageChanged, ...]]:
        """Look all credentials up anew and try them; None: of all instances."""
        self._check()
        return self._credentials.request(Verify(instance=instance), timeout=self._timeout)

    def conversation(self, conversation_id: str | None, asker: str | None = None) -> ConversationHandle:
        """Return a conversation, or a new one's, on behalf of a caller; None: of the host, who may do everything."""
        if conversation_id is not None and not is_conversation_id(conversation_id):
            raise InvalidRequestError(NO_CONVERSATION_ID, param="conversation_id")
        named = conversation_id or new_conversation_id()
        return ConversationHandle(named, self._conversations, self._timeout, asker=asker)

    def conversations(self, wanted: ListConversations) -> Reply[tuple[Conversation, ...]]:
        """List conversations."""
        self._system.check_ready()
        return self._conversations.request(wanted, timeout=self._timeout)

    def store_fault(self) -> str | None:
        """Return in a word why the store cannot be used, or None. Requests that need no store are taken all the same."""
        fault = None if self.kept is None else self.kept.status().fault
        return None if fault is None else type(fault).__name__

    def batch(self, batch_id: str | None, requests: Iterable[Given] | None, options: Mapping[str, Any]) -> BatchHandle:
        """Queue requests as a batch, or return one that is there."""
        named = checked_id(batch_id, "id") if batch_id is not None else new_batch_id()
        if requests is None:
            return BatchHandle(named, self._scheduler, self._timeout)
        self._check()
        wanted = submission(named, requests, options, self._functions)
        return BatchHandle(
            named, self._scheduler, self._timeout, self._scheduler.request(wanted, timeout=self._timeout)
        )

    def readiness(self) -> tuple[bool, str]:
        """Return whether requests are taken, and the state in one word or the reason."""
        if not self._enabled:
            return False, "disabled by the setting `enabled`"
        return self._system.state is SystemState.READY, str(self._system.state)

    def _check(self) -> None:
        self._system.check_ready()
        if not self._enabled:
            raise SystemNotRunning("requests are refused: the setting `enabled` is false")

    def _timeout_of(self, request: Request | EmbedRequest) -> float:
        return self._timeout if request.timeout is None else min(self._timeout, request.timeout)
