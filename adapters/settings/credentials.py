"""Resolving references to credentials: pure functions of the reference, an environment, and whoever knows other kinds of references."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs

from ...messages.credentials import Credential
from ...messages.secret import Secret, SecretRef, is_variable_name, split_reference
from ...messages.settings import InstanceSettings, Kind, is_header_value, setting_path

VAULT_SCHEMES: Final = frozenset({"vault", "lease"})

# Where else a key of a family may be found, after its settings and its variables, if the user lets us look there.
_IMPORTED: Final[Mapping[Kind, tuple[str, ...]]] = {
    "anthropic": ("claude://anthropic",),
    "openai": ("claude://openai", "codex://token", "codex://key"),
}
_IMPORTED_FROM: Final = {"claude": "Claude's configuration", "codex": "Codex's login"}


@attrs.frozen
class Absent:
    """There is no credential.

    Attributes:
        reason: Why, without any part of a secret.
        may_come: Whether somebody who has not been asked yet may have one.
    """

    reason: str
    may_come: bool = False


# Looks up what follows "scheme://".
Resolver: TypeAlias = Callable[[str], Secret | Absent]
# By scheme, in lower case; "env" is known anyway.
Resolvers: TypeAlias = Mapping[str, Resolver]

ENVIRONMENT_ALONE: Final[Resolvers] = MappingProxyType({})


def resolve(reference: object, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE) -> Secret | Absent:
    """Look a reference up: the first entry that yields a value which is not blank wins; a reference never comes out as a value.

    Args:
        reference: Text, `Secret`, `SecretRef`, a list of them (nested lists are flattened), or None.
        environ: Where "env://NAME" is looked up.
        resolvers: Who knows other kinds of references.

    Returns:
        The stripped value, or why there is none.

    Raises:
        SettingsError: `reference` is something else.
    """
    if reference is None:
        return Absent("no credential is configured")
    return _first(_entry(candidate.reveal(), environ, resolvers) for candidate in SecretRef.of(reference).candidates)


def _first(found: Iterator[Secret | Absent]) -> Secret | Absent:
    missing = []
    for each in found:
        if isinstance(each, Secret):
            return each
        missing.append(each)
    return all_absent(missing)


def all_absent(missing: Sequence[Absent]) -> Absent:
    """Return one reason for several."""
    # Two variables that are not set are two reasons, but nobody wants to read the same one twice.
    reasons = dict.fromkeys(each.reason for each in missing)
    return Absent("; ".join(reasons) or "no credential is configured", any(each.may_come for each in missing))


def _entry(text: str, environ: Mapping[str, str], resolvers: Resolvers) -> Secret | Absent:
    reference = split_reference(text)
    if reference is None:
        return _value(text, "the credential")
    scheme, target = reference
    if scheme == "env":
        return _variable(target, environ)
    if scheme in resolvers:
        found = resolvers[scheme](target)
        if isinstance(found, Absent):
            return found
        if split_reference(found.reveal().strip()):
            return Absent(f"{scheme}:// yields a reference instead of a value")
        return _value(found.reveal(), f"what {scheme}:// yields")
    # An unknown scheme may be a typing error or part of a secret: it is neither sent nor shown.
    return Absent("vault is not configured" if scheme in VAULT_SCHEMES else "unknown kind of reference")


def _variable(name: str, environ: Mapping[str, str]) -> Secret | Absent:
    if not is_variable_name(name):
        return Absent("env:// is not followed by the name of a variable")
    if name not in environ:
        return Absent(f"environment variable {name} is not set")
    if split_reference(environ[name].strip()):
        return Absent(f"environment variable {name} holds a reference instead of a value")
    return _value(environ[name], f"environment variable {name}")


def _value(text: str, where: str) -> Secret | Absent:
    value = text.strip()
    if not value:
        return Absent(f"{where} is blank")
    return Secret(value) if is_header_value(value) else Absent(f"{where} holds a character that a header cannot carry")


@attrs.frozen
class Reference:
    """One place where the credential of an instance may be.

    Attributes:
        text: The reference, or the value itself.
        source: What may be shown of it.
    """

    text: Secret
    source: str


def references_of(instance: InstanceSettings, resolvers: Resolvers = ENVIRONMENT_ALONE) -> tuple[Reference, ...]:
    """Return every place where the credential may be, best first: the setting, the family's variables, and what other programs keep.

    What belongs to the family is only for the vendor's own address (`InstanceSettings.key_variables`).
    """
    own = instance.api_key.candidates if instance.api_key and instance.api_key.stated else ()
    path = setting_path(instance.name, "api_key")
    found = [Reference(each, shown_source(each.reveal(), path)) for each in own]
    found += [Reference(Secret(f"env://{name}"), name) for name in instance.key_variables]
    if instance.key_variables:
        imported = [(each, each.partition("://")[0]) for each in _IMPORTED.get(instance.kind, ())]
        found += [Reference(Secret(text), _IMPORTED_FROM[scheme]) for text, scheme in imported if scheme in resolvers]
    return tuple(found)


def shown_source(text: str, path: str) -> str:
    """Return what may be shown of a reference that stands at `path`."""
    reference = split_reference(text)
    if reference is None:
        return path
    scheme, target = reference
    if scheme == "env" and is_variable_name(target):
        return target
    return f"{path} ({scheme}://)" if scheme in VAULT_SCHEMES else _IMPORTED_FROM.get(scheme, path)


def key_candidates(
    instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE
) -> list[Credential | Absent]:
    """Return what every place of a key holds, best first; before them all stands a token that the settings name (Azure's)."""
    found: list[Credential | Absent] = []
    token = instance.bearer_token
    if token is not None and token.stated:
        value = resolve(token, environ, resolvers)
        path = setting_path(instance.name, "bearer_token")
        found.append(value if isinstance(value, Absent) else Credential(value=value, is_token=True, source=path))
    for place in references_of(instance, resolvers):
        value = resolve(place.text, environ, resolvers)
        found.append(value if isinstance(value, Absent) else Credential(value=value, source=place.source))
    return found


def headers_for(
    instance: InstanceSettings, environ: Mapping[str, str], resolvers: Resolvers = ENVIRONMENT_ALONE
) -> dict[str, str] | Absent:
    """Return the instance's static headers with references looked up, or why one of them is missing."""
    headers = {}
    for name, text in instance.headers.items():
        value = _header(text, environ, resolvers)
        if isinstance(value, Absent):
            # Headers are made before Vault is asked.
            return Absent(f"header {name}: {'vault:// is for credentials alone' if value.may_come else value.reason}")
        headers[name] = value.reveal()
    return headers


def _header(text: str, environ: Mapping[str, str], resolvers: Resolvers) -> Secret | Absent:
    reference = split_reference(text.strip())
    # Other than a key, a header may well be a URL.
    is_reference = reference is not None and reference[0] in {"env", *VAULT_SCHEMES, *resolvers}
    return resolve(text, environ, resolvers) if is_reference else Secret(text.strip())
