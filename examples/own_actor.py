"""The runtime on its own: a typed, supervised actor without any LLM."""

import attrs
from legion_llm.messages.base import Message
from legion_llm.runtime import Actor, ActorSystem, ChildSpec, SupervisorSpec


@attrs.frozen(kw_only=True)
class Greet(Message[str]):
    name: str


class Greeter(Actor[Greet]):
    def on_greet(self, message: Greet) -> str:
        return f"Hello, {message.name}"


system = ActorSystem("example").start(
    SupervisorSpec(name="root", children=(ChildSpec(name="greeter", factory=Greeter),))
)
print(system.address("greeter").request(Greet(name="you")).get(timeout=1))
system.shutdown()
