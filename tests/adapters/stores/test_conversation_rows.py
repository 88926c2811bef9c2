from __future__ import annotations

import pytest
from legion_llm.adapters.stores.conversation_rows import MESSAGE, conversation_row, message_of, message_row
from legion_llm.messages.chat import ChatMessage
from legion_llm.messages.conversation import Conversation, StoredMessage
from legion_llm.messages.errors import InvalidRequestError, StoreCorrupt


def said(**fields):
    return StoredMessage(**{"message": ChatMessage(content="hi"), "seq": 1, "id": "msg_1", "created_at": 1.0, **fields})


def test_a_row_is_a_message_again():
    assert message_of(message_row(said(metadata={"a": 1}))) == said(metadata={"a": 1})


@pytest.mark.parametrize("field", ["metadata", "state"])
def test_what_is_no_json_is_refused_by_its_name(field):
    with pytest.raises(InvalidRequestError) as caught:
        conversation_row(Conversation(id="c", created_at=1.0, updated_at=1.0, **{field: {"a": object()}}))

    assert caught.value.param == field


def test_a_message_that_json_cannot_say_is_refused():
    with pytest.raises(InvalidRequestError):
        message_row(said(message=ChatMessage(content="lone \ud800")))


@pytest.mark.parametrize("column", ["body", "metadata"])
def test_a_row_that_somebody_has_spoilt_is_told_by_its_id(column):
    row = list(message_row(said(metadata={"a": 1})))
    row[MESSAGE.index(column)] = "{no json"

    with pytest.raises(StoreCorrupt, match="msg_1"):
        message_of(tuple(row))
