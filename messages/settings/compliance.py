"""What becomes of texts that hold personal or medical data."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from .checks import not_blank, not_blank_entries, one_of

LevelName: TypeAlias = Literal["public", "internal", "confidential", "restricted"]


@attrs.frozen(kw_only=True)
class ComplianceSettings:
    """What becomes of texts that hold personal or medical data. It is told by patterns, so it finds much and not everything.

    Attributes:
        classification_scan: Whether requests are searched for such data; what holds any is restricted. Default False.
        default_level: Level of a request that declares none. Default "public".
        restricted_to_local: Whether a restricted request goes to models on this machine only, whatever its caller asks for. Default True.
        phi_block_cloud: Whether a restricted request is refused to `cloud_providers`, at every attempt. False: it carries a warning. Default False.
        cloud_providers: Families, providers or instances that count as cloud. Default: bedrock, anthropic, openai, gemini, azure.
        redact_pii: Whether what is found is replaced before it is sent. Default False.
        redaction_placeholder: What it is replaced with. Default "[REDACTED]".
        strict_hipaa: Whether addresses, dates and numbers count, too (IP, URL, ZIP, date of birth, MRN, account, licence, VIN, NPI). Default False.
        standalone_email_pii: Whether an e-mail address counts where nothing else is found. Default False.
    """

    classification_scan: bool = False
    default_level: LevelName = attrs.field(default="public", validator=one_of(LevelName))
    restricted_to_local: bool = True
    phi_block_cloud: bool = False
    cloud_providers: tuple[str, ...] = attrs.field(
        default=("bedrock", "anthropic", "openai", "gemini", "azure"), validator=not_blank_entries
    )
    redact_pii: bool = False
    redaction_placeholder: str = attrs.field(default="[REDACTED]", validator=not_blank)
    strict_hipaa: bool = False
    standalone_email_pii: bool = False
