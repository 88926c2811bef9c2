"""Credentials of Amazon's: a bearer token, or a pair of keys to sign with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from ...messages.credentials import Credential
from ...messages.secret import Secret, SecretRef
from ...messages.settings import InstanceSettings, setting_path
from .credentials import ENVIRONMENT_ALONE, Absent, Resolvers, resolve, shown_source

DEFAULT_REGION: Final = "us-east-2"

BEARER_TOKEN: Final = "AWS_BEARER_TOKEN_BEDROCK"  # noqa: S105 - the name of a variable
_ACCESS_KEY: Final = "AWS_ACCESS_KEY_ID"
_SECRET_KEY: Final = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable
_SESSION: Final = "AWS_SESSION_TOKEN"
_REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


def aws_candidates(
    instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE
) -> list[Credential | Absent]:
    """Return bearer tokens and pairs of keys to sign with, best first.

    In order: the settings `bearer_token`; `api_key` with `secret_key` (and `session_token`), the pair; `api_key` alone, a Bedrock API key, which is a
    bearer token; the environment's AWS_BEARER_TOKEN_BEDROCK; the token in Claude's configuration, if the user lets us look there; the environment's
    AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN). What the settings name and what is missing is an error, and no reason to
    look further. All but the settings is for Amazon's own addresses only.
    """
    look = _Looker(environ, resolvers)
    path = setting_path(instance.name, "api_key")
    stated = _stated(instance, look, path)
    if isinstance(stated, Absent):
        return [stated]
    found: list[Credential | Absent] = [] if stated is None else [stated]
    if instance.reads_environment:
        found.append(look.token(f"env://{BEARER_TOKEN}", BEARER_TOKEN))
        if "claude" in resolvers:
            found.append(look.token("claude://bedrock", "Claude's configuration"))
        found.append(_pair_of_environment(look, environ))
    return found or [Absent("no credential is configured")]


def region_of(instance: InstanceSettings, environ: Mapping[str, str]) -> str:
    """Return the region: the setting's, else AWS_REGION, AWS_DEFAULT_REGION, else us-east-2."""
    named = [environ.get(name, "").strip() for name in _REGIONS]
    return instance.region or next((name for name in named if name), DEFAULT_REGION)


@attrs.frozen
class _Looker:
    """Looks references up."""

    environ: Mapping[str, str]
    resolvers: Resolvers

    def value(self, reference: SecretRef | str | None) -> Secret | Absent:
        return resolve(reference, self.environ, self.resolvers)

    def token(self, reference: SecretRef | str | None, source: str) -> Credential | Absent:
        value = self.value(reference)
        return value if isinstance(value, Absent) else Credential(value=value, source=source)

    def pair(
        self,
        access: SecretRef | str | None,
        secret: SecretRef | str | None,
        session: SecretRef | str | None,
        source: str,
    ) -> Credential | Absent:
        found = self.value(access), self.value(secret)
        token = self.value(session) if _is_stated(session) else None
        for each in (*found, token):
            if isinstance(each, Absent):
                return each
        access_key, secret_key = found
        assert isinstance(access_key, Secret)
        assert isinstance(secret_key, Secret)
        assert not isinstance(token, Absent)
        return Credential(value=access_key, secret=secret_key, session=token, source=source)


def _stated(instance: InstanceSettings, look: _Looker, path: str) -> Credential | Absent | None:
    if _is_stated(instance.bearer_token):
        return look.token(instance.bearer_token, _source_of(instance.bearer_token, path))
    source = _source_of(instance.api_key, path)
    if _is_stated(instance.secret_key):
        return look.pair(instance.api_key, instance.secret_key, instance.session_token, source)
    return look.token(instance.api_key, source) if _is_stated(instance.api_key) else None


def _pair_of_environment(look: _Looker, environ: Mapping[str, str]) -> Credential | Absent:
    session = f"env://{_SESSION}" if environ.get(_SESSION, "").strip() else None
    return look.pair(f"env://{_ACCESS_KEY}", f"env://{_SECRET_KEY}", session, _ACCESS_KEY)


def _source_of(reference: SecretRef | None, path: str) -> str:
    """Return what may be shown of a reference; of a list, which entry yields something is not told."""
    entries = () if reference is None else reference.candidates
    return shown_source(entries[0].reveal(), path) if len(entries) == 1 else path


def _is_stated(reference: SecretRef | str | None) -> bool:
    return reference is not None and (isinstance(reference, str) or reference.stated)
