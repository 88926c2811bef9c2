"""What can be asked at the debug port, and who knows the answer."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs

from ...actors.inference.pipeline.archive import Passage, PassagesWanted
from ...actors.inference.pipeline.running import RunningWanted
from ...messages.base import Message
from ...messages.errors import AccessDeniedError, InvalidRequestError, NotFoundError
from ...messages.explanation import ExplainRoute
from ...messages.health import CircuitSet
from ...messages.ledger import Span, UsageWanted
from ...messages.routing import CircuitState, ListProviders
from ...messages.settings import Settings
from ...runtime import ActorSystem
from ..host.route_json import route_json
from ..host.route_request import route_request
from ..settings.redaction import redacted
from ..telemetry.observation import Observer
from ..telemetry.overview import overview
from .fault import fault_set
from .memory import memory_top
from .plain import plain
from .stacks import stacks

Handler: TypeAlias = Callable[..., Any]

# Seconds an actor gets to say something of itself.
_PATIENCE: Final = 1.0
_LOGGER: Final = "legion_llm"
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_MOST_REQUESTS: Final = 1000
_ROUTED: Final = frozenset({"model", "provider", "tier", "intent"})
_MOST_HOURS: Final = 24 * 31


@attrs.frozen
class Operation:
    """One thing that can be asked.

    Attributes:
        run: Answers; its keyword arguments are the question's.
        is_admin: Whether it changes something.
    """

    run: Handler
    is_admin: bool = False


class Operations:
    """Answers questions. Asks actors through their system lane, or tells what the runtime knows without asking.

    Args:
        system: What is looked into.
        settings: Tells with what it runs.
        drain: Begins to shut the system down, and returns at once; None: nothing may be changed, whatever the settings say.
    """

    def __init__(
        self, system: ActorSystem, settings: Callable[[], Settings], drain: Callable[[], None] | None = None
    ) -> None:
        self._system = system
        self._settings = settings
        self._observer = Observer(system)
        self._drain = drain
        self._may_change = drain is not None and settings().debug.admin
        self.table: Final[Mapping[str, Operation]] = {
            "ops": Operation(self.ops),
            "tree": Operation(self.tree),
            "actor": Operation(self.actor),
            "mailbox": Operation(self.mailbox),
            "dead_letters": Operation(self.dead_letters),
            "overview": Operation(self.overview),
            "running": Operation(self.running),
            "usage": Operation(self.usage),
            "requests": Operation(self.requests),
            "request": Operation(self.request),
            "route": Operation(self.route),
            "settings": Operation(self.settings),
            "stacks": Operation(self.stacks),
            "memory": Operation(memory_top),
            "restart": Operation(self.restart, is_admin=True),
            "circuit": Operation(self.circuit, is_admin=True),
            "fault": Operation(self.fault, is_admin=True),
            "log_level": Operation(self.log_level, is_admin=True),
            "drain": Operation(self.drain, is_admin=True),
        }

    async def answer(self, op: str, args: Mapping[str, Any]) -> Any:
        """Return the answer to a question as plain data.

        Raises:
            InvalidRequestError: There is no such question, or its arguments are off.
            AccessDeniedError: It would change something, and the settings do not allow that.
            LegionError: Whoever was asked could not say.
        """
        operation = self.table.get(op)
        if operation is None:
            raise InvalidRequestError(f"no op {op!r}; there are {', '.join(sorted(self.table))}", param="op")
        if operation.is_admin and not self._may_change:
            raise AccessDeniedError(f"{op} changes the system: set debug.admin to allow it")
        try:
            inspect.signature(operation.run).bind(**args)
        except TypeError as error:
            raise InvalidRequestError(f"{op}: {error}", param="args") from error
        answer = operation.run(**args)
        return await answer if isinstance(answer, Awaitable) else answer

    # -- looking

    def ops(self) -> list[dict[str, Any]]:
        """List what can be asked."""
        return [
            {
                "op": name,
                "admin": operation.is_admin,
                "args": list(inspect.signature(operation.run).parameters),
                "what": str(inspect.getdoc(operation.run)).partition("\n")[0],
            }
            for name, operation in sorted(self.table.items())
        ]

    def tree(self) -> dict[str, Any]:
        """Describe every actor: state, mailbox, rates, restarts, last error."""
        return self._system.describe()

    async def actor(self, path: str) -> dict[str, Any]:
        """Describe one actor with its own state."""
        return await self._system.inspect_async(_text(path, "path"), timeout=_PATIENCE)

    def mailbox(self, path: str) -> dict[str, Any]:
        """Describe what waits in an actor's mailbox: how much, for how long, of which types."""
        return self._system.mailbox(_text(path, "path"))

    def dead_letters(self) -> dict[str, Any]:
        """Count the messages that nobody took, and show the last."""
        return dict(self._system.dead_letters.describe())

    async def overview(self) -> dict[str, Any]:
        """Show all that a person watches: actors, providers, requests under way, rates' sums, spend."""
        return overview(await self._observer.observe())

    async def running(self) -> list[Any]:
        """Show the requests that are under way, the oldest first."""
        return [plain(each) for each in await self._ask("inference", RunningWanted())]

    async def usage(self, hours: Any = 24) -> list[Any]:
        """Show what was used, hour by hour and model by model, oldest first."""
        if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= _MOST_HOURS:
            raise InvalidRequestError(f"hours must be 1 to {_MOST_HOURS}", param="hours")
        span = Span(since=self._system.clock.time() - hours * 3600)
        report = await self._ask("metering", UsageWanted(span=span, group_by=("hour", "instance", "model")))
        return [plain(row) for row in report.rows]

    async def requests(self, most: Any = 20) -> list[Any]:
        """Show the last requests that have ended, newest first."""
        if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= _MOST_REQUESTS:
            raise InvalidRequestError(f"most must be 1 to {_MOST_REQUESTS}", param="most")
        return [_told(passage) for passage in await self._ask("inference", PassagesWanted(most=most))]

    async def request(self, id: str) -> dict[str, Any]:  # noqa: A002 - the protocol's word
        """Show the timeline of a request, while it runs and after."""
        found = await self._ask("inference", PassagesWanted(request_id=_text(id, "id"), most=1))
        if not found:
            raise NotFoundError(f"no request {id!r} is under way, or among those that are kept")
        return _told(found[0])

    async def route(self, **asked: Any) -> dict[str, Any]:
        """Show where a request would go now, and why: model, provider, tier, intent, needs, tokens; nothing is sent."""
        needs, tokens = asked.pop("needs", ()), asked.pop("tokens", None)
        if not isinstance(needs, list | tuple) or set(asked) - _ROUTED:
            raise InvalidRequestError(
                f"route takes {', '.join(sorted(_ROUTED))}, tokens, and needs, a list", param="args"
            )
        return route_json(
            await self._ask("router", ExplainRoute(route=route_request(None, None, needs, tokens, asked)))
        )

    def settings(self) -> dict[str, Any]:
        """Show the settings, without secrets."""
        return redacted(self._settings())

    async def stacks(self) -> dict[str, Any]:
        """Show where every thread and every task of the two loops is."""
        return await stacks(self._system)

    # -- changing

    def restart(self, path: str) -> dict[str, Any]:
        """Crash an actor as a bug would; its supervisor restarts it."""
        self._system.kill(_text(path, "path"), "restarted through the debug port")
        return {"restarting": path}

    async def circuit(self, instance: str, state: str) -> dict[str, Any]:
        """Open or close the circuit of a provider instance."""
        try:
            wanted = CircuitState(state)
        except ValueError:
            raise InvalidRequestError("state must be open or closed", param="state") from None
        await self._ask("health", CircuitSet(instance=_text(instance, "instance"), state=wanted))
        return {"instance": instance, "state": state}

    async def fault(self, instance: str, kind: str, calls: Any = 1, seconds: Any = 0) -> dict[str, Any]:
        """Have the next calls of a provider instance fail, or be slow, as if it were the provider's doing; "none" ends it."""
        wanted = fault_set(kind, calls, seconds)
        if _text(instance, "instance") not in {each.name for each in await self._ask("router", ListProviders())}:
            raise NotFoundError(f"no provider instance {instance!r}")
        await self._ask(f"connections/{instance}", wanted)
        return {"instance": instance, "kind": kind, "calls": wanted.calls}

    def log_level(self, level: str, logger: str = _LOGGER) -> dict[str, Any]:
        """Set the level of one of this package's loggers."""
        if level not in _LEVELS:
            raise InvalidRequestError(f"level must be one of {', '.join(_LEVELS)}", param="level")
        if logger != _LOGGER and not _text(logger, "logger").startswith(f"{_LOGGER}."):
            raise InvalidRequestError(f"only loggers of {_LOGGER} can be set", param="logger")
        logging.getLogger(logger).setLevel(level)
        return {"logger": logger, "level": level}

    def drain(self) -> dict[str, Any]:
        """Take no more work, finish what runs, and stop."""
        assert self._drain is not None  # else nothing may be changed
        self._drain()
        return {"state": "draining"}

    async def _ask(self, actor: str, message: Message[Any]) -> Any:
        return await self._system.address(actor).request(message, timeout=_PATIENCE)


def _told(passage: Passage) -> dict[str, Any]:
    """Return a request as plain data, with what the router left out in words."""
    told = dict(plain(passage))
    if passage.routing is not None:
        told["routing"]["reasons"] = [str(each) for each in passage.routing.rejected]
    return told


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequestError(f"{name} must be a text", param=name)
    return value
