"""Makes the actor that walks every request."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.inference.actor import Inference
from ...actors.inference.attempts.attempts import Attempts, AttemptsConfig
from ...actors.inference.pipeline.flow import Services
from ...actors.inference.pipeline.repeats import Repeats
from ...actors.inference.quality.judge import JudgeConfig
from ...actors.inference.skills.skillset import skillset_of
from ...actors.inference.tools.limits import ToolLimits
from ...actors.inference.tools.pauses import Pauses
from ...actors.inference.workshop import Workshop
from ...messages.settings import Settings
from ...runtime import ActorSystem, Address
from ..host.bound import BoundHost
from .addresses import audit_address, connection_address
from .governance import bound_access, governance
from .knowledge import HostAdvisor, HostRetriever, evaluators_of
from .plan import Plan


def inference(plan: Plan, system: ActorSystem, host: BoundHost) -> Callable[[], Inference]:
    """Return what makes the actor that walks every request.

    What the host brings along is bound here and now, in the host's own thread, and not when the actor is started.
    """
    access = bound_access(host.host.access, host.functions)
    given = host.host
    retriever = None if given.retriever is None else HostRetriever(given.retriever, host.functions)
    advisor = None if given.advisor is None else HostAdvisor(given.advisor, host.functions)
    evaluators = evaluators_of(given, host.functions)
    addresses: dict[str, Address] = {}

    def connection(instance: str) -> Address:
        address = addresses.get(instance)
        if address is None:
            address = addresses[instance] = connection_address(system, instance)
        return address

    def services() -> Services:
        settings = plan.settings
        return Services(
            router=system.address("router"),
            connection=connection,
            clock=system.clock,
            attempts=Attempts(
                _attempts_config(settings),
                connection=connection,
                health=system.address("health"),
                clock=system.clock,
            ),
            repeats=Repeats(
                system.clock.monotonic,
                seconds=settings.pipeline.idempotency_seconds,
                most=settings.pipeline.idempotency_entries,
            ),
            assign_conversation_ids=settings.pipeline.assign_conversation_ids,
            governance=governance(settings, plan.instances, access),
            prices=plan.prices,
            judging=_judging(settings),
            scores_all=settings.confidence.enabled,
            debate=settings.debate,
            shadow=system.address("shadow") if settings.shadow.enabled else None,
            shadow_rate=settings.shadow.sample_rate,
            health=system.address("health"),
            cache=system.address("cache") if settings.response_cache.enabled else None,
            audit=audit_address(settings, system),
            ledger=system.address("metering") if settings.metering.strict else None,
            toolbox=system.address("toolbox"),
            tool_limits=ToolLimits(max_rounds=settings.max_tool_rounds, loop=settings.tool_loop),
            tool_triggers=settings.tool_trigger,
            tool_sticky=settings.tool_sticky,
            advisor=advisor,
            advice_timeout=settings.pipeline.advice_timeout,
            system_baseline=settings.system_baseline,
            retriever=retriever,
            evaluators=evaluators,
            learner=None if given.learner is None else system.address("learner"),
            rag=settings.rag,
            skills=settings.skills,
            skill_runner=host.skill_runner,
            workshop=Workshop(
                skillset_of(host.skills.offered, settings.skills),
                before_hooks=host.hooks.before_hooks,
                after_hooks=host.hooks.after_hooks,
            ),
            pauses=Pauses(system.clock.monotonic),
            conversations=system.address("conversations"),
            conversation=settings.conversation,
        )

    plan.services = services
    return lambda: Inference(services(), keep_timelines=plan.settings.pipeline.keep_timelines)


def _attempts_config(settings: Settings) -> AttemptsConfig:
    routing = settings.routing
    return AttemptsConfig(
        max_attempts=settings.max_attempts,
        is_enabled=routing.enabled,
        retries=routing.retries,
        tiers=routing.tier_priority,
        rescue=routing.rescue.enabled,
        hedging=routing.hedging,
        judging=_judging(settings),
    )


def _judging(settings: Settings) -> JudgeConfig:
    return JudgeConfig(
        escalation=settings.routing.escalation, quality=settings.quality, bands=settings.confidence.bands
    )
