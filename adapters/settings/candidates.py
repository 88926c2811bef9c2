"""Every credential that an instance may be shown, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Mapping

from ...messages.credentials import Credential
from ...messages.settings import InstanceSettings
from .aws import aws_candidates
from .credentials import ENVIRONMENT_ALONE, Absent, Resolvers, all_absent, key_candidates


def candidates_for(
    instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE
) -> list[Credential | Absent]:
    """Return what every place of the instance's credential holds, best first."""
    if instance.kind == "bedrock":
        return aws_candidates(instance, environ, resolvers)
    return key_candidates(instance, environ, resolvers)


def first_candidate(
    instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE
) -> Credential | Absent:
    """Return the first credential there is, or why there is none."""
    found = candidates_for(instance, environ, resolvers)
    missing = [each for each in found if isinstance(each, Absent)]
    return next((each for each in found if isinstance(each, Credential)), all_absent(missing))


def credential_at_hand(
    instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE
) -> Credential | None:
    """Return the first credential there is, or None."""
    found = first_candidate(instance, environ, resolvers)
    return found if isinstance(found, Credential) else None
