"""Makes what governs requests."""

from __future__ import annotations

from typing import Any

from ...actors.inference.governance.access import Access, AllowList, Verdict
from ...actors.inference.governance.cloud import restricted_to
from ...actors.inference.governance.governance import Governance
from ...actors.inference.governance.scan import Scanner
from ...messages.caller import Caller
from ...messages.errors import HostError
from ...messages.settings import InstanceSettings, Settings
from ...messages.terms import Level
from ..host.functions import HostFunctions


def governance(settings: Settings, instances: tuple[InstanceSettings, ...], host_access: Access | None) -> Governance:
    """Return what governs the requests of a system; `host_access` is the host's own check, see `bound_access`."""
    compliance = settings.compliance
    scanner = Scanner(
        is_strict=compliance.strict_hipaa,
        emails_count=compliance.standalone_email_pii,
        placeholder=compliance.redaction_placeholder,
    )
    return Governance(
        is_access_checked=settings.rbac.enabled,
        access=host_access or (AllowList(settings.rbac.allow) if settings.rbac.allow else None),
        fails_open=settings.rbac.fail_open,
        scanner=scanner if compliance.classification_scan else None,
        default_level=Level(compliance.default_level),
        restricts_to_local=compliance.restricted_to_local,
        cloud=restricted_to(compliance.cloud_providers, {each.name: each.kind for each in instances}),
        blocks_cloud=compliance.phi_block_cloud,
        redacts=compliance.redact_pii,
        roles=settings.tier_assignment.roles if settings.tier_assignment.enabled else (),
    )


def bound_access(given: Access | None, functions: HostFunctions) -> Access | None:
    """Return the host's own check, to be called from the actors; in the host's own thread."""
    return None if given is None else _HostAccess(given, functions)


class _HostAccess:
    """The host's own check, called where it belongs."""

    def __init__(self, access: Access, functions: HostFunctions) -> None:
        self._decide = functions.bound(access.decide, "the host's access check")

    async def decide(self, caller: Caller, action: str, resource: str) -> Verdict:
        """Ask the host."""
        verdict: Any = await self._decide(caller, action, resource)
        if not isinstance(verdict, Verdict):
            raise HostError(f"the host's access check must return a legion_llm.Verdict, not {type(verdict).__name__}")
        return verdict
