"""The base of every actor: a pykka actor whose inbox, future and loop are the runtime's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import pykka

from ..messages.base import Message
from ..messages.errors import RuntimeFault
from .handlers import Handler, handlers_of
from .home import TRIO, HomeKind
from .reply import Reply

if TYPE_CHECKING:
    from .cell import Cell
    from .clock import Clock
    from .mailbox import Mailbox
    from .process import Process

CommandT = TypeVar("CommandT")

if TYPE_CHECKING:

    class _PykkaActor:
        """pykka.Actor as we extend it: its hooks are `def`, ours may be `async def`, which its own annotations cannot say."""

        actor_ref: pykka.ActorRef[Any]
        actor_stopped: threading.Event
else:
    _PykkaActor = pykka.Actor


class Actor(_PykkaActor, Generic[CommandT]):
    """One concern, one mailbox, state that nobody else touches.

    A subclass names its closed protocol, `class Router(Actor[Route | HealthChanged])`, and has one handler per message: `on_route`,
    `on_health_changed`. It assigns all its state in `__init__`. Handlers:

    * `def on_x(self, message)` runs to completion and may change state;
    * `async def on_x(self, message)` is awaited before the next message is taken;
    * `@spawned async def on_x(self, message)` runs beside others and must not touch state;
    * for a `StreamMessage` the handler also takes a `sink`, sends items to it and returns the final answer.

    A handler answers by returning. Raising a `LegionError` is an answer too; any other exception is a bug and kills the actor.
    Actors are started by a supervisor (`ChildSpec`), never by themselves.

    Class attributes:
        home: The event loop it lives on, TRIO or ASYNCIO.
        hears_out: Whether it still handles what was queued when the deadline of its stop passed: for who writes down what others tell, and nobody
            would tell again. Its supervisor's patience ends that, too.
        handlers: Message type -> handler, filled in when the class is created.
    """

    home: ClassVar[HomeKind] = TRIO
    hears_out: ClassVar[bool] = False
    handlers: ClassVar[Mapping[type[Message[Any]], Handler]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        table = handlers_of(cls)
        if table is not None:
            cls.handlers = table

    def __init__(self) -> None:
        self._cell: Cell = _birth_cell()
        self._process: Process | None = None
        super().__init__()

    # -- for subclasses

    async def on_start(self) -> None:
        """Set up, on the actor's own loop, before the first message. Raising fails the start."""

    async def on_stop(self) -> None:
        """Clean up after the last message. Not called after a crash."""

    def snapshot(self) -> dict[str, Any]:
        """Return the actor's state as plain data, without secrets and without prompt text."""
        return {}

    @property
    def name(self) -> str:
        """Path of the actor in the tree ("connections/openai")."""
        return self._cell.name

    @property
    def clock(self) -> Clock:
        """The system's clock."""
        return self._cell.clock

    def spawn(self, function: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Start a task beside the mailbox; it is cancelled when the actor stops. A bug in it kills the actor, since nobody else would hear of it."""
        assert self._process is not None
        self._process.spawn(function, *args)

    def tell_later(self, delay: float, message: Message[Any]) -> None:
        """Put `message` into the actor's own mailbox after `delay` seconds; forgotten when the actor stops first."""
        assert self._process is not None
        self._process.tell_later(delay, message)

    def stop(self) -> None:
        """Stop after the current message; whether a supervisor starts it again is up to its child spec."""
        assert self._process is not None
        self._process.request_stop()

    # -- pykka's extension points

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return _birth_cell().mailbox

    @staticmethod
    def _create_future() -> Reply[Any]:
        return Reply()

    def _start_actor_loop(self) -> None:
        raise RuntimeFault(f"{type(self).__name__} is started by a supervisor: put it into a ChildSpec")


class _Birth:
    """The cell for which an actor is being constructed; construction happens on one thread, without a pause, so a plain slot per thread is enough."""

    def __init__(self) -> None:
        self._slot = threading.local()

    def of(self, cell: Cell, factory: Callable[[], Actor[Any]]) -> Actor[Any]:
        """Construct an actor into a cell."""
        self._slot.cell = cell
        try:
            return factory()
        finally:
            self._slot.cell = None

    def cell(self) -> Cell | None:
        """Return the cell of the construction that is under way in this thread."""
        return getattr(self._slot, "cell", None)


birth = _Birth()


def _birth_cell() -> Cell:
    cell = birth.cell()
    if cell is None:
        raise RuntimeFault("actors are constructed by a supervisor: put the class, or a factory, into a ChildSpec")
    return cell
