"""Credentials of Amazon's: a bearer token, or a pair of keys to sign with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from ...messages.secret import Secret, SecretRef
from ...messages.settings import InstanceSettings
from .credentials import Absent, resolve

DEFAULT_REGION: Final = "us-east-2"

BEARER_TOKEN: Final = "AWS_BEARER_TOKEN_BEDROCK"  # noqa: S105 - the name of a variable
_ACCESS_KEY: Final = "AWS_ACCESS_KEY_ID"
_SECRET_KEY: Final = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable
_SESSION: Final = "AWS_SESSION_TOKEN"
_REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


@attrs.frozen
class AwsKeys:
    """What requests are signed with.

    Attributes:
        session_token: Of temporary keys; None for lasting ones.
    """

    access_key: Secret
    secret_key: Secret
    session_token: Secret | None = None


def aws_credential_for(instance: InstanceSettings, environ: Mapping[str, str]) -> AwsKeys | Secret | Absent:
    """Return a bearer token or a pair of keys, or why there is neither.

    In order: the settings `bearer_token`; `api_key` with `secret_key` (and `session_token`), the pair; `api_key` alone, a Bedrock API key, which is a
    bearer token; the environment's AWS_BEARER_TOKEN_BEDROCK; its AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN). What the
    settings name and what is missing is an error, and no reason to look further. The environment is asked for Amazon's own addresses only.
    """
    stated = _stated(instance, environ)
    if stated is not None:
        return stated
    if not instance.reads_environment:
        return Absent("no credential is configured")
    token = _variable(BEARER_TOKEN, environ)
    if isinstance(token, Secret):
        return token
    keys = _pair(f"env://{_ACCESS_KEY}", f"env://{_SECRET_KEY}", None, environ)
    if isinstance(keys, Absent):
        return Absent(f"{token.reason}; {keys.reason}")
    session = _variable(_SESSION, environ)
    return attrs.evolve(keys, session_token=session) if isinstance(session, Secret) else keys


def region_of(instance: InstanceSettings, environ: Mapping[str, str]) -> str:
    """Return the region: the setting's, else AWS_REGION, AWS_DEFAULT_REGION, else us-east-2."""
    named = [environ.get(name, "").strip() for name in _REGIONS]
    return instance.region or next((name for name in named if name), DEFAULT_REGION)


def _stated(instance: InstanceSettings, environ: Mapping[str, str]) -> AwsKeys | Secret | Absent | None:
    if _is_stated(instance.bearer_token):
        return resolve(instance.bearer_token, environ)
    if _is_stated(instance.secret_key):
        return _pair(instance.api_key, instance.secret_key, instance.session_token, environ)
    return resolve(instance.api_key, environ) if _is_stated(instance.api_key) else None


def _pair(
    access: SecretRef | str | None,
    secret: SecretRef | str | None,
    session: SecretRef | None,
    environ: Mapping[str, str],
) -> AwsKeys | Absent:
    found = resolve(access, environ), resolve(secret, environ)
    token = resolve(session, environ) if _is_stated(session) else None
    for each in (*found, token):
        if isinstance(each, Absent):
            return each
    access_key, secret_key = found
    assert isinstance(access_key, Secret)
    assert isinstance(secret_key, Secret)
    assert not isinstance(token, Absent)
    return AwsKeys(access_key, secret_key, token)


def _variable(name: str, environ: Mapping[str, str]) -> Secret | Absent:
    return resolve(f"env://{name}", environ)


def _is_stated(reference: SecretRef | None) -> bool:
    return reference is not None and reference.stated
