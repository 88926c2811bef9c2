"""Where things are kept, as a command names it: a file, or a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ...messages.settings import StoreSettings
from .paths import file_of
from .servers import server_of
from .sql.access import Access
from .status import Condition

if TYPE_CHECKING:
    from .postgres.opening import Server

# In quotes: the second is an extra.
Place: TypeAlias = "Path | Server"

T = TypeVar("T")


def place_of(store: StoreSettings, environ: Mapping[str, str]) -> Place:
    """Return where the settings keep things; they name a file or a server.

    Raises:
        SettingsError: The server's URL or password is wrong, or the library that speaks to it is missing.
    """
    if store.url is not None:
        return server_of(store, environ)
    assert store.path is not None
    return file_of(store.path)


def read_from(place: Place, read: Callable[[Access], Coroutine[Any, Any, T]]) -> T:
    """Read something, beside whoever writes meanwhile.

    Args:
        place: Where.
        read: Does it; what it returns is returned.

    Raises:
        StoreError: There is nothing, or why it cannot be read.
    """

    async def reading() -> T:
        if isinstance(place, Path):
            from .sqlite.reading import read_only  # noqa: PLC0415 - a server does not need it

            with read_only(place) as file:
                return await read(file)
        from .postgres.reading import reading_from  # noqa: PLC0415 - an extra

        async with reading_from(place) as server:
            return await read(server)

    return asyncio.run(reading())


def examine(place: Place) -> Condition:
    """Read all that is kept, and say how it is.

    Raises:
        StoreCorrupt: It is damaged; the message says what was found.
        StoreError: It cannot be read.
    """
    if isinstance(place, Path):
        from .sqlite.care import examine  # noqa: PLC0415 - as above

        return examine(place)
    from .postgres.care import examined  # noqa: PLC0415 - as above

    return asyncio.run(examined(place))


def bring_forward(place: Place) -> tuple[str, int, int]:
    """Bring the schema to its newest version; returns what a person calls the place, and the versions before and after.

    Raises:
        StoreError: Why it cannot be done; all is as it was.
    """
    if isinstance(place, Path):
        from .sqlite.care import bring_forward  # noqa: PLC0415 - as above

        return str(place), *bring_forward(place)
    from .postgres.care import brought_forward  # noqa: PLC0415 - as above
    from .postgres.opening import named  # noqa: PLC0415 - as above

    return named(place), *asyncio.run(brought_forward(place))
