"""Metrics as Prometheus scrapes them: made from an observation when they are asked for, in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from ...messages.errors import SettingsError
from ...messages.routing import CircuitState
from ...messages.totals import Distribution
from .observation import Observation

if TYPE_CHECKING:
    from prometheus_client.core import HistogramMetricFamily, Metric

MISSING: Final = "metrics need the client library of Prometheus: pip install legion-llm[prometheus]"

# Of every actor: name, whether it only ever grows, what it says, and where it stands in what the runtime knows.
_ACTORS: Final[tuple[tuple[str, bool, str, Callable[[Any], float]], ...]] = (
    ("legion_actor_ready", False, "Whether the actor takes messages.", lambda actor: actor["state"] == "ready"),
    ("legion_actor_mailbox_depth", False, "Messages that wait.", lambda actor: actor["mailbox"]["depth"]),
    ("legion_actor_mailbox_age_seconds", False, "How long the oldest waits.", lambda actor: actor["mailbox"]["age"]),
    ("legion_actor_handled", True, "Messages handled.", lambda actor: actor["handled"]),
    ("legion_actor_failed", True, "Messages answered with an error.", lambda actor: actor["failed"]),
    ("legion_actor_crashes", True, "Crashes.", lambda actor: actor["crashes"]),
    ("legion_actor_restarts", True, "Restarts.", lambda actor: actor["restarts"]),
    ("legion_actor_handler_p50_seconds", False, "Median handler time.", lambda actor: actor["handler_p50_us"] / 1e6),
    ("legion_actor_handler_p99_seconds", False, "99th percentile.", lambda actor: actor["handler_p99_us"] / 1e6),
)

_CONNECTIONS: Final = (
    ("legion_connection_in_flight", "Calls under way.", "in_flight"),
    ("legion_connection_waiting", "Calls that wait for a permit.", "waiting"),
    ("legion_connection_limit", "Calls that may be under way at once, now.", "concurrency"),
)


def check_prometheus() -> None:
    """Make sure that the client library is there.

    Raises:
        SettingsError: It is not.
    """
    try:
        import prometheus_client  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise SettingsError(MISSING, path="telemetry.metrics") from error


def exposition(observation: Observation, accept: str) -> tuple[bytes, str]:
    """Return the metrics as text, in the format that the scraper accepts, and its media type.

    Raises:
        SettingsError: The client library is missing.
    """
    check_prometheus()
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - an extra
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415 - likewise

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(observation))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


class _Collector:
    """One observation, as the registry wants it."""

    def __init__(self, observation: Observation) -> None:
        self._observation = observation

    def collect(self) -> Iterable[Metric]:
        return families(self._observation)


def families(seen: Observation) -> Iterator[Metric]:
    """Return every metric there is."""
    yield _gauge("legion_ready", "Whether requests are taken.", [((), float(seen.is_ready))])
    yield _gauge("legion_requests_running", "Requests under way.", [((), float(len(seen.running)))])
    for name, grows, text, value in _ACTORS:
        rows = (((path,), float(value(actor))) for path, actor in seen.actors.items())
        yield (_counter if grows else _gauge)(name, text, rows, ("actor",))
    letters = seen.described["dead_letters"]["by_reason"]
    rows = (((reason,), float(count)) for reason, count in letters.items())
    yield _counter("legion_dead_letters", "Messages that nobody took.", rows, ("reason",))
    yield from _providers(seen)
    yield from _attempts(seen)
    yield _requests(seen)


def _providers(seen: Observation) -> Iterator[Metric]:
    states = (
        ((each.name, state.value), float(each.state == state)) for each in seen.providers for state in CircuitState
    )
    yield _gauge("legion_circuit_state", "1 for the state the circuit is in.", states, ("instance", "state"))
    models = (((each.name,), float(each.models)) for each in seen.providers)
    yield _gauge("legion_provider_models", "Models that it is known to have.", models, ("instance",))
    for name, text, key in _CONNECTIONS:
        rows = (((instance,), float(said[key])) for instance, said in seen.connections.items())
        yield _gauge(name, text, rows, ("instance",))


def _attempts(seen: Observation) -> Iterator[Metric]:
    pair = ("instance", "model")
    ended = (
        ((each.instance, each.model, outcome), float(count))
        for each in seen.attempts
        for outcome, count in each.outcomes.items()
    )
    yield _counter("legion_attempts", "Attempts sent to providers, by outcome.", ended, (*pair, "outcome"))
    tokens = (
        ((each.instance, each.model, kind), float(count))
        for each in seen.attempts
        for kind, count in each.tokens.items()
    )
    yield _counter("legion_tokens", "Tokens, by kind; cached and reasoning ones are parts.", tokens, (*pair, "kind"))
    for name, text, field in (
        ("legion_cost_usd", "Dollars, as far as prices are known.", "cost_usd"),
        ("legion_unpriced_attempts", "Attempts at models whose price nobody knows.", "unpriced"),
        ("legion_unmetered_attempts", "Successes of which no tokens were reported.", "unmetered"),
    ):
        rows = (((each.instance, each.model), float(getattr(each, field))) for each in seen.attempts)
        yield _counter(name, text, rows, pair)
    latency = _histogram("legion_attempt_duration_seconds", "From the call to its end.", pair)
    first = _histogram("legion_attempt_first_content_seconds", "From the call to a stream's first content.", pair)
    for each in seen.attempts:
        _fill(latency, (each.instance, each.model), each.latency)
        _fill(first, (each.instance, each.model), each.first_content)
    yield latency
    yield first


def _requests(seen: Observation) -> Metric:
    took = _histogram("legion_request_duration_seconds", "From the request to its end.", ("type", "outcome"))
    for each in seen.requests:
        _fill(took, (each.request_type, each.outcome), each.latency)
    return took


def _gauge(name: str, text: str, rows: Iterable[tuple[tuple[str, ...], float]], labels: tuple[str, ...] = ()) -> Metric:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - an extra

    return _filled(GaugeMetricFamily(name, text, labels=labels), rows)


def _counter(name: str, text: str, rows: Iterable[tuple[tuple[str, ...], float]], labels: tuple[str, ...]) -> Metric:
    from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415 - an extra

    return _filled(CounterMetricFamily(name, text, labels=labels), rows)


def _filled(family: Any, rows: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    for labels, value in rows:
        family.add_metric(labels, value)
    return family  # type: ignore[no-any-return]


def _histogram(name: str, text: str, labels: tuple[str, ...]) -> HistogramMetricFamily:
    from prometheus_client.core import HistogramMetricFamily  # noqa: PLC0415 - an extra

    return HistogramMetricFamily(name, text, labels=labels)


def _fill(family: HistogramMetricFamily, labels: tuple[str, ...], took: Distribution) -> None:
    """Prometheus' buckets count what is below a bound, the buckets before included."""
    buckets, below = [], 0
    for bound, count in zip((*map(str, took.bounds), "+Inf"), took.counts, strict=True):
        below += count
        buckets.append((bound, float(below)))
    family.add_metric(labels, buckets, sum_value=took.seconds)
