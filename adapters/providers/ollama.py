"""An Ollama server that is not believed blindly: a prompt that it has cut is an overflow, and not an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
import trio

from ...actors.connection.port import ChunkSink
from ...messages.chat import Request, Response
from ...messages.credentials import Credential
from ...messages.embedding import EmbedAnswer, EmbedBatch
from ...messages.errors import ContextOverflow, LegionError
from ...messages.tokens import estimated_text_tokens
from ..dialects.ollama.catalogue import LOADED_PATH, SHOW_PATH, parse_details, parse_loaded, render_show
from .http import HttpProvider
from .ollama_window import Verdict, is_suspicious, judge, may_cut, stated_window

# Seconds that the question for the window may take; it is asked only after an answer that looks wrong.
_PATIENCE: Final = 2.0


class OllamaProvider:
    """Implements the ports of a connection over an `HttpProvider` that speaks Ollama's dialect.

    New servers are told not to cut, and refuse what is too long. Older ones do not know that word: what they say they have read is compared with what
    the prompt is likely to have. A stream's prompt can be judged only at its end: then the stream fails.

    Args:
        provider: Speaks to the server; belongs to this one from now on.
        extra_body: What the settings add to each request.
    """

    def __init__(self, provider: HttpProvider, extra_body: Mapping[str, Any]) -> None:
        self._provider = provider
        self._extra_body = extra_body

    def __repr__(self) -> str:
        return f"<OllamaProvider {self._provider!r}>"

    @property
    def lacks_credential(self) -> bool:
        """Whether it needs a credential and has none yet; see the port."""
        return self._provider.lacks_credential

    def use(self, credential: Credential) -> None:
        """Show this credential from now on; see the port."""
        self._provider.use(credential)

    async def chat(self, request: Request, model: str) -> Response:
        """Return the whole answer; see the port.

        Raises:
            ContextOverflow: The server has cut the prompt, or is sure to.
        """
        estimate = self._checked(request, model)
        return await self._believed(await self._provider.chat(request, model), request, model, estimate)

    async def stream(self, request: Request, model: str, sink: ChunkSink) -> Response:
        """Send the chunks of the answer as they arrive, and return the whole of it; see the port.

        Raises:
            ContextOverflow: As for `chat`.
        """
        estimate = self._checked(request, model)
        return await self._believed(await self._provider.stream(request, model, sink), request, model, estimate)

    async def embed(self, batch: EmbedBatch, model: str) -> EmbedAnswer:
        """Return one vector per input; see the port."""
        return await self._provider.embed(batch, model)

    async def aclose(self) -> None:
        """Close the transport. May be called twice."""
        await self._provider.aclose()

    def _checked(self, request: Request, model: str) -> int:
        """Return about how many tokens the prompt has; refuse one that cannot fit into the window that it asks for itself."""
        estimate = estimated_text_tokens(request)
        window = stated_window(request, self._extra_body)
        if window is not None and not may_cut(request, self._extra_body) and estimate // 2 > window:
            raise self._overflow(model, f"the prompt has about {estimate} tokens, and num_ctx is {window}")
        return estimate

    async def _believed(self, response: Response, request: Request, model: str, estimate: int) -> Response:
        """Return the answer if it is one to the whole prompt, with a warning where that is doubtful."""
        read = response.usage.input_tokens
        if not is_suspicious(estimate, read) or may_cut(request, self._extra_body):
            return response
        window = stated_window(request, self._extra_body) or await self._window(model)
        verdict = judge(estimate, read, window)
        if verdict is Verdict.CUT:
            raise self._overflow(
                model,
                f"the server has read {read} tokens of about {estimate}: its window has {window}, and it cut the prompt",
            )
        if verdict is Verdict.WHOLE:
            return response
        doubt = f"the server says it has read {read} tokens of about {estimate}: the rest was in its cache, or was cut"
        return attrs.evolve(response, warnings=(*response.warnings, doubt))

    async def _window(self, model: str) -> int | None:
        """Return the window that the model was loaded with, else the one that its own file asks for; None where the server tells neither."""
        with trio.move_on_after(_PATIENCE):
            return await self._loaded_window(model) or await self._own_window(model)
        return None

    async def _loaded_window(self, model: str) -> int | None:
        try:
            loaded = await self._provider.get(LOADED_PATH, parse_loaded)
        except LegionError:
            return None  # old servers do not tell
        return loaded.get(model) or loaded.get(f"{model}:latest")

    async def _own_window(self, model: str) -> int | None:
        try:
            return (await self._provider.post(SHOW_PATH, render_show(model), parse_details)).num_ctx
        except LegionError:
            return None

    def _overflow(self, model: str, words: str) -> ContextOverflow:
        return ContextOverflow(f"{self._provider.name}: {words}", provider=self._provider.name, model=model)
