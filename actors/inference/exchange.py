"""One exchange with a provider: the candidates are attempted in turn until one answers, whole or piece by piece."""

from __future__ import annotations

from ...messages.chat import Response
from ...messages.routing import Call, StreamCall, Target
from ...runtime import Sink
from .attempts import attempt_in_turn
from .pipeline.flow import Flow
from .tap import Tap


async def exchange(flow: Flow) -> Response:
    """Answer `flow.request` by one of the candidates of `flow.resolution`; into `flow.sink` where there is one.

    Raises:
        LegionError: As `attempt_in_turn`.
    """
    return await (_whole(flow) if flow.sink is None else _streamed(flow, flow.sink))


async def _whole(flow: Flow) -> Response:
    request, connection = flow.request, flow.services.connection

    async def attempt(target: Target, number: int) -> Response:
        return await connection(target.instance).ask(Call(request=request, target=target, attempt=number))

    assert flow.resolution is not None
    return await attempt_in_turn(
        request, flow.resolution, flow.services.max_attempts, attempt, lambda: False, lambda: flow.elapsed
    )


async def _streamed(flow: Flow, sink: Sink) -> Response:
    request, connection = flow.request, flow.services.connection
    tap = Tap(sink)

    async def attempt(target: Target, number: int) -> Response:
        nonlocal tap
        tap = Tap(sink)
        call = StreamCall(request=request, target=target, attempt=number)
        response = await connection(target.instance).ask(call, sink=tap)
        if not tap.committed:
            await tap.commit()
        return response

    assert flow.resolution is not None
    return await attempt_in_turn(
        request, flow.resolution, flow.services.max_attempts, attempt, lambda: tap.committed, lambda: flow.elapsed
    )
