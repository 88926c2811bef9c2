"""What a model is shown of what was said: as it was said, curated, behind a summary, and never more than fits."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.conversations.compaction import (
    Plan,
    by_stopwords,
    compaction_of,
    plan,
    summary_message,
    transcript,
)
from legion_llm.actors.conversations.context import Past, context_of, is_long, old_part
from legion_llm.actors.conversations.curator.curate import curations_of
from legion_llm.actors.conversations.window import size_of
from legion_llm.messages.conversation import Compaction, Conversation
from legion_llm.messages.settings import ConversationSettings, CurationSettings
from talk import answers, assistant, calls, stored, user

SETTINGS = ConversationSettings(summarize_threshold=1000, target_tokens=500, preserve_recent=2)
CURATION = CurationSettings(target_context_tokens=100, tool_result_max_chars=200)
LOG = stored(
    *[
        user("one"),
        calls("a"),
        answers("a", text="x" * 4000),
        assistant("1"),
        user("two"),
        assistant("2"),
        user("three"),
    ]
)


def past(line=LOG, compaction=None, *, is_whole=True):
    head = Conversation(id="c", created_at=0.0, updated_at=0.0, count=max(each.seq for each in line) if line else 0)
    return Past(conversation=head, line=line, is_whole=is_whole, compaction=compaction)


def compaction(place, summary="so far"):
    return Compaction(up_to=place, up_to_id=f"m{place}", count=place, summary=summary, method="model", created_at=0.0)


def texts(context):
    return [message.text for message in context.messages]


def test_what_fits_is_shown_as_it_was_said():
    context = context_of(past(), None, CURATION, 10_000)

    assert context.messages == tuple(each.message for each in LOG)
    assert (context.left_out, context.is_whole, context.history) == (0, True, LOG)


def test_only_a_long_conversation_is_curated():
    assert is_long(past(), CURATION)
    assert not is_long(past(LOG[:1]), CURATION)
    assert not is_long(past(), attrs.evolve(CURATION, enabled=False))


def test_the_last_turns_are_shown_as_they_were_said():
    assert old_part(past(), CURATION) == LOG[:4]
    assert old_part(past(), attrs.evolve(CURATION, preserve_recent_turns=9)) == ()


def test_what_is_old_is_shown_in_short():
    curations = curations_of(old_part(past(), CURATION), CURATION)

    context = context_of(past(), curations, CURATION, 10_000)

    assert size_of(context.messages) < 200
    assert context.messages[4:] == tuple(each.message for each in LOG[4:])
    assert context.history == LOG


def test_what_does_not_fit_is_left_out_from_the_oldest_on():
    context = context_of(past(), None, CURATION, 60)

    assert texts(context) == ["two", "2", "three"]
    assert context.left_out == 4


def test_what_nobody_looked_at_is_counted_as_left_out():
    assert context_of(past(LOG[4:], is_whole=False), None, CURATION, 10_000).left_out == 4


def test_a_summary_stands_for_the_beginning():
    context = context_of(past(compaction=compaction(4)), None, CURATION, 10_000)

    assert texts(context) == ["[Summary of the first 4 messages of this conversation]\nso far", "two", "2", "three"]
    assert context.left_out == 0


def test_a_summary_of_what_is_older_than_what_is_at_hand_stands_before_it():
    context = context_of(past(LOG[5:], compaction(4), is_whole=False), None, CURATION, 10_000)

    assert len(context.messages) == 3
    assert context.left_out == 0


def test_where_not_even_the_summary_fits_what_was_said_last_counts():
    assert texts(context_of(past(compaction=compaction(4, "x" * 4000)), None, CURATION, 10)) == ["three"]


def test_the_summary_is_the_same_from_turn_to_turn():
    assert summary_message(compaction(4)) == summary_message(compaction(4))


# -- when to summarise, and what

TALK = stored(*[user("q" * 400) if number % 2 == 0 else assistant("a" * 400) for number in range(20)])


def test_a_short_conversation_is_not_summarised():
    assert plan(TALK[:4], None, SETTINGS) is None


def test_all_but_the_last_messages_of_a_long_one_are():
    planned = plan(TALK, None, SETTINGS)

    assert planned.older == TALK[:18]
    assert planned.max_tokens == 250


def test_a_call_is_not_parted_from_its_answer():
    log = stored(*[each.message for each in TALK[:17]], calls("a", "b"), answers("a"), answers("b"))

    assert plan(log, None, SETTINGS).older == log[:17]


def test_what_cannot_be_parted_is_not_summarised():
    log = stored(calls("a"), *[each.message for each in TALK], answers("a"))

    assert plan(log, None, SETTINGS) is None


def test_the_summary_before_goes_into_the_next_one():
    planned = plan(TALK, compaction(7, "much was said"), SETTINGS)

    made = compaction_of(planned, "short", "model", 5.0)
    assert transcript(attrs.evolve(planned, older=TALK[:1])).startswith("earlier: much was said\nuser: ")
    assert (made.up_to, made.up_to_id, made.count) == (18, "m18", 25)


def test_a_summary_that_is_too_long_is_cut():
    planned = Plan(older=TALK[:2], before=None, max_tokens=10)

    assert len(compaction_of(planned, "x" * 500, "model", 0.0).summary) == 40


def test_without_a_model_the_words_that_carry_most_stand_for_it():
    log = stored(user("The file is just very big"), calls("a", arguments='{"x": 1}'), answers("a", text="y" * 900))
    planned = Plan(older=log, before=None, max_tokens=400)

    summary = by_stopwords(planned)

    assert summary.startswith("user: file is big\nassistant: [called look")
    assert "y" * 400 in summary
    assert "y" * 401 not in summary


@pytest.mark.parametrize("tokens", [1, 7, 50])
def test_of_what_finds_no_room_the_end_counts(tokens):
    planned = Plan(older=stored(user("old " * 500), user("newest")), before=None, max_tokens=tokens)

    summary = by_stopwords(planned)

    assert len(summary) <= tokens * 4
    assert "newest".endswith(summary) or summary.endswith("newest")
