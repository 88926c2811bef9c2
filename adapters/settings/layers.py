"""Layers of raw settings: a name for their origin and a tree of plain data; merged from the weakest to the strongest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from ...messages.errors import SettingsError

Tree: TypeAlias = dict[str, Any]

ROOT: Final = "llm"

# Below these keys a null is a JSON value to be sent to a provider, not the wish to unset something.
_FREE_FORM: Final = frozenset({"extra_body", "options"})


@attrs.frozen(kw_only=True)
class Layer:
    """One source of settings.

    Attributes:
        origin: For error messages: a file name, "environment" or "code".
        tree: Raw settings without the `llm` root.
    """

    origin: str
    tree: Mapping[str, Any]


def layer(origin: str, tree: object) -> Layer:
    """Make a layer; a single root key `llm` is taken off.

    Raises:
        SettingsError: Not an object, or `llm` has something beside it or is no object.
    """
    if not isinstance(tree, Mapping):
        raise SettingsError(f"({origin}) the settings must be an object, not {type(tree).__name__}")
    if ROOT not in tree:
        return Layer(origin=origin, tree=tree)
    beside = sorted(str(key) for key in tree if key != ROOT)
    if beside:
        raise SettingsError(f"{beside[0]} ({origin}): stands beside {ROOT!r}; put it inside", path=beside[0])
    return Layer(origin=origin, tree=_section(tree[ROOT], origin))


def _section(tree: object, origin: str) -> Mapping[str, Any]:
    if not isinstance(tree, Mapping):
        raise SettingsError(f"{ROOT} ({origin}): must be an object, not {type(tree).__name__}", path=ROOT)
    return tree


def merge(layers: Iterable[Layer]) -> Tree:
    """Lay one over the other: objects are merged, anything else replaces; null unsets. Instances inherit from their provider."""
    merged: Tree = {}
    for each in layers:
        merged = _over(merged, each.tree)
    providers = merged.get("providers")
    if isinstance(providers, Mapping):
        merged["providers"] = {name: _inherited(block) for name, block in providers.items()}
    return _without_nulls(merged)


def _over(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Tree:
    # Nulls stay until the end: one in an instance must still hide what it would inherit.
    return {**lower, **{key: _value_over(lower.get(key), value) for key, value in upper.items()}}


def _value_over(lower: object, upper: object) -> object:
    if not isinstance(upper, Mapping):
        return upper
    return _over(lower if isinstance(lower, Mapping) else {}, upper)


def _inherited(block: object) -> object:
    instances = block.get("instances") if isinstance(block, Mapping) else None
    if not isinstance(block, Mapping) or not isinstance(instances, Mapping):
        return block
    common = {key: value for key, value in block.items() if key != "instances"}
    return {**block, "instances": {name: _instance_over(common, value) for name, value in instances.items()}}


def _instance_over(common: Tree, instance: object) -> object:
    # An instance that only inherits may be written as null.
    return dict(common) if instance is None else _value_over(common, instance)


def _without_nulls(tree: Mapping[str, Any]) -> Tree:
    return {key: _pruned(key, value) for key, value in tree.items() if value is not None}


def _pruned(key: str, value: object) -> object:
    return _without_nulls(value) if isinstance(value, Mapping) and key not in _FREE_FORM else value


def origin_of(path: Sequence[str], layers: Sequence[Layer]) -> str | None:
    """Return the origin of the strongest layer that says something at this path, or None when no layer does."""
    for each in reversed(layers):
        if _speaks(each.tree, path):
            return each.origin
    return None


def _speaks(tree: object, path: Sequence[str]) -> bool:
    for key in path:
        if not isinstance(tree, Mapping) or tree.get(key) is None:
            return False
        tree = tree[key]
    return True
