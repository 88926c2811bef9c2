"""Models argue about the answer."""

from __future__ import annotations

from typing import Final

import attrs

from .....messages.chat import ChatMessage, Escalation, Request, Response, ToolChoice, new_id
from .....messages.errors import PipelineError
from ...debate.roles import Roles, roles_of, rounds_of
from ...debate.verdict import CRITIQUE, JUDGEMENT, REBUTTAL, prompt, verdict_of
from ..flow import Flow
from . import metering, provider_call, routing

# What is asked for in a debate is words: it is judged by its judge, and kept and repeated by nobody.
_WORDS: Final = Escalation(enabled=False)


def wanted(flow: Flow) -> bool:
    """Whether the caller, else the host's own mind, else the settings want a debate; there is none about calls of tools.

    Nor is there one for a guest that pays with its own key: others would be asked with ours.
    """
    if flow.request.own_key is not None:
        return False
    terms, advice = flow.request.debate, flow.advice
    enabled = None if terms is None else terms.enabled
    if enabled is None and advice is not None:
        enabled = advice.debate
    if not (flow.services.debate.enabled if enabled is None else enabled):
        return False
    return flow.response is not None and bool(flow.response.text) and not flow.response.tool_calls


async def run(flow: Flow) -> None:
    """Have one model criticise the answer, one defend it and one decide, whose final answer takes its place.

    Raises:
        PipelineError: The judge gave no answer, or a model may not be asked for this request.
        LegionError: A model did not answer.
    """
    response = flow.response
    assert response is not None
    if flow.sink is not None:
        flow.warn("debate: a stream has gone out already, there was none")
        return
    roles = roles_of(flow.services.debate, _found(flow, response))
    if roles is None:
        flow.warn("debate: it takes two models, there was none; name them in `debate.challenger_model`")
        return
    debate = _Debate(flow, response)
    rounds = rounds_of(flow.request.debate, flow.services.debate)
    try:
        for _ in range(rounds):
            await debate.hear("challenger", roles.challenger, CRITIQUE)
            await debate.hear("advocate", roles.advocate, REBUTTAL)
        _decide(flow, debate, roles, rounds, await debate.hear("judge", roles.judge, JUDGEMENT))
    finally:
        if flow.services.ledger is not None:
            await metering.run(flow)


def _found(flow: Flow, response: Response) -> list[str]:
    answered = response.routing
    candidates = () if flow.resolution is None else flow.resolution.candidates
    first = [] if answered is None else [f"{answered.provider}/{answered.model}"]
    return [*first, *map(str, candidates)]


def _decide(flow: Flow, debate: _Debate, roles: Roles, rounds: int, words: str) -> None:
    verdict = verdict_of(words)
    if not verdict.answer:
        raise PipelineError(f"the judge {roles.judge} gave no answer", step="debate")
    flow.response = attrs.evolve(
        debate.response,
        message=attrs.evolve(debate.response.message, content=verdict.answer),
        usage=debate.usage,
        quality=None,
        logprobs=(),
    )
    told = {"rounds": rounds, **attrs.asdict(roles), "confidence": verdict.confidence}
    flow.enrichments["debate:result"] = {**told, "evaluation": verdict.evaluation}
    flow.timeline.add("debate:completed", "enrichment", source="pipeline", data=told)


class _Debate:
    """What was said so far, and what it took.

    Args:
        flow: The request.
        response: The answer that is argued about.
    """

    def __init__(self, flow: Flow, response: Response) -> None:
        self._flow = flow
        self._said: list[tuple[str, str]] = []
        self.response = response
        self.usage = response.usage

    async def hear(self, role: str, model: str, instruction: str) -> str:
        """Return what the model says; it is asked as a sub-call, under all that holds for the request itself."""
        self._flow.check()
        flow = Flow(self._request(model, instruction), self._flow.services, ask=self._flow.ask)
        flow.bars, flow.level, flow.trace = self._flow.bars, self._flow.level, self._flow.trace
        await routing.run(flow)
        await provider_call.run(flow)
        assert flow.response is not None
        self.usage += flow.response.usage
        self._flow.warnings.extend(flow.told)
        self._said.append((role, flow.response.text))
        return flow.response.text

    def _request(self, model: str, instruction: str) -> Request:
        request = self._flow.request
        question = ChatMessage(content=prompt(instruction, self._said))
        answer = ChatMessage(role="assistant", content=self.response.text)
        return attrs.evolve(
            request,
            id=new_id("req_"),
            model=model,
            provider=None,
            tier=self._flow.original.tier if self._flow.is_tier_a_wish else request.tier,
            messages=(*request.messages, answer, question),
            tools=request.tools or (),
            tool_choice=ToolChoice(mode="none") if request.tools else None,
            host_tools=(),
            response_format=None,
            generation=attrs.evolve(request.generation, stop=()),
            conversation_id=None,
            idempotency_key=None,
            escalation=_WORDS,
            confidence=None,
            debate=None,
            extra={},
            dialect=None,
            stream=False,
            caller=attrs.evolve(request.caller, type="subcall"),
        )
