"""What a host program holds: `legion_llm.start()` and the object it returns."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs
import sniffio

from ..messages.audit import AuditEvent
from ..messages.batch import ItemResult
from ..messages.budget import BudgetState
from ..messages.caller import ANONYMOUS, Caller
from ..messages.chat import ChatMessage, Chunk, ModelInfo, ProviderInfo, Request, Response
from ..messages.conversation import Conversation, ListConversations
from ..messages.counting import TokenCount
from ..messages.credentials import StageChanged
from ..messages.daemon import AskResult
from ..messages.embedding import EmbedResponse, EmbedTask
from ..messages.explanation import Explanation
from ..messages.ledger import UsageReport
from ..messages.reload import ReloadReport
from ..messages.structured import StructuredResult
from ..runtime import ActorSystem, ChildSpec, Reply, Stream
from .gateway import ActorGateway
from .host.audit_query import audit_query
from .host.batch import BatchHandle, Given
from .host.conversation import ConversationHandle
from .host.desk import Desk
from .host.embed_request import embed_request
from .host.host import NO_HOST, Host
from .host.lending import lent
from .host.moments import Moment
from .host.notices import NoticeBoard
from .host.prompts import Prompts
from .host.reloading import Reloading
from .host.route_request import route_request
from .host.session import Session
from .host.signals import SignalHandler, signal_of
from .host.structured_request import structured_request
from .host.usage import usage_wanted
from .host_request import host_request

if TYPE_CHECKING:
    from ..messages.settings import Settings
    from .host.hook_shelf import HookShelf
    from .host.shelf import ToolShelf
    from .host.skill_shelf import SkillShelf

AnswerT = TypeVar("AnswerT", bound="Reply[Response] | Stream[Chunk, Response]")


class Legion:
    """A running gateway inside this process.

    Every method may be called from any thread, from asyncio and from trio; those that answer later return a future (`Reply`) or a `Stream`. Use it
    as a context manager, or call `shutdown()`; a process that forgets both shuts it down at exit.

    Attributes:
        url: Where its HTTP API listens, or None without one.
    """

    def __init__(
        self, system: ActorSystem, settings: Settings, desk: Desk | None = None, reloading: Reloading | None = None
    ) -> None:
        self._reloading = reloading or Reloading(settings)
        self._desk = desk or Desk()
        self.url: str | None = None
        self._system = system
        self.gateway = ActorGateway(system, request_timeout=settings.request_timeout, enabled=settings.enabled)

    def __repr__(self) -> str:
        return f"<Legion {self.state}>"

    @property
    def state(self) -> str:
        """Where it is in its life: ready, draining, stopped or failed."""
        return str(self._system.state)

    @property
    def settings(self) -> Settings:
        """The settings it runs with now; see `reload`."""
        return self._reloading.settings

    def reload(self, settings: Settings | None = None) -> ReloadReport:
        """Have other settings hold from now on; requests under way go on as they began. From a thread that may wait for a second.

        Args:
            settings: The settings; None reads them anew where they came from.

        Returns:
            What has changed, and what of it needs a restart.

        Raises:
            SettingsError, StartFailed: They are wrong, or cannot be used; those that held still do.
            InvalidRequestError: They were given ready-made, and there is nothing to read anew.
            SystemNotRunning: It is not ready.
        """
        return self._reloading.reload(settings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person who runs it should know, oldest first.

        Which providers are used, and why others are not; then, as it turns out, which models were found, who does not answer, and warnings.
        """
        return self._desk.board.lines

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
                rescue; see docs/resilience.md.

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
            from .telemetry.surroundings import current_trace  # noqa: PLC0415 - an extra

            parameters = {**parameters, "trace": current_trace()}
        if parameters["tools"] is None:
            return submit(host_request(message, messages, parameters))
        parameters, tools = lent(parameters, self.tools)
        answer = submit(attrs.evolve(host_request(message, messages, parameters), host_tools=tools))
        shelf, reply = self.tools, answer.reply if isinstance(answer, Stream) else answer
        reply.add_done_callback(lambda _reply: shelf.take_back(tools))
        return answer

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

    def submit(self, request: Request) -> Reply[Response]:
        """Ask with a ready-made request."""
        return self.gateway.submit(request)

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

    def verify(self, instance: str | None = None) -> Reply[tuple[StageChanged, ...]]:
        """Look the credentials up anew, wherever they come from, and ask the providers whether they take them: after a rotation, say.

        Args:
            instance: Name of one instance ("openai/eu"), or None for all.

        Returns:
            How far each instance has come: configured, usable, verified or disabled, and why.
        """
        return self.gateway.verify(instance)

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

    def shutdown(self, drain: float | None = None, told: Callable[[str], object] | None = None) -> None:
        """Stop: take no new requests, let running ones finish, cancel the rest. May be called twice.

        Args:
            drain: Seconds that running requests have; None takes the setting `runtime.drain_timeout`.
            told: Called with the name of each part that has stopped ("http api", "metering", "store"), in a thread of the gateway's; None: nobody.
        """
        self._system.shutdown(self.settings.runtime.drain_timeout if drain is None else drain, told)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.shutdown()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Shut down in a thread beside the host's loop, whose tasks may still be waiting for answers."""
        if sniffio.current_async_library() == "trio":
            import trio  # noqa: PLC0415 - only where trio runs already

            await trio.to_thread.run_sync(self.shutdown)
        else:
            await asyncio.to_thread(self.shutdown)


def start(
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    config: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    name: str = "legion",
    host: Host = NO_HOST,
) -> Legion:
    """Start the gateway in this process and return when it is ready.

    Args:
        settings: Ready-made settings, or a dict laid over defaults, settings file and environment; with or without the root key `llm`.
        config: Settings file, JSON or TOML; None looks where `LEGION_LLM_CONFIG` says, else in `~/.legionio/settings/llm.json`.
        environ: Environment for settings and credentials; None takes the process's.
        name: Shown in thread names and logs. Any number of gateways may live side by side.
        host: What the host brings along: its own access check and the like.

    Raises:
        SettingsError: The configuration is wrong; the message names the path.
        StartFailed: An actor could not start.
    """

    def read() -> Settings:
        return settings_from(settings, config=config, environ=environ)

    read_already = read()
    reloading = Reloading(read_already, None if read_already is settings else read)
    return launch(read_already, environ=environ, name=name, host=host, reloading=reloading)


def settings_from(
    settings: Settings | Mapping[str, Any] | None,
    *,
    config: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return ready-made settings as they are; anything else is loaded.

    Raises:
        SettingsError: The configuration is wrong.
    """
    from ..messages.settings import Settings  # noqa: PLC0415 - a third of `import legion_llm`, which a host need not wait for

    if isinstance(settings, Settings):
        return settings
    from .settings import load_settings  # noqa: PLC0415 - keeps `import legion_llm` light

    return load_settings(config=config, overrides=settings, environ=os.environ if environ is None else environ)


def launch(
    settings: Settings,
    *,
    environ: Mapping[str, str] | None = None,
    name: str = "legion",
    system: ActorSystem | None = None,
    edge: tuple[ChildSpec, ...] = (),
    demo_if_empty: bool = False,
    host: Host = NO_HOST,
    reloading: Reloading | None = None,
) -> Legion:
    """Start a gateway with settings that are loaded already.

    Args:
        settings: The settings.
        environ: Environment for credentials; None takes the process's.
        name: Name of the system, where none is given.
        system: A system to run in, for callers that need its addresses first.
        edge: Actors that let others in.
        demo_if_empty: Answer with the built-in demo model if no provider is configured or found.
        host: What the host brings along.
        reloading: Holds the settings; None: they stay as they are unless `Legion.reload` is given others.

    Raises:
        SettingsError, StartFailed: As for `start`.
    """
    # Imported here and not above: they bring httpx and its like along, which an importing host should not wait for.
    from .assembly import Plan, Reloader, tree_of  # noqa: PLC0415
    from .host.bound import bind_host  # noqa: PLC0415
    from .prices import load_soon  # noqa: PLC0415
    from .providers.choose import choose_instances  # noqa: PLC0415
    from .stores.choose import stores_of  # noqa: PLC0415

    environ = os.environ if environ is None else environ
    chosen = choose_instances(settings, environ, demo_if_empty=demo_if_empty)
    settings = attrs.evolve(settings, default_model=chosen.default_model)
    system = system or ActorSystem(name, dead_letters_kept=settings.runtime.dead_letters_kept)
    stores = stores_of(settings, environ)
    bound = bind_host(host, system, environ, settings.skills)
    desk = Desk(board=NoticeBoard((*chosen.notes, *bound.notes)), host=bound)
    plan = Plan.drawn(settings, chosen.instances, environ, system)
    system.start(tree_of(settings, chosen.instances, environ, system, edge=edge, stores=stores, desk=desk, plan=plan))
    load_soon()
    desk.board.announce(stores.notes())
    reloading = reloading or Reloading(settings)
    reloading.begin(settings, Reloader(system, plan, environ, reloading.keys_of, demo_if_empty=demo_if_empty))
    legion = Legion(system, settings, desk, reloading)
    legion.gateway.kept = stores.kept
    return legion
