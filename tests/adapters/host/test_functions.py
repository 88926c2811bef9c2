"""What a host gives us is called where it belongs."""

from __future__ import annotations

import asyncio
import functools
import threading

import pytest
import trio
from legion_llm.adapters.host.functions import HostFunctions
from legion_llm.messages.errors import CancelledError, HostError, InvalidRequestError
from legion_llm.runtime import ActorSystem, SupervisorSpec

PATIENCE = 10.0


@pytest.fixture
def system():
    system = ActorSystem("test")
    system.start(SupervisorSpec(name="root", children=()))
    yield system
    system.shutdown()


@pytest.fixture
def functions(system):
    return HostFunctions(system)


def here():
    return threading.current_thread().name


def call(system, function, *args, **kwargs):
    """Call a bound function as an actor would: from the system's trio loop."""

    async def main():
        with trio.fail_after(PATIENCE):
            return await function(*args, **kwargs)

    return system.trio.run(main)


def test_a_plain_function_runs_in_a_thread_where_it_may_block(system, functions):
    assert call(system, functions.bound(here, "it")) not in {here(), "test-trio", "test-asyncio"}


def test_arguments_are_passed_on(system, functions):
    assert call(system, functions.bound(lambda a, *, b: (a, b), "it"), 1, b=2) == (1, 2)


def test_a_coroutine_function_of_a_host_without_a_loop_runs_on_the_systems_asyncio_loop(system, functions):
    async def which():
        asyncio.get_running_loop()
        return here()

    assert call(system, functions.bound(which, "it")) == "test-asyncio"


def test_one_of_an_asyncio_host_runs_on_the_hosts_loop(system, functions):
    async def main():
        loop = asyncio.get_running_loop()

        async def which():
            return asyncio.get_running_loop() is loop

        return await asyncio.to_thread(call, system, functions.bound(which, "it"))

    assert asyncio.run(main())


def test_one_of_a_trio_host_runs_on_the_hosts_loop(system, functions):
    async def main():
        token = trio.lowlevel.current_trio_token()

        async def which():
            await trio.lowlevel.checkpoint()
            return trio.lowlevel.current_trio_token() is token

        return await trio.to_thread.run_sync(call, system, functions.bound(which, "it"))

    assert trio.run(main)


@pytest.mark.parametrize("wrap", ["partial", "called"])
def test_whatever_can_be_awaited_counts_as_a_coroutine_function(system, functions, wrap):
    async def which():
        return here()

    wrapped = functools.partial(which) if wrap == "partial" else _Called(which)
    assert call(system, functions.bound(wrapped, "it")) == "test-asyncio"


class _Called:
    def __init__(self, function):
        self._function = function

    async def __call__(self):
        return await self._function()


async def _fails():
    raise ValueError("secret")


def _fails_plainly():
    raise ValueError("secret")


@pytest.mark.parametrize("function", [_fails, _fails_plainly])
def test_what_it_raises_becomes_one_typed_error_with_its_cause(system, functions, function):
    with pytest.raises(HostError, match="the check failed: ValueError: secret") as caught:
        call(system, functions.bound(function, "the check"))

    assert isinstance(caught.value.__cause__, ValueError)


def test_an_error_of_ours_stays_what_it_is(system, functions):
    def refuses():
        raise InvalidRequestError("no")

    with pytest.raises(InvalidRequestError):
        call(system, functions.bound(refuses, "it"))


def test_a_hosts_loop_that_has_ended_is_a_failure_of_the_host(system, functions):
    async def give():
        async def never():
            raise AssertionError

        return functions.bound(never, "the tool")

    bound = asyncio.run(give())

    with pytest.raises(HostError, match="the tool failed"):
        call(system, bound)


@pytest.mark.parametrize("kind", ["own", "asyncio", "trio"])
def test_giving_up_cancels_the_hosts_coroutine(system, functions, kind):
    begun, ended = threading.Event(), threading.Event()

    async def hangs():
        begun.set()
        try:
            if kind == "trio":
                await trio.sleep_forever()
            await asyncio.Event().wait()
        finally:
            ended.set()

    def give_up(bound):
        async def main():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(bound)
                await trio.to_thread.run_sync(begun.wait, PATIENCE)
                nursery.cancel_scope.cancel()

        system.trio.run(main)
        return ended.wait(PATIENCE)

    async def in_asyncio():
        return await asyncio.to_thread(give_up, functions.bound(hangs, "it"))

    async def in_trio():
        return await trio.to_thread.run_sync(give_up, functions.bound(hangs, "it"))

    match kind:
        case "own":
            assert give_up(functions.bound(hangs, "it"))
        case "asyncio":
            assert asyncio.run(in_asyncio())
        case _:
            assert trio.run(in_trio)


def test_our_own_cancellation_error_is_no_failure_of_the_host(system, functions):
    async def gives_up():
        raise CancelledError("gone")

    with pytest.raises(CancelledError):
        call(system, functions.bound(gives_up, "it"))
