"""Every error that a caller can meet, under one base.

LegionError
 |- RefusedError              decided here: nothing was sent, so it is safe to try elsewhere
 |   |- InvalidRequestError       the request is malformed or contradicts itself
 |   |   |- RequestTooLargeError  body, nesting or header larger than the limits
 |   |   |- UnknownResponseError  the answer that a request goes on from is not kept here
 |   |   `- InvalidSkill          a skill is defined wrongly, or skills follow each other in a ring
 |   |- NotFoundError             no such HTTP route, actor or conversation
 |   |- UnknownModelError         nobody configured serves this model
 |   |- UnknownProviderError      no provider instance of this name
 |   |- UnsupportedCapability     the target cannot do what the request needs
 |   |- TargetUnavailable         this one target takes nothing now: circuit open, or too many wait
 |   |- NoRouteError              targets exist, none is eligible now
 |   |- PrivacyModeError          privacy forbids the only targets left
 |   |- TokenBudgetExceeded       input cap or session budget is spent
 |   |- PipelineError             a governance step said no (its name is in `step`)
 |   |- AccessDeniedError         the caller's credential is missing or wrong
 |   |- DaemonDeniedError         the daemon refuses
 |   |- DaemonRateLimitedError    the daemon takes no more for now: wait `retry_after` seconds
 |   |- CallerLimitError          the caller has used up its minute: wait `retry_after` seconds
 |   |- BudgetExceeded            a budget has not so much left (which one is in `budget`)
 |   |   `- TargetTooDear             not for this target; a cheaper one may be paid
 |   |- EmbeddingUnavailableError no embedding provider configured or detected
 |   `- SettingsError             the configuration is wrong (its path is in `path`)
 |- UpstreamError             sent, and it failed there
 |   |- AuthError                 the provider rejects our credential
 |   |- AccountError              credit, quota or billing is exhausted
 |   |- RateLimitError            too many requests: wait `retry_after` seconds
 |   |- ContextOverflow           the prompt exceeds the model's window
 |   |- ModelUnavailableError     this account cannot use this model, or not for a request like this
 |   |- ContentRefusedError       a content filter refused the prompt or the answer
 |   |- RequestRejectedError      the provider calls the request itself wrong
 |   |- ProviderError             the provider failed (5xx, unreadable answer)
 |   |   `- StreamBrokenError     a stream ended without its terminal frame
 |   |       `- WorkerLost            the worker of the fleet that had begun is gone; the others are well
 |   |- ProviderDown              no answer at all: connection refused, TLS failure
 |   |   |- ProviderReset         the connection was lost before the answer
 |   |   `- ProviderSilent        a time limit passed without a word (which one is in `limit`)
 |   `- EscalationExhausted       every candidate of the chain failed
 |- StoreError                what is kept could not be kept, or read (its file or server is in `store`)
 |   |- StoreUnavailable          not now: it cannot be reached, or does not answer
 |   |   |- StoreFull                 no space is left for it
 |   |   |- StoreReadOnly             it may be read, not written
 |   |   `- StoreInUse                another process holds it
 |   |- StoreCorrupt              it is damaged, or something else entirely
 |   |- StoreVersionError         a newer version of this program wrote it
 |   `- StoreConflict             somebody else has changed it meanwhile
 `- RuntimeFault              the actor system itself
     |- MailboxFull               the actor is flooded; nothing was queued
     |- DeadlineExceeded          the caller's deadline passed first
     |- CancelledError            the caller gave up
     |- ActorCrashed              a bug stopped the handler
     |- ActorStopped              the actor is gone and will not come back
     |- HostError                 a function that the host gave us failed: a tool, a retriever, a check
     |   `- SkillStepError         a step of a skill failed (its name is in `step`)
     |- UnhandledMessage          the actor has no handler for this message type
     |- AskCycle                  an ask would wait for itself (the ring is in `path`)
     |- StartFailed               the system could not become ready
     `- SystemNotRunning          not started, draining, stopped or failed
         `- ForkedProcess         the system belongs to the parent process

Two questions every type answers: `retry_same_target` (may the very same target be asked again at once?) and `escalatable` (is it worth asking
another target?). They are class attributes, so that a table of them can be read, and tested, without an instance.

Errors are plain values: they survive pickle, so they may travel in replies and over the wire.
"""

from __future__ import annotations

from typing import Any, ClassVar


def _rebuild(cls: type[LegionError], args: tuple[Any, ...], state: dict[str, Any]) -> LegionError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class LegionError(Exception):
    """Base of every error this package raises on purpose."""

    retry_same_target: ClassVar[bool] = False
    escalatable: ClassVar[bool] = False

    # Seconds after which another try makes sense; None when nobody knows. Comes out again as `Retry-After`.
    retry_after: float | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as class, args and fields: constructors with keyword-only fields do not pickle by themselves."""
        return _rebuild, (type(self), self.args, self.__dict__)

    @property
    def message(self) -> str:
        """The text, without the class name."""
        return str(self.args[0]) if self.args else type(self).__name__


# -- Refused: nothing was sent ------------------------------------------------------------------------------------------------------------------


class RefusedError(LegionError):
    """Decided here, before anything was sent."""


class InvalidRequestError(RefusedError):
    """The request is malformed.

    Attributes:
        param: The field at fault as a path ("messages.0.content"), or None.
    """

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class RequestTooLargeError(InvalidRequestError):
    """Body, nesting or header exceeds a limit; the message names limit and size."""


class UnknownResponseError(InvalidRequestError):
    """A request goes on from an answer that is not kept here, or not for this caller."""


class InvalidSkill(InvalidRequestError):
    """A skill is defined wrongly."""


class NotFoundError(RefusedError):
    """There is nothing under that name."""


class UnknownModelError(RefusedError):
    """No configured provider serves this model."""

    def __init__(self, message: str, *, model: str | None = None) -> None:
        super().__init__(message)
        self.model = model


class UnknownProviderError(RefusedError):
    """No provider instance has this name."""

    def __init__(self, message: str, *, provider: str | None = None) -> None:
        super().__init__(message)
        self.provider = provider


class UnsupportedCapability(RefusedError):
    """The target has no such operation (vision, tools, embeddings, ...); another target may."""

    escalatable = True

    def __init__(self, message: str, *, capability: str | None = None) -> None:
        super().__init__(message)
        self.capability = capability


class NoRouteError(RefusedError):
    """No target is eligible now.

    Attributes:
        reasons: For every candidate that was rejected, "candidate: why".
        retry_after: Seconds until the first candidate may be eligible again, or None.
    """

    def __init__(self, message: str, *, reasons: tuple[str, ...] = (), retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reasons = reasons
        self.retry_after = retry_after


class TargetUnavailable(RefusedError):
    """This one target takes nothing now: its circuit is open, its probe is taken, or too many callers wait for it already.

    Attributes:
        retry_after: Seconds until it may take something again, or None.
    """

    escalatable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PrivacyModeError(RefusedError):
    """Privacy forbids sending this request to the only targets left."""


class TokenBudgetExceeded(RefusedError):
    """The request's input cap or the session's budget is spent."""


class PipelineError(RefusedError):
    """A governance step refused the request.

    Attributes:
        step: Name of the pipeline step.
    """

    def __init__(self, message: str, *, step: str) -> None:
        super().__init__(message)
        self.step = step


class AccessDeniedError(RefusedError):
    """The caller's credential is missing, wrong, or not allowed here."""


class CallerLimitError(RefusedError):
    """The caller's own limit (requests or tokens per minute) is used up.

    Attributes:
        retry_after: Seconds until there is something again.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BudgetExceeded(RefusedError):
    """A budget of the settings has not so much left as the call may use.

    Attributes:
        budget: Name of the budget.
        unit: What it counts, "usd" or "tokens".
        limit: How much may be used.
        used: How much is, what running calls have reserved included.
        resets_at: Unix seconds at which it begins anew, or None: never.
        retry_after: Seconds until then, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        budget: str = "",
        unit: str = "usd",
        limit: float = 0.0,
        used: float = 0.0,
        resets_at: float | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.budget = budget
        self.unit = unit
        self.limit = limit
        self.used = used
        self.resets_at = resets_at
        self.retry_after = retry_after


class TargetTooDear(BudgetExceeded):
    """The budget has not so much left as this target would cost, or is one for this target alone: another may fit."""

    escalatable = True


class DaemonDeniedError(RefusedError):
    """The daemon that is asked first refuses the request; asking elsewhere would go round its policy."""


class DaemonRateLimitedError(RefusedError):
    """The daemon that is asked first takes no more for now.

    Attributes:
        retry_after: Seconds until it may.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EmbeddingUnavailableError(RefusedError):
    """No embedding provider is configured or was detected."""


class SettingsError(RefusedError):
    """The configuration is wrong.

    Attributes:
        path: Dotted path of the setting at fault ("providers.openai.timeouts.connect"), or "" for the whole.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


# -- Upstream: sent, and it failed there --------------------------------------------------------------------------------------------------------


class UpstreamError(LegionError):
    """Sent to a provider, and it failed there.

    Attributes:
        provider: Name of the provider instance, or None where it is not yet known.
        model: Model that was asked for.
        status: HTTP status of the answer, or None if none arrived.
        retry_after: Seconds the provider asked us to wait, or None.
    """

    escalatable = True

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.model = model
        self.status = status
        self.retry_after = retry_after


class AuthError(UpstreamError):
    """The provider rejects our credential (401, 403)."""


class AccountError(UpstreamError):
    """The account behind the credential is out of credit or quota: nothing on it will work until someone pays."""


class RateLimitError(UpstreamError):
    """The provider throttles us (429)."""

    retry_same_target = True


class ContextOverflow(UpstreamError):
    """The prompt exceeds the model's context window; a larger window may take it."""


class ModelUnavailableError(UpstreamError):
    """This account cannot use this model, or not for a request like this one; another target may. Says nothing about other models and requests."""


class ContentRefusedError(UpstreamError):
    """A content filter refused the prompt or the answer. Asking someone else is a policy, not a repair."""

    escalatable = False


class RequestRejectedError(UpstreamError):
    """The provider says that the request itself is wrong (400, 404, 422)."""

    escalatable = False


class ProviderError(UpstreamError):
    """The provider failed: 5xx, an unreadable body, an unexpected shape."""

    retry_same_target = True


class StreamBrokenError(ProviderError):
    """A stream was cut, or ended without its terminal frame. Nobody repeats it once the caller has seen content: see `actors.inference`."""


class WorkerLost(StreamBrokenError):
    """The worker of the fleet that had begun is gone, within a stream or before it. The others are well: nothing is held against the fleet."""


class ProviderDown(UpstreamError):
    """No answer arrived: connection refused, TLS failure; or see the two below."""


class ProviderReset(ProviderDown):
    """The connection stood and was lost before the answer: the server was restarted, or a keep-alive connection had died."""

    retry_same_target = True


class ProviderSilent(ProviderDown):
    """The provider let one of the attempt's time limits pass.

    Attributes:
        limit: connect, first_byte, first_content or gap (the fields of `TimeoutSettings`), or None where nobody knows.
    """

    def __init__(
        self,
        message: str,
        *,
        limit: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, provider=provider, model=model, status=status, retry_after=retry_after)
        self.limit = limit


class EscalationExhausted(UpstreamError):
    """Every candidate of the chain failed.

    Attributes:
        attempts: For every attempt, "provider/model: outcome: message".
    """

    escalatable = False

    def __init__(self, message: str, *, attempts: tuple[str, ...] = (), retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.attempts = attempts


# -- Store: what shall outlive the process ------------------------------------------------------------------------------------------------------


class StoreError(LegionError):
    """What is kept could not be kept, or read.

    Attributes:
        store: The file, or the server without its password; "memory" for none.
    """

    def __init__(self, message: str, *, store: str) -> None:
        super().__init__(message)
        self.store = store


class StoreUnavailable(StoreError):
    """The store cannot be used now; it is tried again by itself. What was to be kept was not, unless the message says that nobody knows."""

    def __init__(self, message: str, *, store: str) -> None:
        super().__init__(message, store=store)
        # A store that is gone is looked for every second.
        self.retry_after = 1.0


class StoreFull(StoreUnavailable):
    """No space is left where the store lies."""


class StoreReadOnly(StoreUnavailable):
    """The store may be read, but not written."""


class StoreInUse(StoreUnavailable):
    """Another process holds the store."""


class StoreCorrupt(StoreError):
    """The store is damaged, or is not ours at all. Nothing was changed in it."""


class StoreVersionError(StoreError):
    """A newer version of this program wrote the store. Nothing was changed in it."""


class StoreConflict(StoreError):
    """Somebody else has changed it meanwhile, or has taken its name."""


# -- Runtime: the actor system itself -----------------------------------------------------------------------------------------------------------


class RuntimeFault(LegionError):
    """The actor system could not do what it was asked."""


class MailboxFull(RuntimeFault):
    """The actor's mailbox is at its bound; the message was not queued."""

    escalatable = True

    def __init__(self, message: str, *, actor: str, capacity: int) -> None:
        super().__init__(message)
        self.actor = actor
        self.capacity = capacity
        # A full mailbox drains in well under a second or not at all; one second is the smallest Retry-After that HTTP can say.
        self.retry_after = 1.0


class DeadlineExceeded(RuntimeFault, TimeoutError):
    """The caller's deadline passed before there was an answer."""


class CancelledError(RuntimeFault):
    """The caller gave up (cancel(), a closed stream, a disconnected client)."""


class ActorCrashed(RuntimeFault):
    """The handler met a bug; the cause is chained and shown in the actor's snapshot.

    Attributes:
        actor: Name of the actor.
    """

    def __init__(self, message: str, *, actor: str) -> None:
        super().__init__(message)
        self.actor = actor


class ActorStopped(RuntimeFault):
    """The actor has stopped for good, or the message was still queued when it did."""

    def __init__(self, message: str, *, actor: str) -> None:
        super().__init__(message)
        self.actor = actor


class HostError(RuntimeFault):
    """A function that the host gave us failed: a tool, a retriever, a check. The cause is chained."""


class SkillStepError(HostError):
    """A step of a skill failed. The cause is chained.

    Attributes:
        step: Its name.
    """

    def __init__(self, message: str, *, step: str) -> None:
        super().__init__(message)
        self.step = step


class UnhandledMessage(RuntimeFault):
    """The actor has no handler for this type of message."""

    def __init__(self, message: str, *, actor: str) -> None:
        super().__init__(message)
        self.actor = actor


class AskCycle(RuntimeFault):
    """An ask would wait for itself.

    Attributes:
        path: Names of the actors along the ring, first and last the same.
    """

    def __init__(self, message: str, *, path: tuple[str, ...]) -> None:
        super().__init__(message)
        self.path = path


class StartFailed(RuntimeFault):
    """The system could not become ready; what had started has been stopped again."""


class SystemNotRunning(RuntimeFault):
    """The system is not started, draining, stopped or failed; the message says which."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ForkedProcess(SystemNotRunning):
    """The system belongs to the parent process: threads do not survive a fork. Start a new one in the child."""
