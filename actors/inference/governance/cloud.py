"""Which targets count as cloud, where what is restricted must not go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ....messages.routing import Target


def restricted_to(names: Iterable[str], families: Mapping[str, str]) -> Callable[[Target], str | None]:
    """Return what tells whether a restricted request may not go to a target.

    Args:
        names: Families ("openai"), providers ("gateway") or instances ("gateway/eu") that count as cloud.
        families: Family of each instance, by its name.
    """
    cloud = frozenset(names)

    def objection(target: Target) -> str | None:
        provider = target.instance.partition("/")[0]
        found = cloud & {target.instance, provider, families.get(target.instance, provider)}
        return f"a restricted request may not go to {min(found)}, which is cloud" if found else None

    return objection
