"""The object that a host program holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import sniffio

from ..messages.reload import ReloadReport
from .host.asking import Asking
from .host.watching import Watching

if TYPE_CHECKING:
    from ..messages.settings import Settings


class Legion(Asking, Watching):
    """A running gateway inside this process.

    Every method may be called from any thread, from asyncio and from trio; those that answer later return a future (`Reply`) or a `Stream`. Use it
    as a context manager, or call `shutdown()`; a process that forgets both shuts it down at exit.

    Attributes:
        url: Where its HTTP API listens, or None without one.
    """

    def __repr__(self) -> str:
        return f"<Legion {self.state}>"

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
