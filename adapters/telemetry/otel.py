"""OpenTelemetry's traces and metrics, by the GenAI semantic conventions. Whose providers they go to is the host's matter; none is set up here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ... import __version__
from ...actors.telemetry.port import Strand
from ...messages.audit import RequestFinished
from ...messages.chat import Response, Trace
from ...messages.outcome import Outcome
from ...messages.routing import AttemptFinished
from ..audit.thread import BlockingThread
from .attributes import attempt_attributes, measured_attributes, operation_of, request_attributes

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

_SCOPE: Final = "legion_llm"
# As the conventions advise.
_DURATIONS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS: Final = tuple(4**power for power in range(14))


class OtelRecorder:
    """Makes spans and measurements, in a thread of its own: what a host hangs on to its providers may take its time.

    Args:
        systems: The conventions' name of who is behind an instance, by instance.
        pipeline_spans: Whether steps get spans.
        tracers: The host's provider of tracers; None: the one that is set globally, be it set later.
        meters: Likewise of meters.
    """

    def __init__(
        self,
        systems: Mapping[str, str],
        *,
        pipeline_spans: bool = True,
        tracers: TracerProvider | None = None,
        meters: MeterProvider | None = None,
    ) -> None:
        from opentelemetry import metrics, trace  # noqa: PLC0415 - an extra

        self._systems = systems
        self._pipeline_spans = pipeline_spans
        self._tracer = trace.get_tracer(_SCOPE, __version__, tracer_provider=tracers)
        meter = metrics.get_meter(_SCOPE, __version__, meter_provider=meters)
        self._durations = meter.create_histogram(
            "gen_ai.client.operation.duration", "s", "Of a call.", explicit_bucket_boundaries_advisory=_DURATIONS
        )
        self._first = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "From a call to its first content.",
            explicit_bucket_boundaries_advisory=_DURATIONS,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage", "{token}", "Of a call.", explicit_bucket_boundaries_advisory=_TOKENS
        )
        self._thread = BlockingThread("legion-telemetry")

    async def record(self, strands: Sequence[Strand]) -> None:
        """Make spans and measurements of these requests."""
        await self._thread.run(self._record_all, strands)

    async def aclose(self) -> None:
        """Make no more; what the host's providers still hold, the host has them flush."""
        self._thread.close()

    def _record_all(self, strands: Sequence[Strand]) -> None:
        for strand in strands:
            self._trace(strand)
            for attempt in strand.attempts:
                self._measure(attempt)

    def _trace(self, strand: Strand) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - an extra

        request, began = strand.request, strand.request.began_at
        root = self._tracer.start_span(
            f"legion {operation_of(request)}",
            _parent(request.trace),
            start_time=_ns(began),
            attributes=request_attributes(request),
        )
        inside = trace.set_span_in_context(root)
        if self._pipeline_spans:
            self._trace_steps(request, inside)
        answer = request.response if isinstance(request.response, Response) else None
        for attempt in strand.attempts:
            self._trace_attempt(attempt, answer if attempt.outcome is Outcome.SUCCESS else None, inside)
        _close(root, request.outcome, request.error, began + request.seconds)

    def _trace_steps(self, request: RequestFinished, inside: Context) -> None:
        """Steps follow each other; the moments between two of them are not told of, and too short to be seen."""
        at = request.began_at
        for name, seconds in request.steps:
            span = self._tracer.start_span(f"step {name}", inside, start_time=_ns(at))
            at += seconds
            span.end(_ns(at))

    def _trace_attempt(self, attempt: AttemptFinished, answer: Response | None, inside: Context) -> None:
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - an extra

        span = self._tracer.start_span(
            f"{operation_of(attempt)} {attempt.target.model}",
            inside,
            SpanKind.CLIENT,
            start_time=_ns(attempt.recorded_at - attempt.latency),
            attributes=attempt_attributes(attempt, self._system_of(attempt), answer),
        )
        _close(span, attempt.outcome, attempt.error, attempt.recorded_at)

    def _measure(self, attempt: AttemptFinished) -> None:
        if not attempt.sent:
            return
        attributes = measured_attributes(attempt, self._system_of(attempt))
        self._durations.record(attempt.latency, attributes)
        if attempt.first_content is not None:
            self._first.record(attempt.first_content, attributes)
        usage = attempt.usage
        for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            if tokens:
                self._tokens.record(tokens, {**attributes, "gen_ai.token.type": kind})

    def _system_of(self, attempt: AttemptFinished) -> str:
        return self._systems.get(attempt.target.instance, attempt.target.instance)


def _parent(trace: Trace | None) -> Context | None:
    """Return where a request hangs: at its caller's span, else at the span id that its provider was told, so that all of it is one trace."""
    if trace is None:
        return None
    from opentelemetry import context  # noqa: PLC0415 - an extra
    from opentelemetry.trace import (  # noqa: PLC0415 - likewise
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    spot = SpanContext(
        int(trace.trace_id, 16),
        int(trace.parent_id or trace.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED if trace.sampled else TraceFlags.DEFAULT),
    )
    return set_span_in_context(NonRecordingSpan(spot), context.Context())


def _close(span: Any, outcome: Outcome, error: str | None, at: float) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - an extra

    if outcome is not Outcome.SUCCESS:
        span.set_status(Status(StatusCode.ERROR, error or str(outcome)))
    span.end(_ns(at))


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
