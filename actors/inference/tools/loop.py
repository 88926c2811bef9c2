"""The rounds of a model that calls our tools: ask, run what it calls, show it the results, ask again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from ....messages.chat import ChatMessage, Response, StopReason, ToolChoice, Usage
from ....messages.content import ContentBlock, ToolResultBlock, ToolUseBlock
from ....messages.ids import new_id
from ....messages.routing import Resolution
from ..exchange import exchange
from ..pipeline.flow import Flow
from .calls import result_message, with_ids
from .limits import Reins
from .run import run_all
from .splice import Splice


async def answer(flow: Flow) -> Response:
    """Return the model's answer, after as many rounds of our tools as it wants.

    Calls of the client's own tools end it: they go to the client. In a turn with both, ours are run first, and the turn waits for the client.

    Raises:
        PipelineError: The model went further than the limits allow.
        LegionError: An exchange with the provider failed.
    """
    if not flow.tools:
        return await noted_exchange(flow)
    caller_sink, request = flow.sink, flow.request
    try:
        return await _Loop(flow).run()
    finally:
        flow.sink, flow.request = caller_sink, request


async def noted_exchange(flow: Flow) -> Response:
    """Make one exchange with a provider, and write it down."""
    timeline, exchange_id = flow.timeline, flow.exchange_id
    timeline.add("provider:request_sent", "provider", exchange_id=exchange_id, source="pipeline")
    started = flow.now()
    response = await exchange(flow)
    timeline.add(
        "provider:response_received",
        "provider",
        exchange_id=exchange_id,
        source=None if response.routing is None else response.routing.provider,
        target="pipeline",
        detail=str(response.stop_reason),
        duration_ms=(flow.now() - started) * 1000,
    )
    return response


class _Loop:
    """The rounds of one request."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        # What the client has not brought along is ours, a tool that does not exist included: somebody must answer for it.
        self._theirs = frozenset(tool.name for tool in flow.request.tools or ()) - flow.tools.keys()
        self._splice = None if flow.sink is None else Splice(flow.sink, lambda name: name not in self._theirs)
        if self._splice is not None:
            flow.sink = self._splice
        self._reins = Reins(flow.services.tool_limits, flow.now())
        self._usages: list[Usage] = []
        self._shown: list[ContentBlock] = []

    async def run(self) -> Response:
        """Go round until there is an answer."""
        flow = self._flow
        flow.request = attrs.evolve(
            flow.request, messages=flow.services.pauses.resumed(flow.request.caller, flow.request.messages)
        )
        while True:
            response = with_ids(await noted_exchange(flow))
            self._usages.append(response.usage)
            ours, theirs = self._divided(response.message.tool_calls)
            self._shown += self._visible(response)
            if not ours:
                return await self._finished(response, response.stop_reason)
            self._reins.begin_round(flow.now())
            outcomes = await run_all(flow, ours, self._reins.refusals(ours))
            flow.check()
            flow.ran += zip(ours, outcomes, strict=True)
            results = result_message(ours, outcomes, flow.services.tool_limits.loop.result_max_chars)
            if theirs:
                self._pause(response, theirs, results)
                return await self._finished(response, StopReason.TOOL_USE)
            self._go_on(response, results)

    def _divided(self, calls: Sequence[ToolUseBlock]) -> tuple[list[ToolUseBlock], list[ToolUseBlock]]:
        """Return our calls and the client's."""
        theirs = self._theirs
        return [call for call in calls if call.name not in theirs], [call for call in calls if call.name in theirs]

    def _visible(self, response: Response) -> list[ContentBlock]:
        """Return what the client may see of an answer: all but our calls."""
        theirs = self._theirs
        return [
            block for block in response.message.blocks if not isinstance(block, ToolUseBlock) or block.name in theirs
        ]

    def _go_on(self, response: Response, results: ChatMessage) -> None:
        """Prepare the next round: the model sees what it said and what came of it, and is free to choose."""
        flow = self._flow
        request = flow.request
        flow.rounds += [response.message, results]
        flow.request = attrs.evolve(
            request,
            messages=(*request.messages, response.message, results),
            tool_choice=_free(request.tool_choice),
        )
        flow.resolution = _same_first(flow.resolution, response)
        flow.exchange_id = new_id("exch_")
        if self._splice is not None:
            self._splice.begin_round()

    def _pause(self, response: Response, theirs: Sequence[ToolUseBlock], results: ChatMessage) -> None:
        """Keep the turn until its client comes back."""
        flow = self._flow
        flow.services.pauses.keep(
            flow.request.caller,
            [call.id for call in theirs],
            before=flow.rounds,
            turn=response.message,
            results={block.tool_use_id: block for block in results.blocks if isinstance(block, ToolResultBlock)},
        )

    async def _finished(self, response: Response, stop_reason: StopReason) -> Response:
        """Return the answer as the client sees it: of a stream all that was streamed, else the last round's."""
        usage = summed(self._usages)
        blocks: Sequence[ContentBlock] = self._visible(response)
        if self._splice is not None:
            await self._splice.finish(stop_reason, usage)
            blocks = self._shown
        message = response.message
        if len(blocks) != len(message.blocks):
            message = attrs.evolve(message, content=tuple(blocks))
        return attrs.evolve(response, message=message, usage=usage, stop_reason=stop_reason)


def _free(choice: ToolChoice | None) -> ToolChoice | None:
    """Return the choice for the rounds after the first: a call that was demanded has been made."""
    if choice is None or choice.mode not in {"required", "tool"}:
        return choice
    return attrs.evolve(choice, mode="auto", name=None)


def _same_first(resolution: Resolution | None, response: Response) -> Resolution | None:
    """Return the resolution with the target that answered in front: it has the conversation in its cache, and its reasoning is signed for it."""
    routing = response.routing
    if resolution is None or routing is None:
        return resolution
    name = (routing.provider, routing.model)
    ordered = sorted(resolution.candidates, key=lambda target: (target.instance, target.model) != name)
    return attrs.evolve(resolution, candidates=tuple(ordered))


def summed(usages: Sequence[Usage]) -> Usage:
    """Return what several exchanges used together; it is only as certain as the least certain of them."""
    if len(usages) == 1:
        return usages[0]
    counts: dict[str, Any] = {name: _sum([getattr(usage, name) for usage in usages]) for name in _COUNTS}
    sources = {usage.source for usage in usages}
    return Usage(
        **counts, source="partial" if "partial" in sources else "estimated" if "estimated" in sources else "reported"
    )


def _sum(values: Sequence[float | None]) -> float | None:
    """Return the sum, or None where one of them is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


_COUNTS: Final = tuple(field.name for field in attrs.fields(Usage) if field.name != "source")
