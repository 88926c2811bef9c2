"""Where connections publish how busy they are, and the router looks."""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from ...messages.load import Load
from ...messages.settings import InstanceSettings
from ...messages.settings.routing import Balance


class LoadBoard:
    """A place for each instance that shares its work with others, written by its connection alone.

    What lies there never changes, it is replaced: whoever looks sees one moment of one instance, and asks nobody for it.

    Attributes:
        loads: A view of it, by name of the instance.
    """

    def __init__(self, instances: tuple[InstanceSettings, ...], balance: Balance) -> None:
        self._loads: dict[str, Load] = {}
        self._sharing = _sharing(instances, balance)
        self.loads: Mapping[str, Load] = MappingProxyType(self._loads)

    def share(self, instances: tuple[InstanceSettings, ...], balance: Balance) -> None:
        """Have others share their work from now on; connections learn by a message where to publish."""
        self._sharing = _sharing(instances, balance)
        for gone in self._loads.keys() - self._sharing:
            self._loads.pop(gone, None)

    def publisher(self, instance: str) -> Callable[[Load], None] | None:
        """Return where the connection to an instance publishes, or None if nobody will look."""
        return partial(self._loads.__setitem__, instance) if instance in self._sharing else None


def _sharing(instances: tuple[InstanceSettings, ...], balance: Balance) -> frozenset[str]:
    """Return the names of those that may be somebody's equal."""
    match balance:
        case "off":
            return frozenset()
        case "equals":
            return frozenset(each.name for each in instances) if len(instances) > 1 else frozenset()
        case "siblings":
            count = collections.Counter(each.provider for each in instances)
            return frozenset(each.name for each in instances if count[each.provider] > 1)
