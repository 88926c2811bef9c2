"""`legion.hooks`: functions that see every request and every answer, to add and to take away while the gateway runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from ...messages.errors import InvalidRequestError, NotFoundError
from ...messages.hooks import Hook, HooksChanged
from ...runtime import Address
from .functions import HostFunctions

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

# Seconds that a hook may take: everybody waits for it.
_TIMEOUT: Final = 5.0


class HookShelf:
    """The hooks there are. Every method may be called from any thread.

    A hook is a function, plain (it runs in a worker thread) or `async def` (it runs on the loop where it was added). It lets a request go on by
    returning anything but a `legion_llm.Block`.

    Args:
        functions: Calls them where they belong.
        inference: Hears which there are.
    """

    def __init__(self, functions: HostFunctions, inference: Address) -> None:
        self._functions = functions
        self._inference = inference
        self._lock = threading.Lock()
        self._before: tuple[Hook, ...] = ()
        self._after: tuple[Hook, ...] = ()

    @property
    def before_hooks(self) -> tuple[Hook, ...]:
        """Those that see requests, in the order in which they are called."""
        return self._before

    @property
    def after_hooks(self) -> tuple[Hook, ...]:
        """Those that see answers, in the order in which they are called."""
        return self._after

    def before(
        self, function: FunctionT, *, name: str | None = None, timeout: float = _TIMEOUT, closed: bool = False
    ) -> FunctionT:
        """Call `function(request)` for every request, before anything is sent anywhere; usable as a decorator.

        Args:
            function: Returns a `Block` to answer the request itself.
            name: Its name in warnings; None: the function's own. One of a name that is there already takes its place.
            timeout: Seconds that it may take (above 0).
            closed: Whether requests end with a `PipelineError` where it fails or takes too long; else they go on, with a warning.

        Raises:
            InvalidRequestError: It cannot be called, or the timeout is not above 0.
        """
        hook = self._hook(function, name, timeout, closed=closed)
        with self._lock:
            self._before = (*_without(self._before, hook.name), hook)
        self._tell()
        return function

    def after(
        self, function: FunctionT, *, name: str | None = None, timeout: float = _TIMEOUT, closed: bool = False
    ) -> FunctionT:
        """Call `function(request, response)` for every answer of a provider; else as `before`.

        A stream's answer has been read when the hook sees it: a `Block` then is a warning on the response.
        """
        hook = self._hook(function, name, timeout, closed=closed)
        with self._lock:
            self._after = (*_without(self._after, hook.name), hook)
        self._tell()
        return function

    def remove(self, name: str) -> None:
        """Call the hooks of a name no longer.

        Raises:
            NotFoundError: There is none.
        """
        with self._lock:
            before, after = _without(self._before, name), _without(self._after, name)
            if (before, after) == (self._before, self._after):
                raise NotFoundError(f"no hook {name!r}")
            self._before, self._after = before, after
        self._tell()

    def _hook(self, function: Callable[..., Any], name: str | None, timeout: float, *, closed: bool) -> Hook:
        if not callable(function):
            raise InvalidRequestError(f"a hook must be a function, not {type(function).__name__}", param="function")
        if timeout <= 0:
            raise InvalidRequestError(f"timeout must be above 0 s, got {timeout}", param="timeout")
        called: str = name or getattr(function, "__name__", None) or type(function).__name__
        return Hook(
            name=called, call=self._functions.bound(function, f"hook {called}"), timeout=timeout, is_closed=closed
        )

    def _tell(self) -> None:
        self._inference.offer(HooksChanged(before=self._before, after=self._after))


def _without(hooks: tuple[Hook, ...], name: str) -> tuple[Hook, ...]:
    return tuple(hook for hook in hooks if hook.name != name)
