"""Which of the configured instances are used, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...messages.settings import FAMILIES, InstanceSettings, ProviderSettings, Settings, expand_instances
from ..plugins.loading import plugin_obstacle
from .aws import BEARER_TOKEN
from .candidates import first_candidate
from .credentials import ENVIRONMENT_ALONE, Absent, Resolvers, headers_for


@attrs.frozen(kw_only=True)
class Skipped:
    """An instance that is not used.

    Attributes:
        name: Name of the instance.
        reason: What is missing, without any part of a secret.
    """

    name: str
    reason: str


@attrs.frozen(kw_only=True)
class Enablement:
    """The decision about every instance that is not switched off.

    Attributes:
        usable: Instances to connect, in the order of the settings.
        skipped: The others.
    """

    usable: tuple[InstanceSettings, ...]
    skipped: tuple[Skipped, ...]


def usable_instances(
    settings: Settings, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE
) -> Enablement:
    """Decide which instances are used.

    An instance is skipped when its family needs a key and there is none, when a key or header that the settings name yields nothing, or when its
    plug-in cannot be used. A family
    that needs a key and has a usual address counts as configured even if the settings do not name it: a key in its environment variable is enough
    to use it; likewise a bearer token for Bedrock. One whose credential may yet come, because Vault has not been asked, is used: its calls wait for
    it.

    Raises:
        SettingsError: An instance lacks what its family requires.
    """
    instances = expand_instances(_with_implied(settings, environ))
    reasons = {instance.name: _obstacle(instance, environ, resolvers) for instance in instances}
    return Enablement(
        usable=tuple(instance for instance in instances if reasons[instance.name] is None),
        skipped=tuple(Skipped(name=name, reason=reason) for name, reason in reasons.items() if reason is not None),
    )


def _with_implied(settings: Settings, environ: Mapping[str, str]) -> Settings:
    providers: dict[str, ProviderSettings] = dict(settings.providers)
    for kind, family in FAMILIES.items():
        if family.needs_key and family.base_url is not None:
            providers.setdefault(kind, ProviderSettings())
    # Amazon's keys may be there for anything; a token for Bedrock is there for Bedrock.
    if environ.get(BEARER_TOKEN):
        providers.setdefault("bedrock", ProviderSettings())
    return attrs.evolve(settings, providers=providers)


def _obstacle(instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers) -> str | None:
    headers = headers_for(instance, environ, resolvers)
    if isinstance(headers, Absent):
        return headers.reason
    credential = first_candidate(instance, environ, resolvers) if instance.wants_credential else None
    if isinstance(credential, Absent):
        return None if credential.may_come else credential.reason
    return plugin_obstacle(instance, environ, credential) if instance.plugin is not None else None
