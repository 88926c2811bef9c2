"""Joining a second answer to what was shown of a first, chunk by chunk."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.inference.attempts.seam import Seam
from legion_llm.actors.inference.attempts.shown import Recorder, Shown
from legion_llm.messages.chat import Chunk, ChunkKind, StopReason, Usage
from legion_llm.messages.content import OpaqueBlock
from legion_llm.messages.errors import CancelledError

KIND = ChunkKind
START = Chunk(kind=KIND.START, model="m")
END = Chunk(kind=KIND.END, stop_reason=StopReason.END_TURN)
USAGE = Chunk(kind=KIND.USAGE, usage=Usage(visible_output=1))
LONG = "The tide is the rise and fall of the sea, "


def opens(block=0, kind="text", **fields):
    return Chunk(kind=KIND.BLOCK_START, block=block, block_kind=kind, **fields)


def says(text, block=0, kind="text"):
    return Chunk(kind=KIND.DELTA, block=block, block_kind=kind, delta=text)


def stops(block=0, kind="text"):
    return Chunk(kind=KIND.BLOCK_STOP, block=block, block_kind=kind)


class Reader:
    def __init__(self):
        self.read = []

    async def send(self, chunk):
        self.read.append(chunk)

    @property
    def text(self):
        return "".join(chunk.text for chunk in self.read)


def shown_of(*chunks):
    shown = Shown()
    for chunk in chunks:
        shown.note(chunk)
    return shown


def sent(first, second, *, continues=False):
    """Let the first answer break off, and the second one go on; return the reader, the seam, and the error if there was one."""

    async def main():
        reader = Reader()
        recorder = Recorder(reader, Shown())
        for chunk in first:
            await recorder.send(chunk)
        seam = Seam(recorder, continues=continues)
        try:
            for chunk in second:
                await seam.send(chunk)
        except CancelledError as error:
            return reader, seam, error
        return reader, seam, None

    return trio.run(main)


def broken(*texts):
    return (START, opens(), *[says(text) for text in texts])


def whole(*texts, before=()):
    return (START, *before, opens(), *[says(text) for text in texts], stops(), USAGE, END)


# -- what was shown


def test_an_open_block_of_text_can_be_gone_on_with():
    shown = shown_of(*broken("he", "llo"))

    assert (shown.text, shown.is_open, shown.block, shown.next_block) == ("hello", True, 0, 1)


def test_reasoning_before_it_does_not_matter():
    thought = (opens(kind="thinking"), says("hm", kind="thinking"), stops(kind="thinking"))
    shown = shown_of(START, *thought, opens(1), says("hello", 1))

    assert (shown.text, shown.is_open, shown.next_block) == ("hello", True, 2)


@pytest.mark.parametrize(
    "chunks",
    [
        (),
        (START, opens()),
        (opens(kind="thinking"), says("hm", kind="thinking")),
        (*broken("a"), stops()),
        (*broken("a"), END),
        (*broken("a"), stops(), opens(1, "tool_use", tool_id="call_1")),
        (opens(0, "tool_use", tool_id="call_1"), says("{", kind="tool_use")),
        (*broken("a"), opens(1), says("b", 1)),
        (opens(0, "opaque", content=OpaqueBlock(dialect="x", raw={})), opens(1), says("b", 1)),
    ],
    ids=["nothing", "no text", "thoughts", "closed", "ended", "a call", "half a call", "two texts", "a picture"],
)
def test_everything_else_cannot(chunks):
    assert not shown_of(*chunks).is_open


def test_events_go_out_without_the_providers_own_bytes():
    raw = Chunk(kind=KIND.DELTA, block_kind="text", delta="he", raw=b"data: {}", raw_dialect="openai.chat")

    reader, _, _ = sent((raw,), ())

    assert reader.read == [says("he")]


# -- a fresh answer


@pytest.mark.parametrize(
    "pieces", [("hello world",), ("he", "llo", " world"), ("hello", " world"), tuple("hello world")]
)
def test_a_fresh_answer_with_the_same_beginning_is_joined_where_the_first_broke_off(pieces):
    reader, seam, error = sent(broken("he", "llo"), whole(*pieces))

    assert (reader.text, seam.way, error) == ("hello world", "joined", None)
    assert reader.read[:2] == [START, opens()]
    assert [chunk.kind for chunk in reader.read[-3:]] == [KIND.BLOCK_STOP, KIND.USAGE, KIND.END]
    assert sum(chunk.kind is KIND.BLOCK_START for chunk in reader.read) == 1


def test_a_fresh_answer_that_is_just_what_was_shown_is_joined_too():
    reader, seam, error = sent(broken("hello"), whole("hello"))

    assert (reader.text, seam.way, error) == ("hello", "joined", None)
    assert reader.read[-1] == END


@pytest.mark.parametrize("pieces", [("hallo world",), ("he", "LLO"), ("hell",), ("",), ()])
def test_another_answer_is_given_up_and_nothing_of_it_is_shown(pieces):
    reader, seam, error = sent(broken("hello"), whole(*pieces))

    assert seam.differs
    assert isinstance(error, CancelledError)
    assert reader.read == list(broken("hello"))


def test_the_second_answers_reasoning_is_left_out():
    thought = (opens(0, "thinking"), says("hm", 0, "thinking"), stops(0, "thinking"))
    second = (START, *thought, opens(1), says("hello you", 1), stops(1), END)

    reader, seam, _ = sent(broken("hello"), second)

    assert (reader.text, seam.way) == ("hello you", "joined")
    assert not [chunk for chunk in reader.read if chunk.block_kind == "thinking"]


def test_a_tool_call_after_the_text_gets_a_key_of_its_own():
    call = (opens(1, "tool_use", tool_id="call_1", tool_name="look"), says("{}", 1, "tool_use"), stops(1, "tool_use"))
    second = (START, opens(), says("hello you"), stops(), *call, END)
    first = (START, opens(3), says("hello", 3))

    reader, _, _ = sent(first, second)

    keys = [(chunk.kind, chunk.block) for chunk in reader.read if chunk.block_kind == "tool_use"]
    assert keys == [(KIND.BLOCK_START, 4), (KIND.DELTA, 4), (KIND.BLOCK_STOP, 4)]
    assert [chunk.block for chunk in reader.read if chunk.text] == [3, 3]


def test_a_tool_call_in_the_place_of_the_text_is_another_answer():
    second = (START, opens(0, "tool_use", tool_id="call_1"), says("{}", 0, "tool_use"), stops(0, "tool_use"), END)

    _, seam, error = sent(broken("hello"), second)

    assert seam.differs
    assert error is not None


# -- a text gone on with


def test_a_target_that_goes_on_is_passed_on():
    reader, seam, error = sent(broken(LONG), whole("caused", " by the moon."), continues=True)

    assert (reader.text, seam.way, error) == (LONG + "caused by the moon.", "continued", None)


@pytest.mark.parametrize(
    ("shown", "more", "whole_text"),
    [
        ("so it is, ", "then", "so it is, then"),
        ("so it is, ", " then", "so it is, then"),
        ("so it is,", " then", "so it is, then"),
        ("line\n\n", "\n\nnext", "line\n\nnext"),
        ("line\n\n", "\n next", "line\n\n next"),
        ("so it is, ", "  then", "so it is,  then"),
    ],
)
def test_blanks_at_the_seam_are_neither_lost_nor_doubled(shown, more, whole_text):
    reader, _, _ = sent(broken(shown), whole(*more), continues=True)

    assert reader.text == whole_text


def test_a_target_that_should_go_on_and_begins_anew_is_joined():
    reader, seam, _ = sent(broken(LONG), whole(LONG + "caused by the moon."), continues=True)

    assert (reader.text, seam.way) == (LONG + "caused by the moon.", "joined")


def test_what_only_begins_like_the_shown_text_is_no_new_beginning():
    reader, seam, _ = sent(broken(LONG), whole("The ", "tide pools are full."), continues=True)

    assert (reader.text, seam.way) == (LONG + "The tide pools are full.", "continued")


def test_a_short_text_may_be_repeated_by_chance():
    reader, seam, _ = sent(broken("ha"), whole("ha", "ha"), continues=True)

    assert (reader.text, seam.way) == ("hahaha", "continued")


def test_a_target_that_has_nothing_to_add_ends_the_answer():
    reader, seam, error = sent(broken(LONG), (START, USAGE, END), continues=True)

    assert (reader.text, seam.way, error) == (LONG, "continued", None)
    assert [chunk.kind for chunk in reader.read[-2:]] == [KIND.BLOCK_STOP, KIND.END]


def test_a_target_that_goes_on_with_a_tool_call_closes_the_text_first():
    call = (opens(0, "tool_use", tool_id="call_1"), says("{}", 0, "tool_use"), stops(0, "tool_use"))

    reader, _, _ = sent(broken(LONG), (START, *call, END), continues=True)

    kinds = [(chunk.kind, chunk.block_kind, chunk.block) for chunk in reader.read[3:]]
    assert kinds == [
        (KIND.BLOCK_STOP, "text", 0),
        (KIND.BLOCK_START, "tool_use", 1),
        (KIND.DELTA, "tool_use", 1),
        (KIND.BLOCK_STOP, "tool_use", 1),
        (KIND.END, None, 0),
    ]


# -- whatever comes

pieces = st.lists(st.text("ab \n", max_size=6), max_size=12)


@given(pieces, st.integers(0, 40), pieces)
def test_the_same_answer_cut_anywhere_is_told_once_and_whole(texts, cut, others):
    text = "".join(texts)
    head = text[:cut]
    if not head:
        return

    reader, seam, error = sent(broken(head), whole(*texts))

    assert (reader.text, seam.way, error) == (text, "joined", None)


@given(pieces, pieces)
def test_nobody_ever_reads_a_text_that_is_no_ones_answer(first, second):
    head, other = "".join(first), "".join(second)
    if not head:
        return

    reader, _, error = sent(broken(*first), whole(*second))

    assert reader.text == (other if other.startswith(head) else head)
    assert (error is None) == other.startswith(head)
