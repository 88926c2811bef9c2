"""Two tools at once, of which the first counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from ...messages.errors import LegionError
from ...messages.tools import ToolOutcome


async def both(
    first: Callable[[], Awaitable[ToolOutcome]], second: Callable[[], Awaitable[ToolOutcome | None]]
) -> tuple[ToolOutcome, ToolOutcome | None]:
    """Run two tools at once and return their outcomes; the second, which must not raise, may have none.

    Raises:
        LegionError: The first one failed.
    """
    other: list[ToolOutcome | None] = [None]

    async def beside() -> None:
        other[0] = await second()

    # The failure of the first is its asker's answer, as it is, and no group of errors.
    failure: LegionError | None = None
    outcome = ToolOutcome()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(beside)
        try:
            outcome = await first()
        except LegionError as error:
            failure = error
            nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return outcome, other[0]
