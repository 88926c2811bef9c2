"""Makes the way on which events go out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from ...actors.courier.actor import Courier
from ...messages.errors import SettingsError
from ...messages.settings import IN_MEMORY, Settings
from ...runtime import ASYNCIO, ChildSpec
from ..brokers.choose import rabbit_config
from ..events.rabbitmq import RabbitOutside
from ..events.rendering import EXCHANGES
from ..events.spool import SqliteSpool
from ..events.telling import TellingSink, ToldLedger
from ..fleet.encryption import FernetCipher
from ..fleet.secrets import encryption_keys
from ..stores.choose import Stores
from ..stores.paths import USUAL, file_of

_NAME: Final = "events.db"


def with_events(settings: Settings, environ: Mapping[str, str], stores: Stores) -> tuple[Stores, tuple[ChildSpec, ...]]:
    """Return the stores, and who hands on what comes there: nobody, unless the settings want events told.

    Raises:
        SettingsError: A secret cannot be found, a library is missing, or prompts would wait in a file as they are.
    """
    section = settings.events
    if not section.enabled:
        return stores, ()
    keys = encryption_keys(settings.fleet, environ)
    if settings.audit.enabled and settings.audit.prompts and not keys:
        raise SettingsError(
            "events.enabled: with audit.prompts, what was said would wait in a file as it is: state fleet.encryption_keys",
            path="events.enabled",
        )
    spool = SqliteSpool(
        _file(settings),
        most=section.most,
        keep=section.keep_seconds,
        cipher=FernetCipher(keys) if keys else None,
    )
    config = rabbit_config(settings.fleet, environ)
    RabbitOutside(config, EXCHANGES)  # so that a library that is missing is known now
    courier = ChildSpec(name="courier", factory=lambda: Courier(spool, RabbitOutside(config, EXCHANGES)), home=ASYNCIO)
    return attrs.evolve(stores, ledger=ToldLedger(stores.ledger, spool), told=TellingSink(spool)), (courier,)


def _file(settings: Settings) -> Path:
    if settings.events.path is not None:
        return file_of(settings.events.path)
    store = settings.store.path
    return (file_of(USUAL) if store in (None, IN_MEMORY) else file_of(str(store))).with_name(_NAME)
