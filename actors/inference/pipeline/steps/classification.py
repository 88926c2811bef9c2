"""How secret the request is."""

from __future__ import annotations

from typing import Final

from .....messages.terms import Level
from ...governance.texts import rewritten, texts_of
from ..flow import Flow, Services
from ..gate import Bar

_NAME: Final = "classification"


def offered(services: Services) -> bool:
    """Whether requests are searched."""
    return services.governance.scanner is not None


def run(flow: Flow) -> None:
    """Search the request for personal and medical data; what holds any is restricted, and kept from the cloud where the settings say so.

    The targets themselves are looked at when the router has found them.
    """
    governance = flow.services.governance
    scanner = governance.scanner
    assert scanner is not None
    terms = flow.request.terms
    declared = (
        terms.classification if terms is not None and terms.classification is not None else governance.default_level
    )
    findings = scanner.scan(texts_of(flow.request))
    level = findings.level(declared)
    flow.level = level
    found = {
        "level": str(level),
        "contains_pii": bool(findings.pii),
        "contains_phi": bool(findings.phi),
        "kinds": tuple(sorted(findings.pii)),
    }
    flow.enrichments["classification:scan"] = found
    flow.timeline.add("classification:scan", "audit", source="pipeline", data=found)
    if level is not declared:
        flow.warn(
            f"the request was classified {level}, not {declared}: {', '.join(_kinds(findings.pii, findings.phi))}"
        )
    flow.note("warning" if findings else "success", f"level {level}", data=found)
    if findings and governance.redacts:
        flow.request = rewritten(flow.request, scanner.redacted)
        flow.warn("personal data was replaced before the request was sent")
    if level is Level.RESTRICTED:
        flow.bars.append(Bar(_NAME, governance.cloud, is_strict=governance.blocks_cloud))


def _kinds(pii: object, phi: object) -> list[str]:
    return [name for name, found in (("personal data", pii), ("medical data", phi)) if found] or [
        "its level was raised"
    ]
