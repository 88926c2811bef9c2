"""Makes the actor that tells those who trace."""

from __future__ import annotations

from importlib.util import find_spec

from ...actors.telemetry.actor import Telemetry
from ...messages.errors import SettingsError
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ASYNCIO, ChildSpec, Restart


def telemetry_specs(settings: Settings, instances: tuple[InstanceSettings, ...]) -> tuple[ChildSpec, ...]:
    """Return its description, where it is switched on.

    What a host hangs on to its providers may fail: then it is not started again, and nothing else ends.

    Raises:
        SettingsError: The library is not installed.
    """
    if not settings.telemetry.otel:
        return ()
    if find_spec("opentelemetry") is None:
        raise SettingsError(
            "telemetry.otel: OpenTelemetry's API is missing: pip install legion-llm[otel]", path="telemetry.otel"
        )

    def telemetry() -> Telemetry:
        from ..telemetry.attributes import systems_of  # noqa: PLC0415 - loaded where it is switched on
        from ..telemetry.otel import OtelRecorder  # noqa: PLC0415 - likewise

        recorder = OtelRecorder(systems_of(instances), pipeline_spans=settings.telemetry.pipeline_spans)
        return Telemetry(recorder)

    return (ChildSpec(name="telemetry", factory=telemetry, home=ASYNCIO, restart=Restart.TEMPORARY),)
