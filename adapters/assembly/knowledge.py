"""Makes what the host knows, advises, compares and learns callable from the actors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from ...actors.inference.knowledge.guard import Evaluator
from ...actors.inference.knowledge.port import Advisor, Retriever
from ...actors.learner.actor import Learning
from ...actors.learner.port import Learner
from ...messages.advice import Advice
from ...messages.chat import Request
from ...messages.errors import HostError
from ...messages.knowledge import Knowledge, KnowledgeWanted
from ...messages.learning import Learned
from ...messages.settings import Tier
from ...runtime import ActorSystem, ChildSpec
from ..host.bound import BoundHost
from ..host.functions import HostFunctions
from ..host.host import Host
from .plan import Plan


class HostRetriever:
    """The host's retriever, called where it belongs; implements the port of the same name.

    Args:
        retriever: What the host brought along.
        functions: Calls it.
    """

    def __init__(self, retriever: Retriever, functions: HostFunctions) -> None:
        self._retrieve = functions.bound(retriever.retrieve, "the host's retriever")

    async def retrieve(self, wanted: KnowledgeWanted) -> Sequence[Knowledge]:
        """Ask the host."""
        found: Any = await self._retrieve(wanted)
        if isinstance(found, (list, tuple)) and all(isinstance(each, Knowledge) for each in found):
            return found
        raise HostError(f"the host's retriever must return a list of legion_llm.Knowledge, not {type(found).__name__}")


class HostAdvisor:
    """The host's advisor, called where it belongs; implements the port of the same name.

    Args:
        advisor: What the host brought along.
        functions: Calls it.
    """

    def __init__(self, advisor: Advisor, functions: HostFunctions) -> None:
        self._advise = functions.bound(advisor.advise, "the host's advisor")

    async def advise(self, request: Request) -> Advice | None:
        """Ask the host."""
        advice: Any = await self._advise(request)
        if advice is not None and not isinstance(advice, Advice):
            raise HostError(f"the host's advisor must return a legion_llm.Advice or None, not {type(advice).__name__}")
        if advice is not None and advice.tier is not None and advice.tier not in get_args(Tier):
            raise HostError(f"the host's advisor has named tier {advice.tier!r}; there are {', '.join(get_args(Tier))}")
        return advice


class HostLearner:
    """The host's learner, called where it belongs; implements the port of the same name.

    Args:
        learner: What the host brought along.
        functions: Calls it.
    """

    def __init__(self, learner: Learner, functions: HostFunctions) -> None:
        self._learn = functions.bound(learner.learn, "the host's learner")

    async def learn(self, learned: Sequence[Learned]) -> None:
        """Tell the host."""
        await self._learn(learned)


def evaluators_of(host: Host, functions: HostFunctions) -> Mapping[str, Evaluator]:
    """Return the host's evaluators, called where they belong."""
    return {name: functions.bound(each, f"evaluator {name}") for name, each in host.evaluators.items()}


def learner_specs(plan: Plan, system: ActorSystem, host: BoundHost) -> tuple[ChildSpec, ...]:
    """Return the description of the actor that tells the host's learner, where there is one."""
    given = host.host.learner
    if given is None:
        return ()
    learner, settings = HostLearner(given, host.functions), plan.settings.learning
    return (
        ChildSpec(
            name="learner",
            factory=lambda: Learning(learner, settings, system.clock.monotonic),
            mailbox_capacity=settings.queue,
        ),
    )
