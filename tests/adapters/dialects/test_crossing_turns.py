"""Turns of a model and of its tools, on their way from every dialect that clients speak to every kind of provider; see `test_crossing_content.py`."""

from __future__ import annotations

CHAT, RESPONSES, ANTHROPIC, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini.generate"
OLLAMA = "ollama.chat"
MARK = {"type": "ephemeral"}
HI = {"role": "user", "content": "Hi"}


def history(call_id="call_1", *, chat_result="18 C", output="18 C", block=None, part=None, images=None):
    """A question, a call, and its result."""
    args = '{"city": "Paris"}'
    function = {"type": "function", "id": call_id, "function": {"name": "weather", "arguments": args}}
    item = {"type": "function_call", "call_id": call_id, "name": "weather", "arguments": args}
    called = {"name": "weather", "arguments": {"city": "Paris"}}
    use = {"type": "tool_use", "id": call_id, "name": "weather", "input": {"city": "Paris"}}
    answer = {"id": call_id, "name": "weather", "response": {"output": "18 C"}, **(part or {})}
    return {
        CHAT: chat_result
        and {
            "messages": [
                HI,
                {"role": "assistant", "content": None, "tool_calls": [function]},
                {"role": "tool", "tool_call_id": call_id, "content": chat_result},
            ]
        },
        RESPONSES: output
        and {"input": [HI, item, {"type": "function_call_output", "call_id": call_id, "output": output}]},
        ANTHROPIC: {
            "messages": [
                HI,
                {"role": "assistant", "content": [use]},
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": call_id, "content": "18 C", **(block or {})}],
                },
            ]
        },
        GEMINI: {
            "contents": [
                {"role": "user", "parts": [{"text": "Hi"}]},
                {
                    "role": "model",
                    "parts": [{"functionCall": {"id": call_id, "name": "weather", "args": {"city": "Paris"}}}],
                },
                {"role": "user", "parts": [{"functionResponse": answer}]},
            ]
        },
        OLLAMA: {
            "messages": [
                HI,
                {"role": "assistant", "content": "", "tool_calls": [{"id": call_id, "function": called}]},
                {"role": "tool", "content": "18 C", "tool_name": "weather", "tool_call_id": call_id, **(images or {})},
            ]
        },
    }


DECLARED = ("lost", "tools of earlier turns were declared again")
ODD_ID = "functions.weather:0"
PLAIN_ODD_ID = "legion_ZnVuY3Rpb25zLndlYXRoZXI6MA"


def everywhere(*cell):
    """The same cell for every kind of provider."""
    return {kind: list(cell) for kind in ("openai", "responses", "vllm", "anthropic", "gemini", "bedrock", "ollama")}


def answered(*, message=None, items=None, blocks=None, parts=None, own=None):
    """A question, what a model has answered, and another question."""
    return {
        CHAT: message and {"messages": [HI, {"role": "assistant", **message}, HI]},
        RESPONSES: items and {"input": [HI, *items, HI]},
        ANTHROPIC: blocks and {"messages": [HI, {"role": "assistant", "content": blocks}, HI]},
        OLLAMA: own and {"messages": [HI, {"role": "assistant", **own}, HI]},
        GEMINI: parts
        and {
            "contents": [
                {"role": "user", "parts": [{"text": "Hi"}]},
                {"role": "model", "parts": parts},
                {"role": "user", "parts": [{"text": "Hi"}]},
            ]
        },
    }


FOREIGN = ("lost", "reasoning of another model was left out")
SEALED = ("lost", "signed or encrypted reasoning was left out")
PNG = "iVBORw0KGgo="
PNG_URL = f"data:image/png;base64,{PNG}"
SHOWN = ("lost", "what a tool showed stands after its result")
AS_USER = [
    {"role": "tool", "tool_call_id": "call_1"},
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG_URL}}]},
    SHOWN,
]

TABLE = {
    "calls and results": {
        "said": history(),
        "heard": {
            "openai": [
                {"id": "call_1", "function": {"name": "weather"}},
                {"role": "tool", "tool_call_id": "call_1", "content": "18 C"},
            ],
            "responses": [
                {"type": "function_call", "call_id": "call_1", "name": "weather"},
                {"type": "function_call_output", "call_id": "call_1", "output": "18 C"},
            ],
            "vllm": [
                {"id": "call_1", "function": {"name": "weather"}},
                {"role": "tool", "tool_call_id": "call_1", "content": "18 C"},
            ],
            "anthropic": [
                {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Paris"}},
                {"type": "tool_result", "tool_use_id": "call_1", "content": "18 C"},
            ],
            "gemini": [
                {"functionCall": {"id": "call_1", "name": "weather", "args": {"city": "Paris"}}},
                {"functionResponse": {"id": "call_1", "name": "weather", "response": {"output": "18 C"}}},
            ],
            "bedrock": [
                {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Paris"}}},
                {"toolResult": {"toolUseId": "call_1", "content": [{"text": "18 C"}]}},
                DECLARED,
            ],
            "ollama": [
                {"id": "call_1", "function": {"name": "weather", "arguments": {"city": "Paris"}}},
                {"role": "tool", "content": "18 C", "tool_name": "weather", "tool_call_id": "call_1"},
            ],
        },
    },
    "ids of a maker who uses other signs": {
        "said": history(ODD_ID),
        "heard": {
            "openai": [{"id": ODD_ID}, {"tool_call_id": ODD_ID}],
            "responses": {"type": "function_call_output", "call_id": ODD_ID},
            "vllm": [{"id": ODD_ID}, {"tool_call_id": ODD_ID}],
            "anthropic": [{"id": PLAIN_ODD_ID}, {"tool_use_id": PLAIN_ODD_ID}],
            "gemini": [{"functionCall": {"id": ODD_ID}}, {"functionResponse": {"id": ODD_ID}}],
            "bedrock": [
                {"toolUse": {"toolUseId": PLAIN_ODD_ID}},
                {"toolResult": {"toolUseId": PLAIN_ODD_ID}},
                DECLARED,
            ],
            "ollama": [{"id": ODD_ID}, {"tool_call_id": ODD_ID}],
            f"{ANTHROPIC} > anthropic": [{"id": PLAIN_ODD_ID}, {"tool_use_id": PLAIN_ODD_ID}],
        },
    },
    "a tool that failed": {
        "said": {
            **history(block={"is_error": True}, part={"response": {"error": "18 C"}}),
            CHAT: None,
            RESPONSES: None,
            OLLAMA: None,
        },
        "heard": {
            "openai": ["18 C", ("lost", "that a tool failed")],
            "responses": ["18 C", ("lost", "that a tool failed")],
            "vllm": ["18 C", ("lost", "that a tool failed")],
            "anthropic": {"tool_use_id": "call_1", "is_error": True},
            "gemini": {"functionResponse": {"response": {"error": "18 C"}}},
            "bedrock": [{"toolResult": {"toolUseId": "call_1", "status": "error"}}, DECLARED],
            "ollama": ["18 C", ("lost", "that a tool failed")],
        },
    },
    "a mark for the prompt cache on a result": {
        "said": {**history(block={"cache_control": MARK}), CHAT: None, RESPONSES: None, GEMINI: None, OLLAMA: None},
        "heard": {
            "openai": ("lost", "marks for the prompt cache"),
            "responses": ("lost", "marks for the prompt cache"),
            "vllm": ("lost", "marks for the prompt cache"),
            "anthropic": {"tool_use_id": "call_1", "cache_control": MARK},
            "gemini": ("lost", "marks for the prompt cache"),
            "bedrock": [{"cachePoint": {"type": "default"}}, DECLARED],
            "ollama": ("lost", "marks for the prompt cache"),
        },
    },
    "a picture from a tool": {
        "said": history(
            chat_result=[{"type": "image_url", "image_url": {"url": PNG_URL}}],
            output=[{"type": "input_image", "image_url": PNG_URL}],
            block={
                "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}]
            },
            part={"response": {}, "parts": [{"inlineData": {"mimeType": "image/png", "data": PNG}}]},
            images={"content": "", "images": [PNG]},
        ),
        "heard": {
            "openai": AS_USER,
            "responses": {"type": "function_call_output", "output": [{"type": "input_image", "image_url": PNG_URL}]},
            "vllm": AS_USER,
            "anthropic": {
                "tool_use_id": "call_1",
                "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}],
            },
            "gemini": {"inlineData": {"mimeType": "image/png", "data": PNG}},
            "bedrock": [
                {"toolResult": {"content": [{"image": {"format": "png", "source": {"bytes": PNG}}}]}},
                DECLARED,
            ],
            "ollama": {"role": "tool", "images": [PNG]},
        },
    },
    "reasoning that its maker has signed": {
        "said": answered(
            items=[
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "c2ln"},
                {"role": "assistant", "content": "42"},
            ],
            blocks=[{"type": "thinking", "thinking": "hm", "signature": "c2ln"}, {"type": "text", "text": "42"}],
            parts=[{"text": "hm", "thought": True, "thoughtSignature": "c2ln"}, {"text": "42"}],
        ),
        "heard": {
            **{
                f"{each} > responses": ["42", ("lost", "reasoning without an encrypted form")]
                for each in (ANTHROPIC, GEMINI)
            },
            "openai": ["42", SEALED],
            "responses": ["42", FOREIGN],
            "vllm": ["42", SEALED],
            "anthropic": ["42", FOREIGN],
            "gemini": ["42", FOREIGN],
            "bedrock": ["42", FOREIGN],
            "ollama": ["42", SEALED],
        },
    },
    "reasoning without a signature": {
        "said": answered(
            message={"reasoning_content": "hm", "content": "42"},
            items=[
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
                {"role": "assistant", "content": "42"},
            ],
            blocks=[{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "42"}],
            parts=[{"text": "hm", "thought": True}, {"text": "42"}],
            own={"content": "42", "thinking": "hm"},
        ),
        "heard": {
            f"{RESPONSES} > responses": ["42", ("lost", "reasoning without an encrypted form")],
            "openai": ["42", ("lost", "reasoning was left out: OpenAI takes none back")],
            "responses": ["42", ("lost", "reasoning without an encrypted form")],
            "vllm": {"role": "assistant", "reasoning_content": "hm", "content": "42"},
            "anthropic": ["42", FOREIGN],
            "gemini": ["42", FOREIGN],
            "bedrock": ["42", FOREIGN],
            "ollama": {"role": "assistant", "thinking": "hm", "content": "42"},
            f"{CHAT} > openai": ["42", ("lost", "reasoning was left out: OpenAI takes none back")],
            f"{ANTHROPIC} > anthropic": ["42", ("lost", "reasoning without a signature")],
        },
    },
    "a refusal in words": {
        "said": answered(
            message={"content": None, "refusal": "No."},
            items=[{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}],
        ),
        "heard": {
            "openai": "No.",
            "responses": "No.",
            "vllm": "No.",
            "anthropic": "No.",
            "gemini": "No.",
            "bedrock": "No.",
            "ollama": "No.",
            f"{CHAT} > openai": "No.",
            f"{CHAT} > vllm": "No.",
        },
    },
    "a picture that a model has made": {
        "said": answered(
            blocks=[
                {"type": "text", "text": "42"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
            ],
            parts=[{"text": "42"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}],
            own={"content": "42", "images": [PNG]},
            items=[
                {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PNG},
                {"role": "assistant", "content": "42"},
            ],
        ),
        "heard": {
            "openai": ["42", ("lost", "the image of an earlier answer was left out")],
            "responses": ["42", ("lost", "the image of an earlier answer was left out")],
            "vllm": ["42", ("lost", "the image of an earlier answer was left out")],
            "anthropic": ["42", ("lost", "the image of an earlier answer was left out")],
            "gemini": {"inlineData": {"data": PNG}},
            "bedrock": ["42", ("lost", "the image of an earlier answer was left out")],
            "ollama": {"role": "assistant", "images": [PNG]},
        },
    },
    "a block that only its vendor knows": {
        "said": answered(
            message={"content": [{"type": "text", "text": "42"}, {"type": "video_url", "video_url": {"url": "x"}}]},
            items=[
                {"type": "web_search_call", "id": "ws_1", "status": "completed"},
                {"role": "assistant", "content": "42"},
            ],
            blocks=[
                {"type": "text", "text": "42"},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
            ],
            parts=[{"text": "42"}, {"executableCode": {"language": "PYTHON", "code": "6 * 7"}}],
        ),
        "heard": everywhere(
            "42", ("lost", "(video_url|web_search_call|server_tool_use|executableCode) block of .* was left out")
        ),
    },
    "a field that only its vendor knows": {
        "said": answered(
            message={"content": "42", "weight": 0},
            blocks=[{"type": "text", "text": "42", "citations": [{"type": "char_location"}]}],
            parts=[{"text": "42", "videoMetadata": {"fps": 1}}],
            own={"content": "42", "weight": 0},
        ),
        "heard": everywhere(
            "42", ("lost", "(weight of a message|citations of a text block|videoMetadata of a text block) was left out")
        ),
    },
}


def test_turns_arrive_or_are_told_to_be_lost_or_are_refused(crossed, row, source, target):
    assert crossed(row, source, target)


def test_no_cell_is_missing(is_whole):
    assert is_whole(TABLE)
