"""The section of the settings that is about models on other machines. Gateways and workers read the same one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import attrs

from ..secret import SecretRef
from .checks import EMPTY, above, between, fault, frozen_mapping, nearest, not_blank, one_of, without_password
from .families import Tier
from .sockets import are_addresses, are_curve_keys, is_address, is_curve_key, is_local

BrokerKind: TypeAlias = Literal["zmq", "rabbitmq"]
QueueType: TypeAlias = Literal["classic", "quorum"]
LaneStyle: TypeAlias = Literal["shared_lane", "offering_lane", "request_lane"]

_USUAL_ADDRESS: Final = "tcp://127.0.0.1:4570"
_USUAL_RABBITMQ: Final = "amqp://guest@127.0.0.1:5672/"
_SCHEMES: Final = ("amqp", "amqps")


def _secret(source: object) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="secret")


def _password(source: object) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="password")


def _are_tiers(_: object, attribute: attrs.Attribute[tuple[Tier, ...]], value: tuple[Tier, ...]) -> None:
    for number, each in enumerate(value):
        if each not in get_args(Tier):
            raise fault(f"{attribute.name}.{number}", f"{each!r} is no tier: {nearest(each, get_args(Tier))}")


def _is_amqp(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        # What stands before an "@" may hold a password, so the URL is not shown.
        raise fault(attribute.name, "must be amqp://USER@HOST:PORT/VHOST, or amqps")


def _secret_key(source: object) -> SecretRef | None:
    return None if source is None else SecretRef.of(source, path="secret_key")


def _keys(sources: Iterable[object]) -> tuple[SecretRef, ...]:
    return tuple(SecretRef.of(each, path="encryption_keys") for each in sources)


@attrs.frozen(kw_only=True)
class FleetTimeoutSettings:
    """How long a gateway waits for a worker.

    Attributes:
        confirm: Seconds until somebody must have said that a request arrived (above 0). Default 0.5.
        chat: Seconds for an answer that is not streamed (above 0); a request's own `timeout` counts before it. Default 30.0.
        stream: Seconds until the first frame of a stream, and between two (above 0). Default 30.0.
        embed: Seconds for vectors (above 0). Default 10.0.
    """

    confirm: float = attrs.field(default=0.5, validator=above(0, unit="s"))
    chat: float = attrs.field(default=30.0, validator=above(0, unit="s"))
    stream: float = attrs.field(default=30.0, validator=above(0, unit="s"))
    embed: float = attrs.field(default=10.0, validator=above(0, unit="s"))


@attrs.frozen(kw_only=True)
class FleetWorkerSettings:
    """How a worker works; read by `legion-llm worker` alone.

    Attributes:
        name: Its name, unique in the fleet, or None for the machine's name and some hex digits. Default None.
        concurrency: Requests at once, at most (at least 1). Default 4.
        backlog: Requests that may wait at the worker beyond those (at least 0); one more is refused. Default 8.
        heartbeat: Seconds between two words of what is offered (above 0); after three of them without one it counts as gone. Default 1.0.
        tiers: Tiers of its providers that are served; a gateway counts all of them as the tier fleet, where private requests may go, so that what
            runs elsewhere is left out. Default local and fleet. A server of one's own of kind openai_compat is served with `tier = "local"`.
        rank: Higher is faster: of free and warm workers those of a higher rank are asked first. Default 0.
    """

    name: str | None = attrs.field(default=None, validator=not_blank)
    concurrency: int = attrs.field(default=4, validator=between(1))
    backlog: int = attrs.field(default=8, validator=between(0))
    heartbeat: float = attrs.field(default=1.0, validator=above(0, unit="s"))
    tiers: tuple[Tier, ...] = attrs.field(default=("local", "fleet"), converter=tuple, validator=_are_tiers)
    rank: int = 0


@attrs.frozen(kw_only=True)
class RabbitSettings:
    """RabbitMQ, where a fleet meets there.

    Attributes:
        url: "amqp://user@host:5672/vhost", or amqps; the password stands beside it. Default "amqp://guest@127.0.0.1:5672/".
        password: Of that user, as text or "env://NAME". Default the guest's usual one, "guest".
        exchange: Name of the fleet's topic exchange; its lanes' queues begin with it. Default "llm.fleet".
        queue_type: "classic" (priorities; in one node's memory), or "quorum" (replicated). All members of a fleet must have the same. Default
            "classic".
        queue_length: Requests that may wait in one lane (at least 1); one more is refused. The same for all members. Default 100.
        queue_expires: Seconds after which a lane that no worker serves is forgotten (above 0). The same for all members. Default 60.0.
    """

    url: str = attrs.field(default=_USUAL_RABBITMQ, validator=[_is_amqp, without_password("password")])
    password: SecretRef | None = attrs.field(default=None, converter=_password)
    exchange: str = attrs.field(default="llm.fleet", validator=not_blank)
    queue_type: QueueType = attrs.field(default="classic", validator=one_of(QueueType))
    queue_length: int = attrs.field(default=100, validator=between(1))
    queue_expires: float = attrs.field(default=60.0, validator=above(0, unit="s"))


@attrs.frozen(kw_only=True)
class FleetSettings:
    """How gateways and workers of a fleet meet. A gateway has a fleet where a provider of kind "fleet" is among its `providers`.

    Attributes:
        broker: What lies between: "zmq" (nothing: workers connect to the gateways), or "rabbitmq" (a server, in which requests wait). Default "zmq".
        rabbitmq: That server.
        listen: Where a gateway waits for workers: "tcp://HOST:PORT", or "ipc:///PATH". An address that other machines reach needs `secret_key`
            and `allowed_keys`. Default "tcp://127.0.0.1:4570".
        gateways: Where a worker finds its gateways; on other machines that needs `secret_key` and `gateway_key`. Default the one on this machine.
        secret_key: One's own CURVE secret key, Z85, as text or "env://NAME"; gateways of one fleet share theirs. Default none.
        allowed_keys: Public keys of the workers that may connect. Default none.
        gateway_key: Public key of the gateways. Default None.
        secret: What all members share, at least 32 bytes: requests are signed with it, and unsigned ones refused. Default none.
        encryption_keys: Keys with which bodies are encrypted; the first encrypts, all decrypt. Default none: bodies are sent as they are.
        routing_style: How lanes are named: "shared_lane" (by model), "offering_lane" (by a worker's instance and model) or "request_lane" (by
            family and model, as it once was). Default "shared_lane".
        boundary: Name of a place that requests must not leave: workers of the same name alone take them. Default None.
        eligibility: What workers must fulfil, as free words ({"gpu": "a100"}): only those with the very same take requests. Default none.
        timeouts: How long a gateway waits.
        credits: Frames of a stream that a worker may be ahead of its reader (1 to 1000). Default 64.
        worker: How a worker works.
    """

    broker: BrokerKind = attrs.field(default="zmq", validator=one_of(BrokerKind))
    rabbitmq: RabbitSettings = RabbitSettings()
    listen: str = attrs.field(default=_USUAL_ADDRESS, validator=is_address)
    gateways: tuple[str, ...] = attrs.field(default=(_USUAL_ADDRESS,), validator=are_addresses)
    secret_key: SecretRef | None = attrs.field(default=None, converter=_secret_key)
    allowed_keys: tuple[str, ...] = attrs.field(default=(), validator=are_curve_keys)
    gateway_key: str | None = attrs.field(default=None, validator=is_curve_key)
    secret: SecretRef | None = attrs.field(default=None, converter=_secret)
    encryption_keys: tuple[SecretRef, ...] = attrs.field(default=(), converter=_keys)
    routing_style: LaneStyle = attrs.field(default="shared_lane", validator=one_of(LaneStyle))
    boundary: str | None = attrs.field(default=None, validator=not_blank)
    eligibility: Mapping[str, str] = attrs.field(default=EMPTY, converter=frozen_mapping)
    timeouts: FleetTimeoutSettings = FleetTimeoutSettings()
    credits: int = attrs.field(default=64, validator=between(1, 1000))
    worker: FleetWorkerSettings = FleetWorkerSettings()

    def __attrs_post_init__(self) -> None:
        if not is_local(self.listen) and not (self.secret_key is not None and self.allowed_keys):
            raise fault(
                "listen",
                f"other machines reach {self.listen}: state secret_key and allowed_keys, or an address of this machine",
            )
        for each in self.gateways:
            if not is_local(each) and not (self.secret_key is not None and self.gateway_key):
                raise fault("gateways", f"{each} is another machine: state secret_key and gateway_key")
