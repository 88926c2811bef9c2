"""Each strategy by itself, and all together: shorter, never torn, and the same when it is done again."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.conversations.curator.curate import curations_of, recent_from, shown, source_of
from legion_llm.actors.conversations.curator.dedup import without_duplicates
from legion_llm.actors.conversations.curator.fold import MARK as SETTLED
from legion_llm.actors.conversations.curator.fold import folded
from legion_llm.actors.conversations.curator.superseded import without_superseded
from legion_llm.actors.conversations.curator.thinking import without_thinking
from legion_llm.actors.conversations.curator.tool_results import MARK, distilled
from legion_llm.actors.conversations.pairs import answers_of, calls_of
from legion_llm.messages.chat import ChatMessage
from legion_llm.messages.content import ImageBlock, TextBlock, ThinkingBlock, ToolResultBlock
from legion_llm.messages.settings import CurationSettings
from talk import answers, assistant, calls, stored, system, user

SETTINGS = CurationSettings(tool_result_max_chars=200, exchange_folding=True)


# -- reasoning


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("<think>hm</think>yes", "yes"),
        ("  <thinking>\nhm <b>\n</thinking>\n\nyes", "yes"),
        ("<THINK>a</THINK><reasoning>b</reasoning>yes", "yes"),
        ("# Thinking\nhm\nhm\n## Answer\nyes", "## Answer\nyes"),
    ],
)
def test_reasoning_at_the_beginning_of_an_answer_goes(said, left):
    assert without_thinking(assistant(said)).text == left


@pytest.mark.parametrize(
    "said",
    [
        "yes <think>hm</think>",
        "use `<think>hm</think>`",
        "<think>never closed yes",
        "<think>a</thinking>yes",
        "<think>only that</think>",
        "# Thinking\nnothing after it\n",
        "# Thoughts\nx\n# y",
        "",
    ],
)
def test_what_is_no_reasoning_at_the_beginning_stays(said):
    assert without_thinking(assistant(said)).text == said


def test_what_others_say_stays():
    assert without_thinking(user("<think>hm</think>yes")).text == "<think>hm</think>yes"
    assert without_thinking(answers("a", text="<think>x</think>y")) == answers("a", text="<think>x</think>y")


def test_blocks_of_reasoning_go_unless_nothing_would_be_left():
    both = ChatMessage(role="assistant", content=(ThinkingBlock(text="hm", signature="s"), TextBlock(text="yes")))
    alone = ChatMessage(role="assistant", content=(ThinkingBlock(text="hm"),))

    assert without_thinking(both).content == (TextBlock(text="yes"),)
    assert without_thinking(alone) == alone


@pytest.mark.parametrize("text", ["<think>" * 100_000, "# Thinking\n" + "x\n" * 200_000, "<think>" + "<" * 500_000])
def test_a_long_text_takes_no_longer_than_its_length(text):
    """Were it the square of its length, this would not end within the limit of any test."""
    assert without_thinking(assistant(text)).text == text


# -- tool results

LINES = "\n".join(f"src/file{number}.py: line" for number in range(50))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Read", "read 50 lines; first: 'src/file0.py: line'; last: 'src/file49.py: line'"),
        ("grep_search", "found 50 lines, 50 of them with a path"),
        ("bash", "ran with exit code 0; last lines:\nsrc/file47.py: line\nsrc/file48.py: line\nsrc/file49.py: line"),
        ("anything", f"50 lines, {len(LINES)} characters, beginning: {LINES[:100]}"),
    ],
)
def test_a_long_result_is_told_by_what_its_tool_does(name, told):
    short = distilled(answers("a", text=LINES), {"a": name}, 200).content[0].content

    assert short.startswith(f"{MARK} {told}"[:200])


def test_the_exit_code_is_told():
    text = "exit code: 127\n" + "x" * 300

    assert "exit code 127" in distilled(answers("a", text=text), {"a": "execute"}, 200).content[0].content


def test_the_name_in_the_result_counts_before_that_of_the_call():
    block = ToolResultBlock(tool_use_id="a", name="read_file", content=LINES)
    message = ChatMessage(role="tool", content=(block,))

    assert "read 50 lines" in distilled(message, {"a": "bash"}, 200).content[0].content


def test_a_short_result_stays_and_so_do_pictures():
    picture = ImageBlock(source="url", data="x")
    mixed = ChatMessage(
        role="tool", content=(ToolResultBlock(tool_use_id="a", content=(TextBlock(text=LINES), picture)),)
    )

    assert distilled(answers("a", text="x" * 200), {}, 200) == answers("a", text="x" * 200)
    assert distilled(mixed, {}, 200).content[0].content[1] is picture
    assert distilled(user(LINES), {}, 200) == user(LINES)


# -- superseded readings


def reads(call, path, **more):
    arguments = '{"file_path": "%s"%s}' % (path, "".join(f', "{name}": {value}' for name, value in more.items()))  # noqa: UP031
    return calls(call, name="read_file", arguments=arguments)


def test_of_several_readings_of_a_file_the_last_is_shown_and_the_pairs_stay():
    talk = [reads("a", "x"), answers("a", text="old"), reads("b", "x"), answers("b", text="new")]

    found = without_superseded(talk)

    assert [message.blocks[0].content for message in found if answers_of(message)] == ["[read again later: x]", "new"]
    assert [calls_of(message) for message in found] == [calls_of(message) for message in talk]


@pytest.mark.parametrize(
    "second",
    [
        [reads("b", "y"), answers("b")],
        [reads("b", "x", offset=10), answers("b")],
        [reads("b", "x"), answers("b", is_error=True)],
        [calls("b", name="write_file", arguments='{"file_path": "x"}'), answers("b")],
        [calls("b", name="read_file", arguments="no json"), answers("b")],
        [calls("b", name="read_file", arguments="[1]"), answers("b")],
    ],
)
def test_what_is_no_whole_reading_of_the_same_file_replaces_nothing(second):
    talk = (reads("a", "x"), answers("a", text="old"), *second)

    assert without_superseded(talk) == talk


# -- duplicates

LONG = "please look at the file with the settings of the server and tell me"


def test_of_messages_that_say_nearly_the_same_the_last_is_shown():
    talk = [user(LONG), assistant("done with it, as you have asked"), user(LONG + " now")]

    assert without_duplicates(talk, 0.85) == tuple(talk[1:])


@pytest.mark.parametrize(
    "talk",
    [
        (user("yes"), user("yes")),
        (user(LONG), assistant(LONG)),
        (user(LONG), user("something else entirely, which nobody has said before")),
        (system(LONG), system(LONG)),
        (calls("a", text=LONG), answers("a"), calls("b", text=LONG), answers("b")),
    ],
)
def test_what_is_short_or_different_or_more_than_text_stays(talk):
    assert without_duplicates(talk, 0.85) == talk


# -- folding


def test_a_settled_exchange_is_told_as_one_note():
    talk = [
        user("how?"),
        assistant("do you mean a or b?"),
        user("yes, a"),
        assistant("Understood: a it is."),
        user("go"),
    ]

    assert folded(talk) == (system(f"{SETTLED} Understood: a it is."), user("go"))


@pytest.mark.parametrize(
    "talk",
    [
        (user("how?"), assistant("like this"), user("and then?"), assistant("like that")),
        (user("how?"), assistant("a or b?"), user("yes"), calls("x", text="got it"), answers("x")),
        (user("how?"), assistant("a or b?"), user("yes, a"), assistant("x" * 600)),
        (user("how?"), assistant("understood")),
    ],
)
def test_what_is_not_settled_stays(talk):
    assert folded(talk) == talk


# -- together


def test_the_last_turns_begin_with_what_a_user_says():
    talk = [user("1"), calls("a"), answers("a"), assistant(), user("2"), assistant(), user("3")]

    assert recent_from(talk, 1) == 6
    assert recent_from(talk, 2) == 4
    assert recent_from(talk, 9) == 0
    tool_of_anthropic = attrs.evolve(answers("a"), role="user")
    assert recent_from([user("1"), calls("a"), tool_of_anthropic, assistant()], 1) == 0


def test_a_short_form_is_used_while_its_message_and_its_settings_are_the_same():
    log = stored(calls("a"), answers("a", text=LINES))
    short = curations_of(log, SETTINGS)

    assert [each.message_id for each in short] == ["m2"]
    assert MARK in shown(log, short, SETTINGS)[1].blocks[0].content
    assert shown(log, (), SETTINGS)[1] == log[1].message
    other = stored(calls("a"), answers("a", text=LINES + "!"))
    assert shown(other, short, SETTINGS)[1] == other[1].message
    assert shown(log, short, attrs.evolve(SETTINGS, tool_result_max_chars=300))[1] == log[1].message


def test_messages_themselves_are_never_changed():
    log = stored(assistant("<think>a</think>b"), calls("a"), answers("a", text=LINES))
    before = repr(log)

    shown(log, curations_of(log, SETTINGS), SETTINGS)

    assert repr(log) == before


def test_what_a_short_form_is_made_of_is_told_by_a_hash():
    assert source_of(user("a"), SETTINGS) != source_of(user("b"), SETTINGS)
    assert source_of(user("a"), SETTINGS) != source_of(assistant("a"), SETTINGS)
    assert len(source_of(user("lone \ud800"), SETTINGS)) == 64


def test_an_exchange_that_a_duplicate_had_parted_is_folded_at_once():
    log = stored(user("hi"), assistant("got it"), user(LONG), user(LONG + " now"), assistant("hi"))

    assert shown(log, (), SETTINGS) == (system(f"{SETTLED} hi"),)


TEXTS = st.sampled_from(
    ["hi", LONG, LONG + " now", "<think>x</think>yes", "got it", "# Thinking\nx\n# y\nz", "x" * 300]
)
PIECES = st.one_of(
    TEXTS.map(lambda text: [user(text)]),
    TEXTS.map(lambda text: [assistant(text)]),
    st.tuples(
        st.sampled_from(["read_file", "bash", "look"]), st.sampled_from(["x", "y"]), st.sampled_from(["ok", LINES])
    ),
    st.just([system("be kind")]),
)


def _talk(pieces):
    talk = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, tuple):
            name, path, text = piece
            talk += [
                calls(f"c{number}", name=name, arguments=f'{{"path": "{path}"}}'),
                answers(f"c{number}", text=text),
            ]
        else:
            talk += piece
    return talk


@given(st.lists(PIECES, max_size=12))
def test_curating_again_changes_nothing_and_no_pair_is_torn(pieces):
    log = stored(*_talk(pieces))

    once = shown(log, curations_of(log, SETTINGS), SETTINGS)

    again = stored(*once)
    assert shown(again, curations_of(again, SETTINGS), SETTINGS) == once
    made = {each for message in once for each in calls_of(message)}
    assert {each for message in once for each in answers_of(message)} == made
    assert [message for message in once if message.role == "system" and SETTLED not in message.text] == [
        each.message for each in log if each.message.role == "system"
    ]
