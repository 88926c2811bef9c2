"""What members of a fleet must keep to themselves, and what is made of it."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.fleet.naming import Naming
from ...messages.errors import InvalidRequestError, SettingsError
from ...messages.secret import Secret, SecretRef
from ...messages.settings import FleetSettings
from ..settings.credentials import Absent, resolve
from .encryption import FernetCipher
from .tokens import JwtSigner
from .wire import FleetWire


def fleet_secret(reference: SecretRef | None, environ: Mapping[str, str], path: str) -> Secret | None:
    """Return what a setting refers to, None where nothing is set.

    Raises:
        SettingsError: There is nothing where it refers to.
    """
    if reference is None:
        return None
    found = resolve(reference, environ)
    if isinstance(found, Absent):
        raise SettingsError(f"{path}: {found.reason}", path=path)
    return found


def wire_of(settings: FleetSettings, environ: Mapping[str, str]) -> FleetWire:
    """Return how messages become bytes in the fleet of these settings.

    Raises:
        SettingsError: A secret cannot be found, or is none; or a library is missing.
    """
    secret = fleet_secret(settings.secret, environ, "fleet.secret")
    keys = encryption_keys(settings, environ)
    return FleetWire(signer=None if secret is None else JwtSigner(secret), cipher=FernetCipher(keys) if keys else None)


def encryption_keys(settings: FleetSettings, environ: Mapping[str, str]) -> list[Secret]:
    """Return the keys with which bodies are encrypted, the first one first.

    Raises:
        SettingsError: One cannot be found.
    """
    keys = [fleet_secret(each, environ, "fleet.encryption_keys") for each in settings.encryption_keys]
    return [key for key in keys if key is not None]


def naming_of(settings: FleetSettings) -> Naming:
    """Return how lanes are named in the fleet of these settings.

    Raises:
        SettingsError: A fact cannot be one by which workers are chosen.
    """
    try:
        return Naming(style=settings.routing_style, boundary=settings.boundary, eligibility=settings.eligibility)
    except InvalidRequestError as error:
        raise SettingsError(f"fleet.eligibility: {error.message}", path="fleet.eligibility") from error
