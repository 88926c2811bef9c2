"""Makes the actor that works on batches."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.scheduler.actor import Scheduler, SchedulerConfig
from ...messages.settings import Settings
from ...runtime import ActorSystem
from ..stores.choose import Stores


def scheduler_factory(settings: Settings, stores: Stores, system: ActorSystem) -> Callable[[], Scheduler]:
    """Return what makes the scheduler."""
    config = SchedulerConfig(
        batch=settings.batch, scheduling=settings.scheduling, request_timeout=settings.request_timeout
    )
    return lambda: Scheduler(config, stores.queue, system.address("inference"))
