"""Handlers are paired with messages when the class is created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar, Union

import pytest
from legion_llm.messages.base import Message, StreamMessage
from legion_llm.messages.errors import RuntimeFault
from legion_llm.runtime import Actor, Sink, spawned
from legion_llm.runtime.handlers import Handler, Mode, snake_case


class Ping(Message[int]):
    pass


class PongCame(Message[None]):
    pass


class Count(StreamMessage[int, int]):
    pass


def test_each_message_finds_its_handler_and_how_it_runs():
    class Both(Actor[Ping | PongCame | Count]):
        def on_ping(self, message: Ping) -> int: ...

        async def on_pong_came(self, message: PongCame) -> None: ...

        @spawned
        async def on_count(self, message: Count, sink: Sink) -> int: ...

    assert dict(Both.handlers) == {
        Ping: Handler("on_ping", Mode.PLAIN, streams=False),
        PongCame: Handler("on_pong_came", Mode.EXCLUSIVE, streams=False),
        Count: Handler("on_count", Mode.SPAWNED, streams=True),
    }


def test_a_forgotten_handler_fails_at_import():
    with pytest.raises(TypeError, match=r"Forgets has no handler on_pong_came\(self, message: PongCame\)"):

        class Forgets(Actor[Ping | PongCame]):
            def on_ping(self, message: Ping) -> int: ...


def test_a_handler_without_a_message_fails_at_import():
    with pytest.raises(TypeError, match=r"Invents\.on_pong_came handles no message"):

        class Invents(Actor[Ping]):
            def on_ping(self, message: Ping) -> int: ...

            def on_pong_came(self, message: PongCame) -> None: ...


def test_a_handler_that_says_another_message_fails_at_import():
    with pytest.raises(TypeError, match="says it takes PongCame, its name says Ping"):

        class Confuses(Actor[Ping]):
            def on_ping(self, message: PongCame) -> int: ...


def test_a_handler_of_another_shape_fails_at_import():
    with pytest.raises(TypeError, match=r"must take \(self, message\)"):

        class Wants(Actor[Ping]):
            def on_ping(self, message: Ping, more: int) -> int: ...


def test_a_stream_handler_takes_a_sink():
    with pytest.raises(TypeError, match=r"must take \(self, message, sink\)"):

        class Deaf(Actor[Count]):
            async def on_count(self, message: Count) -> int: ...


def test_a_stream_handler_is_async():
    with pytest.raises(TypeError, match="must be `async def`"):

        class Rigid(Actor[Count]):
            def on_count(self, message: Count, sink: Sink) -> int: ...


def test_two_messages_of_one_name_fail_at_import():
    here = Ping

    class Elsewhere:
        class Ping(Message[int]):
            pass

    with pytest.raises(TypeError, match="share a name"):

        class Doubles(Actor[here | Elsewhere.Ping]):
            def on_ping(self, message: Ping) -> int: ...


def test_a_subclass_takes_over_what_it_does_not_say_anew():
    class Parent(Actor[Ping]):
        def on_ping(self, message: Ping) -> int:
            return 1

    class Child(Parent):
        def on_ping(self, message: Ping) -> int:
            return 2

    assert Child.handlers[Ping].method == "on_ping"


def test_an_actor_is_made_by_a_supervisor_only():
    class Alone(Actor[Ping]):
        def on_ping(self, message: Ping) -> int: ...

    with pytest.raises(RuntimeFault, match="ChildSpec"):
        Alone()


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("CallFailed", "call_failed"),
        ("HTTPError", "http_error"),
        ("Route", "route"),
        ("ListV2Models", "list_v2_models"),
    ],
)
def test_names_of_handlers_echo_their_message(name, method):
    assert snake_case(name) == method


def test_a_protocol_of_something_else_than_messages_fails_at_import():
    with pytest.raises(TypeError, match=r"Mistaken: <class 'int'> in its protocol is no message"):

        class Mistaken(Actor[Ping | int]):
            def on_ping(self, message: Ping) -> int: ...


def test_a_message_that_is_only_named_fails_at_import():
    with pytest.raises(TypeError, match=r"Vague: ForwardRef\('Ping'\) in its protocol is no message"):

        class Vague(Actor["Ping"]):
            def on_ping(self, message: Ping) -> int: ...


def test_a_spawned_handler_is_async():
    with pytest.raises(TypeError, match=r"Hasty\.on_ping is spawned, so it must be `async def`"):

        class Hasty(Actor[Ping]):
            @spawned
            def on_ping(self, message: Ping) -> int: ...


def test_a_handler_does_not_yield():
    with pytest.raises(TypeError, match=r"Yields\.on_count yields"):

        class Yields(Actor[Count]):
            async def on_count(self, message: Count, sink: Sink) -> int:
                yield 1

    with pytest.raises(TypeError, match=r"YieldsToo\.on_ping yields"):

        class YieldsToo(Actor[Ping]):
            def on_ping(self, message: Ping) -> int:
                yield 1


CommandT = TypeVar("CommandT")


def test_an_abstract_base_has_no_protocol_until_a_subclass_names_one():
    class Base(Actor[CommandT], Generic[CommandT]):
        def helper(self) -> int: ...

    class Concrete(Base[Ping]):
        def on_ping(self, message: Ping) -> int: ...

    assert (dict(Base.handlers), list(Concrete.handlers)) == ({}, [Ping])


def test_a_generic_mixin_before_the_base_is_not_taken_for_a_protocol():
    class Mixed(Mapping[str, int], Actor[Ping]):
        def on_ping(self, message: Ping) -> int: ...

    assert list(Mixed.handlers) == [Ping]


def test_a_subclass_that_handles_more_must_say_so():
    class Parent(Actor[Ping]):
        def on_ping(self, message: Ping) -> int: ...

    with pytest.raises(TypeError, match=r"Child\.on_pong_came handles no message"):

        class Child(Parent):
            def on_pong_came(self, message: PongCame) -> None: ...


def test_a_union_may_be_written_either_way():
    class Old(Actor[Union[Ping, PongCame]]):  # noqa: UP007 - the older form is what is tested
        def on_ping(self, message: Ping) -> int: ...

        def on_pong_came(self, message: PongCame) -> None: ...

    assert set(Old.handlers) == {Ping, PongCame}
