from __future__ import annotations

import copy
import inspect
import pickle

import pytest
from legion_llm.messages import errors
from legion_llm.runtime import ReplyTimeout

# A value for every field that some constructor takes.
FIELDS = {
    "param": "messages.0.content",
    "model": "gpt-4o",
    "provider": "openai/eu",
    "capability": "vision",
    "reasons": ("openai/gpt-4o: circuit open",),
    "retry_after": 2.5,
    "step": "rbac",
    "path": ("router", "health"),
    "status": 429,
    "attempts": ("openai/gpt-4o: throttled: slow down",),
    "limit": "first_byte",
    "actor": "router",
    "capacity": 10,
    "budget": "team",
    "unit": "usd",
    "used": 4.5,
    "resets_at": 1_700_000_000.0,
    "store": "/data/legion-llm.db",
}


def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


ERRORS = [errors.LegionError, *(cls for cls in subclasses(errors.LegionError) if cls.__module__ == errors.__name__)]


def fields_of(cls):
    if not inspect.isfunction(cls.__init__):
        return {}
    return {
        name: FIELDS[name]
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def drawn_tree():
    """Return child -> parent as the module's docstring draws it."""
    parents, branch = {}, []
    for line in errors.__doc__.splitlines():
        drawing, found, rest = line.partition("- ")
        if line.startswith("LegionError"):
            branch = ["LegionError"]
        elif found and branch and set(drawing) <= set(" |`"):
            del branch[1 + len(drawing) // 4 :]
            name = rest.split()[0]
            parents[name] = branch[-1]
            branch.append(name)
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes():
    real = {cls.__name__: cls.__bases__[0].__name__ for cls in ERRORS if cls is not errors.LegionError}

    assert drawn_tree() == real


@pytest.mark.parametrize("cls", [*ERRORS, ReplyTimeout])
def test_both_predicates_are_booleans_that_need_no_instance(cls):
    assert isinstance(cls.retry_same_target, bool)
    assert isinstance(cls.escalatable, bool)


@pytest.mark.parametrize("cls", [cls for cls in ERRORS if cls.retry_same_target])
def test_only_what_was_sent_may_be_repeated_at_the_same_target(cls):
    assert issubclass(cls, errors.UpstreamError)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("cls", [*ERRORS, ReplyTimeout])
def test_an_error_survives_pickle_with_its_fields(cls, protocol):
    error = cls("it went wrong", **fields_of(cls))

    copied = pickle.loads(pickle.dumps(error, protocol))

    assert (type(copied), copied.args, vars(copied)) == (cls, error.args, vars(error))


@pytest.mark.parametrize("copying", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("cls", ERRORS)
def test_an_error_can_be_copied(cls, copying):
    error = cls("it went wrong", **fields_of(cls))

    copied = copying(error)

    assert (type(copied), str(copied), vars(copied)) == (cls, "it went wrong", vars(error))


@pytest.mark.parametrize("cls", ERRORS)
def test_the_fields_of_an_error_are_its_attributes(cls):
    fields = fields_of(cls)

    error = cls("it went wrong", **fields)

    assert {name: getattr(error, name) for name in fields} == fields


@pytest.mark.parametrize("cls", ERRORS)
def test_the_message_of_an_error_is_its_text(cls):
    assert cls("it went wrong", **fields_of(cls)).message == "it went wrong"


def test_an_error_without_a_text_is_called_by_its_class():
    assert errors.LegionError().message == "LegionError"


@pytest.mark.parametrize("cls", ERRORS)
def test_every_error_can_say_when_to_come_back(cls):
    error = cls("it went wrong", **fields_of(cls))

    assert error.retry_after is None or error.retry_after > 0


def test_a_full_mailbox_asks_for_one_second():
    assert errors.MailboxFull("full", actor="router", capacity=1).retry_after == 1.0


def test_a_missed_deadline_is_a_timeout_to_those_who_know_only_python():
    assert issubclass(errors.DeadlineExceeded, TimeoutError)


def test_a_retry_after_of_one_error_says_nothing_about_the_others():
    errors.RateLimitError("slow down", retry_after=7.0)

    assert errors.RateLimitError("slow down").retry_after is None
    assert errors.LegionError.retry_after is None
