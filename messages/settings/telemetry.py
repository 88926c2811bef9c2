"""What is counted and traced for those who watch."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class TelemetrySettings:
    """What is counted and traced for those who watch.

    Attributes:
        metrics: Whether requests are counted, and shown at `/metrics` (extra `prometheus`). Default True.
        otel: Whether OpenTelemetry's traces and metrics are made (extra `otel`), with whatever providers the host has set. Default False.
        pipeline_spans: Whether the steps of a request have spans of their own there, beside the request and its attempts. Default True.
    """

    metrics: bool = True
    otel: bool = False
    pipeline_spans: bool = True
