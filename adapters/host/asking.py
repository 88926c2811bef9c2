"""What a host asks models, and with what: the half of `Legion` through which requests go."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ...messages.batch import ItemResult
from ...messages.caller import ANONYMOUS, Caller
from ...messages.chat import ChatMessage, Chunk, Request, Response
from ...messages.conversation import Conversation, ListConversations
from ...messages.counting import TokenCount
from ...messages.daemon import AskResult
from ...messages.embedding import EmbedResponse, EmbedTask
from ...messages.explanation import Explanation
from ...messages.structured import StructuredResult
from ...runtime import Reply, Stream
from ..host_request import host_request
from .batch import BatchHandle, Given
from .conversation import ConversationHandle
from .embed_request import embed_request
from .lending import lent
from .prompts import Prompts
from .route_request import route_request
from .session import Session
from .standing import Standing
from .structured_request import structured_request

if TYPE_CHECKING:
    from .hook_shelf import HookShelf
    from .shelf import ToolShelf
    from .skill_shelf import SkillShelf

AnswerT = TypeVar("AnswerT", bound="Reply[Response] | Stream[Chunk, Response]")


class Asking(Standing):
    """Asks models, from any thread, from asyncio and from trio; what answers later returns a future (`Reply`), a `Stream` or a handle."""

    @property
    def tools(self) -> ToolShelf:
        """The host's own tools, to add to and to take from.

        Raises:
            SystemNotRunning: It was made by hand, with nobody to run tools.
        """
        return self._desk.bound.tools

    @property
    def prompt(self) -> Prompts:
        """What models are asked for again and again: dispatch, request, summarize, extract, decide."""
        return Prompts(self)

    @property
    def hooks(self) -> HookShelf:
        """What is called with every request and every answer, to add to and to take from.

        Raises:
            SystemNotRunning: It was made by hand, with nobody to call them.
        """
        return self._desk.bound.hooks

    @property
    def skills(self) -> SkillShelf:
        """The skills there are, to add to and to take from.

        Raises:
            SystemNotRunning: It was made by hand, with nobody to run skills.
        """
        return self._desk.bound.skills

    def chat(
        self,
        message: str | None = None,
        *,
        messages: Iterable[ChatMessage | Mapping[str, Any]] | None = None,
        system: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        tier: str | None = None,
        tools: Iterable[Any] | None = None,
        timeout: float | None = None,
        **parameters: Any,
    ) -> Reply[Response]:
        """Ask a model.

        Args:
            message: One user message; or
            messages: the conversation so far, as `ChatMessage`s or as dicts in the shape of the OpenAI API.
            system: System prompt, put before the conversation.
            model: Model name, "instance/model", or None to let the router choose.
            provider: Provider or instance to use ("openai", "openai/eu"), or None.
            tier: local, fleet, openai_compat, cloud or frontier, or None.
            tools: Tools the model may call, as `ToolDefinition`s or as dicts in the shape of the OpenAI API: their calls come back in the answer. Or
                as functions: those are run here, and the answer comes when the model has what it needs. [] for none at all.
            timeout: Seconds for the whole request; None takes the setting `request_timeout`.
            **parameters: temperature, top_p, top_k, max_tokens, stop, seed, presence_penalty, frequency_penalty, tool_choice, response_format,
                thinking, conversation_id ("new" begins one), metadata, idempotency_key, priority, intent ({"privacy": "strict", "cost": "minimize"}),
                exclude ([{"provider": "openai"}]), affinity, compress_level, caller (a `Caller`), trace (a `Trace`, or the text
                of a traceparent header); see `Request` and `Generation`. What becomes of a poor answer: escalate, max_escalations,
                quality_threshold, json_expected, quality_check (a function of the response), confidence_score, confidence_bands; of a broken stream:
                rescue; see docs/resilience.md. Of a debate about it: debate, debate_rounds; see docs/pipeline.md.

        Returns:
            A future. What it raises stands in `legion_llm.errors`; giving up (`get(timeout)`, `cancel()`, a cancelled await) stops the upstream call.

        Raises:
            InvalidRequestError: The arguments make no request.
            SystemNotRunning: It is not ready.
        """
        named = {
            "system": system,
            "model": model,
            "provider": provider,
            "tier": tier,
            "tools": tools,
            "timeout": timeout,
        }
        check = parameters.pop("quality_check", None)
        submit = functools.partial(self.gateway.submit, quality_check=check)
        return self._submitted(submit, message, messages, {**named, **parameters})

    def stream(
        self,
        message: str | None = None,
        *,
        messages: Iterable[ChatMessage | Mapping[str, Any]] | None = None,
        system: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        tier: str | None = None,
        tools: Iterable[Any] | None = None,
        timeout: float | None = None,
        **parameters: Any,
    ) -> Stream[Chunk, Response]:
        """Ask a model and read the answer as it comes; arguments and errors as for `chat`.

        Returns:
            A stream of chunks: `for` from a thread, `async for` under asyncio or trio. `chunk.text` is the visible text; `stream.reply` is the whole
            response. Closing the stream early stops the upstream call.
        """
        named = {
            "system": system,
            "model": model,
            "provider": provider,
            "tier": tier,
            "tools": tools,
            "timeout": timeout,
        }
        check = parameters.pop("quality_check", None)
        submit = functools.partial(self.gateway.submit_stream, quality_check=check)
        return self._submitted(submit, message, messages, {**named, **parameters, "stream": True})

    def _submitted(
        self,
        submit: Callable[[Request], AnswerT],
        message: str | None,
        messages: Iterable[ChatMessage | Mapping[str, Any]] | None,
        parameters: Mapping[str, Any],
    ) -> AnswerT:
        """Submit a request; those of its tools that are functions are forgotten when it is answered."""
        if self.settings.telemetry.otel and parameters.get("trace") is None:
            from ..telemetry.surroundings import current_trace  # noqa: PLC0415 - an extra

            parameters = {**parameters, "trace": current_trace()}
        if parameters["tools"] is None:
            return submit(host_request(message, messages, parameters))
        parameters, tools = lent(parameters, self.tools)
        answer = submit(attrs.evolve(host_request(message, messages, parameters), host_tools=tools))
        shelf, reply = self.tools, answer.reply if isinstance(answer, Stream) else answer
        reply.add_done_callback(lambda _reply: shelf.take_back(tools))
        return answer

    def submit(self, request: Request) -> Reply[Response]:
        """Ask with a ready-made request."""
        return self.gateway.submit(request)

    def structured(
        self,
        messages: str | Iterable[ChatMessage | Mapping[str, Any]],
        schema: Any,
        *,
        max_retries: int | None = None,
        strict: bool | None = None,
        **parameters: Any,
    ) -> Reply[StructuredResult]:
        """Ask a model for data.

        Args:
            messages: One user message, or the conversation as for `chat`.
            schema: JSON Schema as a mapping, a pydantic model, or any other type that pydantic, if it is installed, can describe.
            max_retries: How often the model is asked again, with what was wrong, after an answer that does not fit (0 to 10); None takes the setting
                `structured.max_retries`.
            strict: Whether the provider must enforce the schema; OpenAI then takes only a part of JSON Schema. None leaves it to the provider.
            **parameters: As for `chat`, but for response_format.

        Returns:
            A future: `.data` where `.valid`, else `.fault` and `.error`; `.raw` is what the model wrote. It raises what the first call ended with
            where there was no answer at all; what fails later is part of the result.

        Raises:
            InvalidRequestError: The arguments make no request.
            SystemNotRunning: It is not ready.
        """
        wanted = structured_request(messages, schema, strict=strict, max_retries=max_retries, parameters=parameters)
        retries = self.settings.structured.max_retries if max_retries is None else max_retries
        return self.gateway.structure(wanted, retries)

    def embed(
        self,
        inputs: Any,
        *,
        model: str | None = None,
        provider: str | None = None,
        task: EmbedTask = "document",
        dimensions: int | None = None,
        timeout: float | None = None,
        caller: Caller = ANONYMOUS,
    ) -> Reply[EmbedResponse]:
        """Turn texts into vectors, all of them of one model.

        Args:
            inputs: A text, or a list: of texts, of mappings that hold one under "text" or "content", of lists of texts (joined by line feeds) or of
                token numbers.
            model: Model name, "instance/model", or None to let the section `embedding` of the settings choose; the chats' default has no say.
            provider: Provider or instance to use, or None.
            task: "document" for what is to be found, "query" for what looks for it.
            dimensions: Length of the vectors (at least 1); None takes `embedding.dimension`, where that is stated.
            timeout: Seconds for the whole request; None takes the setting `request_timeout`.
            caller: Who asks, for ledger and record.

        Returns:
            A future: `.vectors` in the order of the inputs, `.vector` of a single one, `.items` with what became of each.

        Raises:
            InvalidRequestError: The arguments make no request.
            SystemNotRunning: It is not ready.
        """
        named = {
            "model": model,
            "provider": provider,
            "task": task,
            "dimensions": dimensions,
            "timeout": timeout,
            "caller": caller,
        }
        return self.gateway.embed(embed_request(inputs, named))

    def count_tokens(
        self,
        message: str | None = None,
        *,
        messages: Iterable[ChatMessage | Mapping[str, Any]] | None = None,
        **parameters: Any,
    ) -> Reply[TokenCount]:
        """Say how long a prompt is for the model that would get it; arguments as for `chat`.

        Returns:
            A future of the provider's own count where it has one (it is not charged for), else of an estimate: `.source` says which.

        Raises:
            InvalidRequestError: The arguments make no request.
            SystemNotRunning: It is not ready.
        """
        return self.gateway.count_tokens(host_request(message, messages, parameters))

    def ask(
        self, message: str, *, model: str | None = None, provider: str | None = None, **parameters: Any
    ) -> Reply[AskResult]:
        """Ask one message of the daemon that the settings name (`daemon.url`), and of this gateway where there is none or it cannot answer.

        Args:
            message: One user message.
            model: Model name, or None.
            provider: Provider or instance, or None.
            **parameters: As for `chat`; a daemon hears of `system` and `tier` alone.

        Returns:
            A future of the answer's text, and of who gave it.

        Raises:
            InvalidRequestError: The arguments make no request.
            SystemNotRunning: It is not ready.
        """
        return self.gateway.ask(host_request(message, None, {"model": model, "provider": provider, **parameters}))

    def route(
        self,
        message: str | None = None,
        *,
        messages: Iterable[ChatMessage | Mapping[str, Any]] | None = None,
        needs: Iterable[str] = (),
        tokens: int | None = None,
        **parameters: Any,
    ) -> Reply[Explanation]:
        """Say where a request would go now, and why. Nothing is sent.

        Args:
            message: As for `chat`, but it may be left out.
            messages: Likewise.
            needs: What the model must be able to do beside what the request itself shows: tools, vision, audio, documents, structured, ...
            tokens: Length of the prompt (at least 0); None counts it.
            **parameters: As for `chat`: intent, model, provider, tier, exclude, tools, ...

        Returns:
            A future of the ranked candidates with each part of their scores, every rule with what became of it, and the reason for every target that
            was left out; `print()` shows it as tables. What would keep the request from being answered is its `error`, and is not raised.

        Raises:
            InvalidRequestError: The arguments make no request.
            SystemNotRunning: It is not ready.
        """
        return self.gateway.explain(route_request(message, messages, needs, tokens, parameters))

    def session(self, conversation_id: str | None = None, **parameters: Any) -> Session:
        """Return a conversation with what holds for all its turns; asks nothing.

        Args:
            conversation_id: The conversation to go on with; None begins one.
            **parameters: As for `chat`.

        Raises:
            InvalidRequestError: The parameters bring messages along.
        """
        return Session(self, conversation_id, parameters)

    def conversation(self, conversation_id: str | None = None) -> ConversationHandle:
        """Return a conversation, to read and to change it. It need not be there yet; None gives a new one an id.

        Requests belong to it by `chat(..., conversation_id=conversation.id)`: what was said before goes before them, and what they say is kept.

        Raises:
            InvalidRequestError: The id is no id.
        """
        return self.gateway.conversation(conversation_id)

    def conversations(
        self, *, owner: str | None = None, limit: int = 100, after: Conversation | None = None
    ) -> Reply[tuple[Conversation, ...]]:
        """List conversations, the one changed last first.

        Args:
            owner: Those that this caller began, or None for all.
            limit: At most (1 to 1000).
            after: The last one of the page before.
        """
        return self.gateway.conversations(ListConversations(owner=owner, limit=limit, after=after))

    def batch(
        self,
        requests: Iterable[Given] | None = None,
        *,
        id: str | None = None,  # noqa: A002 - what it is
        urgency: str = "normal",
        intent: str = "batch",
        immediate: bool = False,
        on_result: Callable[[ItemResult], object] | None = None,
    ) -> BatchHandle:
        """Queue requests that need no answer now, durably where there is a store; or look a batch up, without requests.

        Args:
            requests: Texts, mappings of the arguments of `chat` (with an "id" of their own), or `Request`s.
            id: Of the batch; made where it is None. One that is there takes only the requests whose ids it does not have.
            urgency: urgent, normal, low or other.
            intent: What they are for; the settings `scheduling` name intents that wait for the end of the peak.
            immediate: Whether they are begun at once, peak or not.
            on_result: Plain or `async def`, called with each result while this process lives; what it raises is logged.

        Raises:
            InvalidRequestError: The arguments make no batch.
            SystemNotRunning: It is not ready.
        """
        options = {"urgency": urgency, "intent": intent, "immediate": immediate, "on_result": on_result}
        return self.gateway.batch(id, requests, options)
