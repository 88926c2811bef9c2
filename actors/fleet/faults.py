"""Between the errors of our house and the codes that travel: two tables, one for each side."""

from __future__ import annotations

from typing import Final

from ...messages import errors
from ...messages.errors import LegionError, TargetUnavailable, UnsupportedCapability, UpstreamError
from ...messages.fleet import FleetError
from ...messages.fleet_codes import FleetCode, FleetFault

# -- At the worker ------------------------------------------------------------------------------------------------------------------------------

# A class without a row inherits its parent's; whatever else goes wrong there is a failure.
_CODES: Final[dict[type[BaseException], FleetCode]] = {
    errors.ModelUnavailableError: FleetCode.MODEL_NOT_LOADED,
    errors.UnknownModelError: FleetCode.MODEL_NOT_LOADED,
    errors.RequestTooLargeError: FleetCode.PAYLOAD_TOO_LARGE,
    errors.UnsupportedCapability: FleetCode.UNSUPPORTED_TYPE,
    errors.TargetUnavailable: FleetCode.FLEET_BACKPRESSURE,
    errors.MailboxFull: FleetCode.FLEET_BACKPRESSURE,
    errors.ProviderSilent: FleetCode.INFERENCE_TIMEOUT,
    errors.ProviderDown: FleetCode.OLLAMA_UNAVAILABLE,
    errors.DeadlineExceeded: FleetCode.INFERENCE_TIMEOUT,
    errors.CancelledError: FleetCode.CANCELLED,
}


def code_of(error: LegionError) -> FleetCode:
    """Return the code for an error of the worker's engine."""
    for cls in type(error).__mro__:
        if cls in _CODES:
            return _CODES[cls]
    return FleetCode.INFERENCE_FAILED


# -- At the gateway -----------------------------------------------------------------------------------------------------------------------------

# Errors that mean to the caller what they meant at the worker. A key that the worker's provider refuses is the worker's own trouble.
_KEPT: Final[dict[str, type[UpstreamError]]] = {
    cls.__name__: cls
    for cls in (
        errors.ContextOverflow,
        errors.ContentRefusedError,
        errors.RequestRejectedError,
        errors.ModelUnavailableError,
        errors.RateLimitError,
        errors.StreamBrokenError,
    )
}

# What is refused before anybody has it says nothing against the fleet's health; what may have been begun does.
_MEANING: Final[dict[FleetCode, type[LegionError]]] = {
    FleetCode.MODEL_NOT_LOADED: errors.ModelUnavailableError,
    FleetCode.OLLAMA_UNAVAILABLE: errors.ProviderError,
    FleetCode.INFERENCE_FAILED: errors.ProviderError,
    FleetCode.INFERENCE_TIMEOUT: errors.ProviderSilent,
    FleetCode.WORKER_LOST: errors.WorkerLost,
    FleetCode.CANCELLED: errors.WorkerLost,
    # One worker with another secret, or a wrong clock, is no reason to leave the others alone for long, as a refused key would be.
    FleetCode.INVALID_TOKEN: errors.ProviderError,
    FleetCode.TOKEN_EXPIRED: errors.ProviderError,
    FleetCode.REQUEST_EXPIRED: errors.TargetUnavailable,
    FleetCode.PAYLOAD_TOO_LARGE: errors.UnsupportedCapability,
    FleetCode.UNSUPPORTED_TYPE: errors.UnsupportedCapability,
    FleetCode.UNSUPPORTED_STREAMING: errors.UnsupportedCapability,
    FleetCode.FLEET_UNAVAILABLE: errors.TargetUnavailable,
    FleetCode.NO_FLEET_QUEUE: errors.TargetUnavailable,
    FleetCode.FLEET_BACKPRESSURE: errors.TargetUnavailable,
    FleetCode.FLEET_PUBLISH_TIMEOUT: errors.WorkerLost,
    FleetCode.FLEET_PUBLISH_FAILED: errors.TargetUnavailable,
    FleetCode.FLEET_TIMEOUT: errors.ProviderSilent,
}


def is_of_the_worker(said: FleetError) -> bool:
    """Whether an error may well be one worker's own: others may take the same request."""
    if said.error in _KEPT:
        return False
    return said.code in _OF_THE_WORKER


_OF_THE_WORKER: Final = frozenset(
    {
        FleetCode.MODEL_NOT_LOADED,
        FleetCode.OLLAMA_UNAVAILABLE,
        FleetCode.INFERENCE_FAILED,
        FleetCode.INFERENCE_TIMEOUT,
        FleetCode.INVALID_TOKEN,
        FleetCode.TOKEN_EXPIRED,
        FleetCode.REQUEST_EXPIRED,
    }
)


def error_of(trouble: FleetError | FleetFault, *, instance: str, model: str) -> LegionError:
    """Return what a caller hears.

    Args:
        trouble: What a worker said, or what the gateway found itself.
        instance: Name of the gateway's instance of the fleet.
        model: That was asked for.
    """
    said = trouble.message if isinstance(trouble, FleetError) else str(trouble)
    by = f"worker {trouble.worker}: " if isinstance(trouble, FleetError) else ""
    text = f"{instance}: {trouble.code}: {by}{said}"
    cls = _KEPT.get(trouble.error or "") if isinstance(trouble, FleetError) else None
    meaning = cls or _MEANING[trouble.code]
    if issubclass(meaning, TargetUnavailable):
        return meaning(text, retry_after=trouble.retry_after)
    if issubclass(meaning, UnsupportedCapability):
        return meaning(text, capability="fleet")
    assert issubclass(meaning, UpstreamError)
    return meaning(text, provider=instance, model=model, retry_after=trouble.retry_after)


def never_begun(instance: str, model: str, why: str) -> LegionError:
    """Return what a caller hears of a request that somebody took and nobody began: it waits, or was lost, and says nothing of those who work."""
    text = f"{instance}: {FleetCode.FLEET_TIMEOUT}: {why}"
    return errors.WorkerLost(text, provider=instance, model=model)


def broken_stream(instance: str, model: str, why: str) -> LegionError:
    """Return what a caller hears of a stream that was cut."""
    return errors.StreamBrokenError(f"{instance}: the stream was cut: {why}", provider=instance, model=model)
