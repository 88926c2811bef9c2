"""Says how long a prompt is."""

from __future__ import annotations

from collections.abc import Callable

from ...messages.chat import Request
from ...messages.counting import CountCall, CountTokens, TokenCount
from ...messages.errors import LegionError
from ...messages.routing import Target
from ...messages.settings import CountingSettings
from ...messages.tokens import estimated_input_tokens
from ...runtime import Actor, Address, spawned
from ..router.needs import route_of


class Counter(Actor[CountTokens]):
    """Asks the router who would answer, and that provider to count; where it cannot, the tokens are estimated.

    Takes CountTokens. Tells nobody: counting is free, and says nothing about a provider's health.
    """

    def __init__(self, settings: CountingSettings, *, router: Address, connection: Callable[[str], Address]) -> None:
        super().__init__()
        self._settings = settings
        self._router = router
        self._connection = connection

    @spawned
    async def on_count_tokens(self, message: CountTokens) -> TokenCount:
        """Answer a request."""
        request = message.request
        if not self._settings.ask_provider:
            return _estimated(request, "the setting counting.ask_provider is off")
        target: Target | None = None
        try:
            target = (await self._router.ask(route_of(request, is_attempted=False))).candidates[0]
            call = CountCall(request=request, target=target)
            count = await self._connection(target.instance).ask(call, timeout=self._settings.timeout)
        except LegionError as error:
            return _estimated(request, f"{type(error).__name__}: {error}", target)
        return TokenCount(input_tokens=count, source="provider", provider=target.instance, model=target.model)


def _estimated(request: Request, reason: str, target: Target | None = None) -> TokenCount:
    return TokenCount(
        input_tokens=estimated_input_tokens(request),
        source="estimated",
        provider=None if target is None else target.instance,
        model=None if target is None else target.model,
        reason=reason,
    )
