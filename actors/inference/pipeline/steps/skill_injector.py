"""Skills that the request calls for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .....messages.conversation import Describe
from .....messages.errors import NotFoundError, SkillStepError
from .....messages.skills import SkillContext, SkillPlan
from ...skills.run import SkillRun, run_skill
from ...skills.skillset import Skillset
from ..additions import add
from ..flow import Flow, Services
from ..spoken import last_words

# Under which it stands in a conversation's state, and before the user's words.
SKILL: Final = "legion.skill"
_NAME: Final = "skill"
# Characters that are kept of what was said for a turn, in case it goes on with the answer of a client's tool.
_MOST_KEPT: Final = 50_000


def offered(services: Services) -> bool:
    """Whether skills are run."""
    return services.skills.enabled


def wanted(flow: Flow) -> bool:
    """Whether there are skills."""
    return flow.services.workshop.skills is not None


async def run(flow: Flow) -> None:
    """Run the skill that waits in the conversation, else what words, changed files or the request itself call for, and tell the model what it says.

    Raises:
        SkillStepError: A step failed. The skill is begun anew the next time.
    """
    skills = flow.services.workshop.skills
    assert skills is not None
    kept = _kept(flow)
    if flow.request.messages[-1].role == "tool":
        _say_again(flow, kept)
        return
    if kept:
        flow.kept_state[SKILL] = None
    if _is_cancelled(flow):
        return
    texts: list[str] = []
    for skill, from_step in _due(flow, skills, kept):
        if not await _run_chain(flow, skills, skill, from_step, texts):
            break
    if texts and add(flow, _NAME, "\n\n".join(texts)):
        _keep(flow, text="\n\n".join(texts)[:_MOST_KEPT])


def _kept(flow: Flow) -> Mapping[str, Any]:
    past = flow.past
    kept = None if past is None or past.conversation is None else past.conversation.state.get(SKILL)
    return kept if isinstance(kept, Mapping) else {}


def _say_again(flow: Flow, kept: Mapping[str, Any]) -> None:
    """Go on with the turn as it was begun: a tool of the client's has answered, and nobody has called for anything."""
    text = kept.get("text")
    if isinstance(text, str):
        add(flow, _NAME, text)


def _is_cancelled(flow: Flow) -> bool:
    past = flow.past
    return past is not None and past.conversation is not None and past.conversation.cancelled_at is not None


def _due(flow: Flow, skills: Skillset, kept: Mapping[str, Any]) -> list[tuple[SkillPlan, int]]:
    """Return the skills that are to be run, each with the number of its first step."""
    waiting = skills.by_key.get(str(kept.get("key")))
    resume_at = kept.get("resume_at")
    if waiting is not None and isinstance(resume_at, int):
        return [(waiting, resume_at)]
    if resume_at is not None:
        flow.warn(f"skill {kept.get('key')!r} waited to go on, but it is not there any more")
    terms = flow.request.terms
    named = None if terms is None else terms.skill
    if named is not None:
        found = skills.by_key.get(named)
        if found is None:
            flow.warn(f"there is no skill {named!r} to run")
        return [] if found is None else [(found, 0)]
    most = flow.services.skills.max_active_skills
    return [(skill, 0) for skill in skills.called_for(flow.request)[:most]]


async def _run_chain(flow: Flow, skills: Skillset, skill: SkillPlan, from_step: int, texts: list[str]) -> bool:
    """Run a skill and those that follow it. Returns whether others may be run after it: none may after a gate."""
    following: SkillPlan | None = skill
    while following is not None:
        skill = following
        done = await _run(flow, skill, from_step)
        texts += done.injected
        if done.is_stopped:
            texts.clear()
            return False
        if done.resume_at is not None:
            return False
        flow.timeline.add("skill:completed", source="pipeline", detail=skill.key)
        flow.note("success", skill.key)
        following, from_step = skills.chain_after(skill.key), 0
        if following is not None:
            flow.timeline.add("skill:chained", source="pipeline", detail=following.key)
    return True


async def _run(flow: Flow, skill: SkillPlan, from_step: int) -> SkillRun:
    runner = flow.services.skill_runner
    assert runner is not None
    flow.timeline.add("skill:started", source="pipeline", detail=skill.key)
    flow.check()
    try:
        done = await run_skill(
            skill,
            from_step,
            runner,
            _context(flow),
            stopped=lambda: _stopped(flow),
            told=lambda event, what: flow.timeline.add(event, source="pipeline", detail=what),
        )
    except SkillStepError as error:
        flow.note("failure", error.message)
        raise
    flow.enrichments["skill:run"] = (*flow.enrichments.get("skill:run", ()), _shown(done))
    if done.resume_at is not None:
        if flow.request.conversation_id is None:
            flow.warn(f"skill {skill.key!r} waits, but the request belongs to no conversation: it will begin anew")
        _keep(flow, key=skill.key, resume_at=done.resume_at, gate=done.gate)
    return done


def _context(flow: Flow) -> SkillContext:
    request = flow.request
    return SkillContext(
        skill="",
        step="",
        text=last_words(flow),
        request_id=request.id,
        conversation_id=request.conversation_id,
        caller=request.caller.identity,
        metadata=request.metadata,
    )


async def _stopped(flow: Flow) -> bool:
    """Whether the conversation was cancelled meanwhile, or nobody waits for the answer any more."""
    flow.check()
    conversations, conversation_id = flow.services.conversations, flow.request.conversation_id
    if conversations is None or conversation_id is None:
        return False
    try:
        conversation = await conversations.ask(
            Describe(conversation_id=conversation_id, asker=flow.request.caller.identity)
        )
    except NotFoundError:
        return False  # a new one: nobody can have cancelled it
    return conversation.cancelled_at is not None


def _keep(flow: Flow, **fields: Any) -> None:
    flow.kept_state[SKILL] = {**(flow.kept_state.get(SKILL) or {}), **fields}


def _shown(done: SkillRun) -> Mapping[str, Any]:
    return {
        "skill": done.skill.key,
        "gate": done.gate,
        "resume_at": done.resume_at,
        "stopped": done.is_stopped,
        "metadata": done.metadata,
    }
