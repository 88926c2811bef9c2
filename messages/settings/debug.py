"""The section of the settings that is about the debug port."""

from __future__ import annotations

import attrs

from ..secret import SecretRef
from .checks import above, between, fault
from .sockets import are_curve_keys, is_address, is_local


def _reference(source: object) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="secret_key")


@attrs.frozen(kw_only=True)
class DebugSettings:
    """The debug port: how an operator looks into a running system.

    Attributes:
        address: Where questions are answered: "ipc:///run/legion.debug" (a file of mode 0600) or "tcp://127.0.0.1:4568"; None: nowhere. Default
            None. An address that other machines reach needs `secret_key` and `allowed_keys`.
        events: Where events are published, likewise; None: nowhere. Default None.
        admin: Whether actors may be restarted, circuits opened and closed, and the system drained. Default False.
        secret_key: CURVE secret key of the port, Z85, as text or "env://NAME". Default none.
        allowed_keys: CURVE public keys of those who may ask. Default none.
        interval: Seconds between two looks for events while somebody listens (above 0). Default 0.25.
        slow_ms: Milliseconds from which a request counts as slow (above 0). Default 10000.0.
        max_frame_bytes: Largest question in bytes (at least 256). Default 64 KiB.
    """

    address: str | None = attrs.field(default=None, validator=is_address)
    events: str | None = attrs.field(default=None, validator=is_address)
    admin: bool = False
    secret_key: SecretRef | None = attrs.field(default=None, converter=_reference)
    allowed_keys: tuple[str, ...] = attrs.field(default=(), validator=are_curve_keys)
    interval: float = attrs.field(default=0.25, validator=above(0, unit="s"))
    slow_ms: float = attrs.field(default=10_000.0, validator=above(0, unit="ms"))
    max_frame_bytes: int = attrs.field(default=64 * 1024, validator=between(256, unit="bytes"))

    def __attrs_post_init__(self) -> None:
        guarded = self.secret_key is not None and bool(self.allowed_keys)
        for name, address in (("address", self.address), ("events", self.events)):
            if address is not None and not guarded and not is_local(address):
                raise fault(
                    name,
                    f"other machines reach {address}: state secret_key and allowed_keys, or an address of this machine",
                )
