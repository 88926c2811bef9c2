"""Running the tools of one turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import trio

from ....messages.content import ToolUseBlock
from ....messages.errors import LegionError
from ....messages.ids import new_id
from ....messages.tools import RunTool, Tool, ToolOutcome
from ..pipeline.flow import Flow
from .calls import CallRecord, arguments_of


async def run_all(
    flow: Flow, calls: Sequence[ToolUseBlock], refusals: Sequence[ToolOutcome | None]
) -> list[ToolOutcome]:
    """Run the calls of one turn and return their outcomes, in their order: one for each, whatever happens.

    Tools that may run beside others do; those that may not are run one after the other.
    """
    outcomes: list[ToolOutcome | None] = list(refusals)
    limiter = trio.CapacityLimiter(flow.services.tool_limits.loop.max_parallel)

    async def run(number: int) -> None:
        async with limiter:
            outcomes[number] = await _run(flow, calls[number])

    async def run_in_turn(numbers: Sequence[int]) -> None:
        for number in numbers:
            await run(number)

    waiting = [number for number, refusal in enumerate(refusals) if refusal is None]
    alone = [number for number in waiting if not _is_parallel(flow, calls[number])]
    if len(waiting) == 1:
        await run(waiting[0])
    else:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run_in_turn, alone)
            for number in sorted(set(waiting) - set(alone)):
                nursery.start_soon(run, number)
    for call, refusal in zip(calls, refusals, strict=True):
        if refusal is not None:
            _note(flow, call, refusal, "", 0.0)
    return [outcome or _NEVER for outcome in outcomes]


# Every place is filled when the nursery has closed; the type checker cannot know.
_NEVER = ToolOutcome(content="not run", is_error=True)


def _is_parallel(flow: Flow, call: ToolUseBlock) -> bool:
    tool = flow.tools.get(call.name)
    return tool is None or tool.is_parallel


async def _run(flow: Flow, call: ToolUseBlock) -> ToolOutcome:
    tool = flow.tools.get(call.name)
    if tool is None:
        names = ", ".join(sorted(flow.tools))
        missing = ToolOutcome(content=f"there is no tool {call.name!r}; there are {names}", is_error=True)
        _note(flow, call, missing, "", 0.0)
        return missing
    arguments = arguments_of(call)
    if isinstance(arguments, ToolOutcome):
        _note(flow, call, arguments, tool.source, 0.0)
        return arguments
    exchange_id = new_id("exch_")
    flow.timeline.add(
        f"tool:execute:{tool.name}", "tool", exchange_id=exchange_id, source="pipeline", target=_place(tool)
    )
    started = flow.now()
    outcome = await _ask(flow, tool, call, arguments)
    _note(flow, call, outcome, tool.source, (flow.now() - started) * 1000, exchange_id)
    return outcome


async def _ask(flow: Flow, tool: Tool, call: ToolUseBlock, arguments: Mapping[str, Any]) -> ToolOutcome:
    toolbox = flow.services.toolbox
    assert toolbox is not None
    message = RunTool(
        tool=tool,
        arguments=arguments,
        call_id=call.id,
        request_id=flow.original.id,
        caller=flow.request.caller.identity,
    )
    try:
        return await toolbox.ask(message)
    except LegionError as error:
        flow.check()  # where the caller has gone, nobody needs an outcome
        return ToolOutcome(content=error.message, is_error=True)


def _place(tool: Tool) -> str:
    return f"{tool.source}/{tool.group}" if tool.group else tool.source


def _note(
    flow: Flow,
    call: ToolUseBlock,
    outcome: ToolOutcome,
    source: str,
    duration_ms: float,
    exchange_id: str | None = None,
) -> None:
    status = "error" if outcome.is_error else "success"
    flow.calls.append(CallRecord(id=call.id, name=call.name, status=status, source=source, duration_ms=duration_ms))
    flow.timeline.add(
        f"tool:result:{call.name}",
        "tool",
        exchange_id=exchange_id,
        target="pipeline",
        detail=status,
        duration_ms=duration_ms,
    )
