"""What a host brings along when it starts a gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ...actors.inference.governance.access import Access
from ...actors.inference.knowledge.port import Advisor, Retriever
from ...actors.learner.port import Learner
from ...actors.toolbox.overrides import OverrideStore


@attrs.frozen(kw_only=True)
class Host:
    """What a host brings along. Each is an object with the methods that its port names, plain or `async def`.

    Plain methods run in a worker thread. Coroutines run on the event loop in which `start` is called; where none runs, on one of the gateway's own.

    Attributes:
        tools: Functions, and objects with methods marked `@legion_llm.tool`: tools that every request is offered. See `Legion.tools`.
        access: Decides whether callers may use the gateway, in the place of the allow-list `rbac.allow`. See `Access`.
        skills: Objects of `legion_llm.Skill`, or classes of them. See `Legion.skills`.
        retriever: Knows something that requests do not say; models are told what it finds. See `Retriever`.
        advisor: Says how requests are best answered, before each is. See `Advisor`.
        evaluators: Functions by name, `evaluator(answer, knowledge)`, both texts: they say from 0 to 1 how far an answer keeps to the knowledge that
            was found for it.
        learner: Keeps what answers have said, to know it another time. See `Learner`.
        override_knowledge: Where it is kept beyond this machine how far tools are trusted to take the place of an MCP server's. See `OverrideStore`.
    """

    access: Access | None = None
    tools: tuple[Any, ...] = attrs.field(default=(), converter=tuple)
    skills: tuple[Any, ...] = attrs.field(default=(), converter=tuple)
    retriever: Retriever | None = None
    advisor: Advisor | None = None
    evaluators: Mapping[str, Callable[[str, str], Any]] = attrs.field(factory=dict)
    learner: Learner | None = None
    override_knowledge: OverrideStore | None = None


NO_HOST = Host()
