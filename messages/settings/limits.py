"""How much of a provider instance may be used in a minute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from .checks import EMPTY, between, fault, frozen_mapping


@attrs.frozen(kw_only=True)
class ModelLimitSettings:
    """What one model of an instance may be asked for in a minute.

    Attributes:
        requests_per_minute: Calls in any 60 seconds (at least 1), or None: no limit of ours. Default None.
        tokens_per_minute: Tokens, input and output, in any 60 seconds (at least 1), or None: no limit of ours. Default None.
    """

    requests_per_minute: int | None = attrs.field(default=None, validator=between(1))
    tokens_per_minute: int | None = attrs.field(default=None, validator=between(1))


def _models(_: object, attribute: attrs.Attribute[Any], value: Mapping[str, Any]) -> None:
    if not all(name.strip() for name in value):
        raise fault(attribute.name, "must not hold a blank model name")


@attrs.frozen(kw_only=True)
class LimitSettings(ModelLimitSettings):
    """What an instance, which is one credential, may be asked for in a minute: all its models together, and single ones.

    Attributes:
        requests_per_minute: Calls in any 60 seconds, of all models together (at least 1), or None: no limit of ours. Default None.
        tokens_per_minute: Tokens in any 60 seconds, of all models together (at least 1), or None: no limit of ours. Default None.
        per_model: Limits of single models, by name, beside those. Default none.
    """

    per_model: Mapping[str, ModelLimitSettings] = attrs.field(
        default=EMPTY, converter=frozen_mapping, validator=_models
    )
