"""Takes a request through the steps of its profile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from ....messages.caller import Profile
from ....messages.chat import Response
from ....messages.errors import LegionError
from ....runtime.interruption import interruption
from .flow import Flow, Services
from .step import OnFailure, Step

logger = logging.getLogger(__name__)


@attrs.frozen
class _Row:
    """A step as the walk needs it."""

    name: str
    run: Callable[[Flow], Any]
    wanted: Callable[[Flow], bool] | None
    is_async: bool
    is_fatal: bool
    in_conversation: bool
    closes: bool


class Walk:
    """The steps that the requests of one profile take, in one system. Compiled once: what can be known before a request comes is decided here."""

    def __init__(self, table: Iterable[Step], profile: Profile, services: Services) -> None:
        self._rows = tuple(
            _Row(
                step.name,
                step.run,
                step.wanted,
                step.is_async,
                step.on_failure is OnFailure.FATAL,
                step.in_conversation,
                step.closes,
            )
            for step in table
            if profile not in step.skipped_by and (step.offered is None or step.offered(services))
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The steps in order."""
        return tuple(row.name for row in self._rows)

    async def answer(self, flow: Flow) -> Response:
        """Take the request through its steps and return the answer.

        A step's failure ends the walk or becomes a warning, as the table says. Between two steps a caller that gave up, or whose deadline has passed,
        ends it too. However it ends, the steps that close a request have run once.

        Raises:
            LegionError: What a fatal step raised, or why nobody waits any more.
        """
        begun = 0
        try:
            for row in self._rows:
                begun += 1
                if (
                    (flow.answered_by is None or row.closes)
                    and (not row.in_conversation or flow.request.conversation_id is not None)
                    and (row.wanted is None or row.wanted(flow))
                ):
                    await _take(row, flow)
                    flow.check()
        except BaseException as error:
            self._close(flow, error, self._rows[begun:])
            raise
        finally:
            flow.end()
        assert flow.response is not None  # provider_call is fatal and sets it
        return flow.response

    def _close(self, flow: Flow, error: BaseException, rest: tuple[_Row, ...]) -> None:
        """Let those of the steps not taken that must see every request see this one."""
        flow.error = _told(flow, error)
        for row in rest:
            if row.closes and (row.wanted is None or row.wanted(flow)):
                _take_closing(row, flow)


async def _take(row: _Row, flow: Flow) -> None:
    flow.step = row.name
    started = flow.now()
    try:
        if row.is_async:
            await row.run(flow)
        else:
            row.run(flow)
    except Exception as error:
        if row.is_fatal:
            raise
        flow.check()  # a step that waits may fail because the caller has gone: then there is nothing to go on with
        _degrade(row, flow, error)
    finally:
        flow.durations.append((row.name, flow.now() - started))


def _take_closing(row: _Row, flow: Flow) -> None:
    flow.step = row.name
    started = flow.now()
    try:
        row.run(flow)
    except Exception as error:  # noqa: BLE001 - the caller shall hear of the first failure, not of this one
        _degrade(row, flow, error)
    flow.durations.append((row.name, flow.now() - started))


def _degrade(row: _Row, flow: Flow, error: Exception) -> None:
    """Go on without what the step would have done.

    This is a step's supervisor, so a bug ends here as an expected failure does; but it is logged as one.
    """
    text = error.message if isinstance(error, LegionError) else type(error).__name__
    flow.warn(f"step {row.name} was left out: {text}")
    flow.timeline.add(f"{row.name}:failed", source="pipeline", detail=type(error).__name__)
    if not isinstance(error, LegionError):
        logger.error("step %s of the pipeline met a bug", row.name, exc_info=error)


def _told(flow: Flow, error: BaseException) -> BaseException:
    """Return the error as the caller is told it: a cancellation has no words of its own."""
    if isinstance(error, Exception) or flow.ask is None:
        return error
    return interruption(flow.ask)


def walks(table: Iterable[Step], services: Services) -> Mapping[Profile, Walk]:
    """Return the walk of each profile."""
    rows = tuple(table)
    return {profile: Walk(rows, profile, services) for profile in Profile}
