"""Tries a credential: with the list of models, which costs nothing, and only if asked for with a question of one token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import httpx

from ...actors.credentials.port import Opinion, Verdict
from ...messages.catalogue import ModelFacts
from ...messages.chat import ChatMessage, Generation, Request
from ...messages.credentials import Credential
from ...messages.errors import AuthError, LegionError, ProviderDown, UpstreamError
from .inquiry import Inquiry

_HELLO: Final = Request(messages=(ChatMessage(content="Hi"),), generation=Generation(max_tokens=1))

# Asks one question of one token with a credential.
AskModel = Callable[[Credential, Request], Awaitable[object]]


class ListProber:
    """Shows a credential with the question for the list of models. Implements `actors.credentials.port.Prober`.

    Args:
        inquiry: Asks the instance; belongs to the prober from now on.
        model: Model whose absence from the list is worth telling, or None.
        ask_model: Asks a model instead where there is no list; None: nobody does.
    """

    def __init__(
        self,
        inquiry: Inquiry,
        *,
        model: str | None = None,
        ask_model: AskModel | None = None,
    ) -> None:
        self._inquiry = inquiry
        self._model = model
        self._ask_model = ask_model

    async def probe(self, credential: Credential) -> Opinion:
        """Show the credential; see the port."""
        self._inquiry.endpoint.use(credential)
        dialect = self._inquiry.dialect
        try:
            models = await self._inquiry.get(dialect.models_path, dialect.parse_models)
        except LegionError as error:
            opinion = self._opinion_of(error)
            has_no_list = opinion.verdict is Verdict.UNCLEAR and self._ask_model is not None
            return await self._asked(credential) if has_no_list else opinion
        return Opinion(verdict=Verdict.ACCEPTED, words=self._missing(models))

    async def aclose(self) -> None:
        """Close idle connections; see the port."""
        await self._inquiry.aclose()

    async def _asked(self, credential: Credential) -> Opinion:
        assert self._ask_model is not None
        try:
            await self._ask_model(credential, _HELLO)
        except LegionError as error:
            return self._opinion_of(error)
        return Opinion(verdict=Verdict.ACCEPTED)

    def _opinion_of(self, error: LegionError) -> Opinion:
        opinion = opinion_of(error)
        return attrs.evolve(opinion, words=opinion.words.removeprefix(f"{self._inquiry.endpoint.name}: "))

    def _missing(self, models: tuple[ModelFacts, ...]) -> str:
        """Return a word on a default model that is not listed: that says nothing against the credential."""
        if self._model is None or not models or any(each.name == self._model for each in models):
            return ""
        return f"its default model {self._model!r} is not among the {len(models)} that it lists"


def opinion_of(error: LegionError) -> Opinion:
    """Return what a failed question says of the credential that was shown.

    Only a refusal to know us counts against it. A key that may not see the list (403), that has run out of credit, or is throttled is a key that the
    provider knows, and a provider without such a list says nothing.
    """
    if isinstance(error, AuthError) and error.status != httpx.codes.FORBIDDEN:
        return Opinion(verdict=Verdict.REJECTED, words=error.message)
    is_silent = isinstance(error, ProviderDown) or not isinstance(error, UpstreamError)
    return Opinion(verdict=Verdict.SILENT if is_silent else Verdict.UNCLEAR, words=error.message)
