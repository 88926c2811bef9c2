"""Makes what governs requests."""

from __future__ import annotations

from typing import Any

from ...actors.inference.governance.access import Access, AllowList, Verdict
from ...actors.inference.governance.cloud import restricted_to
from ...actors.inference.governance.governance import Governance
from ...actors.inference.governance.scan import Scanner
from ...messages.caller import Caller
from ...messages.errors import HostError
from ...messages.settings import InstanceSettings, RbacSettings, Settings
from ...messages.terms import Level
from ..host.functions import HostFunctions


def governance(
    settings: Settings, instances: tuple[InstanceSettings, ...], access: Access | None, functions: HostFunctions
) -> Governance:
    """Return what governs the requests of a system."""
    compliance = settings.compliance
    scanner = Scanner(
        is_strict=compliance.strict_hipaa,
        emails_count=compliance.standalone_email_pii,
        placeholder=compliance.redaction_placeholder,
    )
    return Governance(
        is_access_checked=settings.rbac.enabled,
        access=_access(settings.rbac, access, functions),
        fails_open=settings.rbac.fail_open,
        scanner=scanner if compliance.classification_scan else None,
        default_level=Level(compliance.default_level),
        restricts_to_local=compliance.restricted_to_local,
        cloud=restricted_to(compliance.cloud_providers, {each.name: each.kind for each in instances}),
        blocks_cloud=compliance.phi_block_cloud,
        redacts=compliance.redact_pii,
        roles=settings.tier_assignment.roles if settings.tier_assignment.enabled else (),
    )


def _access(rbac: RbacSettings, given: Access | None, functions: HostFunctions) -> Access | None:
    """Return the host's own check, else the allow-list, else None."""
    if given is not None:
        return _HostAccess(given, functions)
    return AllowList(rbac.allow) if rbac.allow else None


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
