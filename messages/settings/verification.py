"""How credentials are tried."""

from __future__ import annotations

import attrs

from .checks import above, between


@attrs.frozen(kw_only=True)
class VerificationSettings:
    """How the credentials of providers are tried: after the start, beside the requests, all providers at once.

    Attributes:
        enabled: False: nobody tries them; whatever is found is used. Default True.
        timeout_seconds: Seconds that a provider may take for one answer (above 0). Default 5.0.
        deadline_seconds: Seconds that trying all credentials of an instance may take (above 0). Default 10.0.
        recheck_seconds: Seconds after which a provider that has not taken its credential is tried again (at least 1). Default 300.0.
        chat_probe: Whether a provider without a list of models is asked a question of one token instead, which costs money. Default False.
    """

    enabled: bool = True
    timeout_seconds: float = attrs.field(default=5.0, validator=above(0, unit="s"))
    deadline_seconds: float = attrs.field(default=10.0, validator=above(0, unit="s"))
    recheck_seconds: float = attrs.field(default=300.0, validator=between(1, unit="s"))
    chat_probe: bool = False
