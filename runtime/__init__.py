"""How actors live: mailboxes, supervision, futures, event loops, inspection. Knows nothing about LLMs."""

from __future__ import annotations

from .actor import Actor
from .address import Address
from .clock import Clock, SystemClock
from .envelope import Sink
from .handlers import spawned
from .home import ASYNCIO, TRIO
from .reply import Reply, ReplyTimeout
from .specs import ChildSpec, Intensity, Restart, Strategy, SupervisorSpec
from .stream import Stream
from .system import ActorSystem, SystemState

__all__ = [
    "ASYNCIO",
    "TRIO",
    "Actor",
    "ActorSystem",
    "Address",
    "ChildSpec",
    "Clock",
    "Intensity",
    "Reply",
    "ReplyTimeout",
    "Restart",
    "Sink",
    "Strategy",
    "Stream",
    "SupervisorSpec",
    "SystemClock",
    "SystemState",
    "spawned",
]
