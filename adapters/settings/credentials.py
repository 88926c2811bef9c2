"""Resolving references to credentials: pure functions of the reference and an environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from ...messages.secret import Secret, SecretRef, is_variable_name, split_reference
from ...messages.settings import InstanceSettings, is_header_value

_VAULT_SCHEMES: Final = frozenset({"vault", "lease"})


@attrs.frozen
class Absent:
    """There is no credential.

    Attributes:
        reason: Why, without any part of a secret.
    """

    reason: str


def resolve(reference: object, environ: Mapping[str, str]) -> Secret | Absent:
    """Look a reference up: the first entry that yields a value which is not blank wins; a reference never comes out as a value.

    Args:
        reference: Text, `Secret`, `SecretRef`, a list of them (nested lists are flattened), or None.
        environ: Where "env://NAME" is looked up.

    Returns:
        The stripped value, or why there is none.

    Raises:
        SettingsError: `reference` is something else.
    """
    if reference is None:
        return Absent("no credential is configured")
    return _first(_entry(candidate.reveal(), environ) for candidate in SecretRef.of(reference).candidates)


def _first(found: Iterator[Secret | Absent]) -> Secret | Absent:
    reasons = []
    for each in found:
        if isinstance(each, Secret):
            return each
        reasons.append(each.reason)
    return Absent("; ".join(reasons) or "no credential is configured")


def _entry(text: str, environ: Mapping[str, str]) -> Secret | Absent:
    reference = split_reference(text)
    if reference is None:
        return _value(text, "the credential")
    scheme, target = reference
    if scheme == "env":
        return _variable(target, environ)
    # An unknown scheme may be a typing error or part of a secret: it is neither sent nor shown.
    return Absent("vault is not configured" if scheme in _VAULT_SCHEMES else "unknown kind of reference")


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


def credential_for(instance: InstanceSettings, environ: Mapping[str, str]) -> Secret | Absent:
    """Return the instance's credential: its setting, else the first of its family's environment variables that holds one."""
    configured = (instance.api_key,) if instance.api_key and instance.api_key.stated else ()
    sources = (*configured, *(f"env://{name}" for name in instance.key_variables))
    return _first(resolve(source, environ) for source in sources)


def headers_for(instance: InstanceSettings, environ: Mapping[str, str]) -> dict[str, str] | Absent:
    """Return the instance's static headers with "env://NAME" values looked up, or why one of them is missing."""
    headers = {}
    for name, text in instance.headers.items():
        value = _header(text, environ)
        if isinstance(value, Absent):
            return Absent(f"header {name}: {value.reason}")
        headers[name] = value.reveal()
    return headers


def _header(text: str, environ: Mapping[str, str]) -> Secret | Absent:
    reference = split_reference(text.strip())
    # Other than a key, a header may well be a URL.
    is_reference = reference is not None and reference[0] in {"env", *_VAULT_SCHEMES}
    return resolve(text, environ) if is_reference else Secret(text.strip())
