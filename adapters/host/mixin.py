"""A mixin for classes of a host that ask models: who they are, and what they ask with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...messages.caller import Caller
from ...messages.chat import ChatMessage, Response
from ...messages.daemon import AskResult
from ...messages.embedding import EmbedResponse
from ...messages.errors import LegionError, SystemNotRunning
from ...messages.structured import StructuredResult
from ...runtime import Reply
from .session import Session

if TYPE_CHECKING:
    from ..facade import Legion

# Seconds that the helpers wait which say what is there and what it costs: they are asked in passing, and guess rather than hold anybody up.
_PATIENCE = 5.0


class UsesLegion:
    """Gives a class of a host `llm_chat` and its kin.

    What a call says counts first, then what the class says here, then the gateway's settings.

    Attributes:
        legion: The gateway; set on the class or on the object.
        llm_identity: Who asks, for ledger, record, budgets and rules; None: the class's module and name.
        llm_default_model: Model to ask, or None.
        llm_default_provider: Provider or instance to ask, or None.
        llm_default_intent: What matters ({"cost": "minimize"}).
    """

    legion: Legion | None = None
    llm_identity: str | None = None
    llm_default_model: str | None = None
    llm_default_provider: str | None = None
    llm_default_intent: Mapping[str, str] | None = None

    # -- asking; arguments, answers and errors are those of the methods of `Legion` of the same name

    def llm_chat(self, message: str, *, compress: int | None = None, **parameters: Any) -> Reply[Response]:
        """Ask a model; `compress`, 0 to 3, says how much message and instructions may be shortened."""
        return self._legion().chat(message, **self._asked({"compress_level": compress, **parameters}))

    def llm_session(self, conversation_id: str | None = None, **parameters: Any) -> Session:
        """Begin a conversation, or go on with one."""
        return self._legion().session(conversation_id, **self._asked(parameters))

    def llm_structured(
        self, messages: str | Iterable[ChatMessage | Mapping[str, Any]], schema: Any, **parameters: Any
    ) -> Reply[StructuredResult]:
        """Ask a model for data."""
        return self._legion().structured(messages, schema, **self._asked(parameters))

    def llm_ask(self, message: str, **parameters: Any) -> Reply[AskResult]:
        """Ask the daemon where there is one, else a model directly."""
        return self._legion().ask(message, **parameters)

    def llm_embed(self, text: str, **parameters: Any) -> Reply[EmbedResponse]:
        """Have a text made a vector."""
        return self._legion().embed(text, caller=self._caller(), **parameters)

    def llm_embed_batch(self, texts: Iterable[str], **parameters: Any) -> Reply[EmbedResponse]:
        """Have texts made vectors, in their order."""
        return self._legion().embed(list(texts), caller=self._caller(), **parameters)

    # -- what is there and what it costs; from a thread. They never raise: what cannot be known is False, 0.0 or infinity.

    @property
    def llm_connected(self) -> bool:
        """Whether there is a gateway, and it is ready."""
        return self.legion is not None and self.legion.state == "ready"

    @property
    def llm_routing_enabled(self) -> bool:
        """Whether rules and intents decide where requests go."""
        return self.legion is not None and self.legion.settings.routing.enabled

    def llm_can_embed(self) -> bool:
        """Whether a text can be made a vector now; tries it."""
        try:
            self.llm_embed("?").get(_PATIENCE)
        except LegionError:
            return False
        return True

    def llm_cost_estimate(self, message: str, **parameters: Any) -> float:
        """Return what a request would cost where it would go now, in USD; 0.0 where that is free, or nobody knows."""
        try:
            explained = self._legion().route(message, **self._asked(parameters)).get(_PATIENCE)
        except LegionError:
            return 0.0
        return (explained.candidates[0].usd or 0.0) if explained.candidates else 0.0

    def llm_cost_summary(self, since: str | None = None) -> Mapping[str, float]:
        """Return what this class's calls have cost, in USD by model; `since` as for `Legion.usage`."""
        try:
            report = self._legion().usage(since=since, group_by=("caller", "model")).get(_PATIENCE)
        except LegionError:
            return {}
        return {row.group[1] or "": row.cost_usd for row in report.rows if row.group[0] == self._caller().identity}

    def llm_budget_remaining(self) -> float:
        """Return the USD that the tightest of the budgets of this class's calls has left; infinity without one."""
        try:
            states = self._legion().budgets().get(_PATIENCE)
        except LegionError:
            return math.inf
        mine = (state for state in states if state.whose in (None, self._caller().identity) and state.usd is not None)
        left = (state.usd - state.used_usd - state.reserved_usd for state in mine if state.usd is not None)
        return max(0.0, min(left, default=math.inf))

    def _legion(self) -> Legion:
        if self.legion is None:
            raise SystemNotRunning(
                f"{type(self).__name__}.legion is not set: set it to what legion_llm.start() returns"
            )
        return self.legion

    def _caller(self) -> Caller:
        kind = type(self)
        return Caller(identity=self.llm_identity or f"{kind.__module__}.{kind.__qualname__}", type="service")

    def _asked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        own = {
            "model": self.llm_default_model,
            "provider": self.llm_default_provider,
            "intent": self.llm_default_intent,
            "caller": self._caller(),
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return {**{name: value for name, value in own.items() if value is not None}, **given}
