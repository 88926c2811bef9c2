"""All instances, found by their names, their providers' and their tiers'. Made anew when one of them changes, which is rare."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from .catalogue import Instance
from .policy import Policy

T = TypeVar("T")

_USUAL = Policy()


class Roster:
    """The instances that there are, under the settings that there are.

    Attributes:
        instances: In order of preference.
        policy: What the settings say.
    """

    def __init__(self, instances: Iterable[Instance] = (), policy: Policy = _USUAL) -> None:
        self.instances = tuple(instances)
        self.policy = policy
        named: dict[str, list[Instance]] = {}
        for each in self.instances:
            for name in {each.name, each.provider}:
                named.setdefault(name, []).append(each)
        self._named: Mapping[str, tuple[Instance, ...]] = {name: tuple(each) for name, each in named.items()}
        self._tiers: Mapping[str, tuple[Instance, ...]] = {
            tier: _preferred((each for each in self.instances if each.tier == tier), section.providers)
            for tier, section in policy.tiers.items()
        }
        self._known: dict[Hashable, Any] = {}
        self._passing: dict[Hashable, Any] = {}
        self._slot = 0

    def named(self, name: str) -> tuple[Instance, ...]:
        """Return the instance of that name, or all instances of that provider."""
        return self._named.get(name, ())

    def tier(self, tier: str) -> tuple[Instance, ...]:
        """Return the instances of a tier, the preferred ones first."""
        return self._tiers.get(tier, ())

    def once(self, key: Hashable, make: Callable[[Roster], T], *, slot: int = 0) -> T:
        """Return what follows from the roster alone; it is worked out when it is first asked for, and no more.

        Args:
            key: What it is; one of so many as there are rules and settings, never a client's word.
            make: Works it out.
            slot: Number of the stretch of time for which it stands. What stood in another one is forgotten.
        """
        known: dict[Hashable, Any] = self._known
        if slot:
            if slot != self._slot:
                self._slot, self._passing = slot, {}
            known = self._passing
        if key not in known:
            known[key] = make(self)
        result: T = known[key]
        return result

    def with_changed(self, instance: Instance) -> Roster:
        """Return the roster with one instance as it is now, in its old place."""
        changed = [instance if each.name == instance.name else each for each in self.instances]
        return Roster(changed, self.policy)


def _preferred(instances: Iterable[Instance], providers: tuple[str, ...]) -> tuple[Instance, ...]:
    def place(instance: Instance) -> int:
        places = [number for number, name in enumerate(providers) if name in (instance.name, instance.provider)]
        return min(places, default=len(providers))

    return tuple(sorted(instances, key=place))
