"""Whether the caller may use the gateway."""

from __future__ import annotations

from typing import Final

from .....messages.errors import LegionError, PipelineError
from ...governance.access import is_granted
from ..flow import Flow, Services
from ..gate import Bar

_NAME: Final = "rbac"
_ACTION: Final = "use"
_RESOURCE: Final = "llm/pipeline"
# Callers of other machines, for whom nobody here can vouch.
_FLEET: Final = "fleet:"


def offered(services: Services) -> bool:
    """Whether callers are checked."""
    return services.governance.is_access_checked


async def run(flow: Flow) -> None:
    """Ask whether the caller may use the gateway, and which models.

    Raises:
        PipelineError: It may not, or nobody can tell and the setting `rbac.fail_open` says no.
    """
    access, caller = flow.services.governance.access, flow.request.caller
    flow.timeline.add("rbac:permission_check", "audit", source="pipeline", target=caller.identity)
    if access is None:
        _cannot_tell(flow, "there is no allow-list")
        return
    try:
        verdict = await access.decide(caller, _ACTION, _RESOURCE)
    except LegionError as error:
        _cannot_tell(flow, type(error).__name__)
        return
    if not verdict.is_allowed:
        flow.note("failure", verdict.reason)
        raise PipelineError(f"access denied: {verdict.reason}", step=_NAME)
    flow.note("success")
    models = verdict.models
    if models is not None:
        flow.bars.append(
            Bar(_NAME, lambda target: None if is_granted(models, target) else "the caller may not use this model")
        )


def _cannot_tell(flow: Flow, why: str) -> None:
    identity = flow.request.caller.identity
    is_fleet = identity is not None and identity.startswith(_FLEET)
    if is_fleet or not flow.services.governance.fails_open:
        flow.note("failure", f"unavailable: {why}")
        raise PipelineError(f"access control is unavailable ({why}), so this caller is refused", step=_NAME)
    flow.note("warning", f"unavailable: {why}")
    flow.warn(f"access control is unavailable ({why}): the request was let through unchecked")
