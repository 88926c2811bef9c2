"""Tools and the choice among them, on their way from every dialect that clients speak to every kind of provider; see `test_crossing_content.py`."""

from __future__ import annotations

CHAT, RESPONSES, ANTHROPIC, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini.generate"
OLLAMA = "ollama.chat"
KINDS = ("openai", "responses", "vllm", "anthropic", "gemini", "bedrock", "ollama")

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def tools(choice=None, *, parallel=None, named=None, **more):
    """A tool, and a choice: each dialect's word for it, or None where it has none."""
    choice = choice or {}
    function = {"name": "weather", "description": "Tell it.", "parameters": SCHEMA}
    said = {
        CHAT: {"tools": [{"type": "function", "function": {**function, **more}}]},
        RESPONSES: {"tools": [{"type": "function", **function, **more}]},
        ANTHROPIC: {"tools": [{"name": "weather", "description": "Tell it.", "input_schema": SCHEMA, **more}]},
        GEMINI: None
        if more or parallel is not None
        else {
            "tools": [
                {
                    "functionDeclarations": [
                        {"name": "weather", "description": "Tell it.", "parametersJsonSchema": SCHEMA}
                    ]
                }
            ]
        },
    }
    # Ollama's clients have no choice, and no field that others lack.
    said[OLLAMA] = said[CHAT] if not choice and not more and parallel is None else None
    for dialect, word in choice.items():
        key = "toolConfig" if dialect == GEMINI else "tool_choice"
        said[dialect] = {**said[dialect], key: word}
    if parallel is not None:
        said[CHAT] |= {"parallel_tool_calls": parallel}
        said[RESPONSES] |= {"parallel_tool_calls": parallel}
        said[ANTHROPIC] |= {"tool_choice": {"type": "auto", "disable_parallel_tool_use": not parallel}}
    return said


def choosing(word, mode, kind, *, names=()):
    """How each dialect says which tool shall be called."""
    names = {"allowedFunctionNames": list(names)} if names else {}
    return {
        CHAT: word,
        RESPONSES: {"type": "function", "name": "weather"} if isinstance(word, dict) else word,
        ANTHROPIC: kind,
        GEMINI: {"functionCallingConfig": {"mode": mode, **names}},
    }


def only(**said):
    """What some dialects say, and the others cannot."""
    names = {"chat": CHAT, "responses": RESPONSES, "anthropic": ANTHROPIC, "gemini": GEMINI, "ollama": OLLAMA}
    return {dialect: said.get(key) for key, dialect in names.items()}


def all_but(*kinds, **heard):
    """Cells for every kind of provider: `heard` by kind, for the others that it is lost."""
    return {kind: heard.get(kind, ("lost", kinds[0])) for kind in KINDS}


NAMED = {"type": "function", "function": {"name": "weather"}}
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Tell it.", "parameters": SCHEMA}}

TABLE = {
    "tools": {
        "said": tools(),
        "heard": {
            "openai": WEATHER,
            "responses": {"type": "function", "name": "weather", "description": "Tell it.", "parameters": SCHEMA},
            "vllm": WEATHER,
            "anthropic": {"name": "weather", "description": "Tell it.", "input_schema": SCHEMA},
            "gemini": {"name": "weather", "description": "Tell it.", "parametersJsonSchema": SCHEMA},
            "bedrock": {"toolSpec": {"name": "weather", "description": "Tell it.", "inputSchema": {"json": SCHEMA}}},
            "ollama": WEATHER,
        },
    },
    "tools held to their schemas": {
        "said": {**tools(strict=True), GEMINI: None},
        "heard": {
            "openai": {"function": {"name": "weather", "strict": True}},
            "responses": {"name": "weather", "strict": True},
            "vllm": {"function": {"name": "weather", "strict": True}},
            "anthropic": {"name": "weather", "strict": True},
            "gemini": ("lost", "strict tools were sent as ordinary ones"),
            "bedrock": {"toolSpec": {"name": "weather", "strict": True}},
            "ollama": ("lost", "strict tools were sent as ordinary ones"),
        },
    },
    "a tool marked for the prompt cache": {
        "said": {**tools(cache_control={"type": "ephemeral"}), CHAT: None, RESPONSES: None, GEMINI: None},
        "heard": all_but(
            "marks for the prompt cache",
            anthropic={"name": "weather", "cache_control": {"type": "ephemeral"}},
            bedrock={"cachePoint": {"type": "default"}},
        ),
    },
    "a field of a tool that only its vendor knows": {
        "said": {**tools(defer_loading=True), RESPONSES: None, CHAT: None, GEMINI: None},
        "heard": all_but("defer_loading of a tool was left out"),
    },
    "a tool may be called": {
        "said": tools(choosing("auto", "AUTO", {"type": "auto"})),
        "heard": {
            f"{RESPONSES} > responses": {"name": "weather"},
            "openai": {"tool_choice": "auto"},
            "responses": {"name": "weather"},
            "vllm": {"tool_choice": "auto"},
            "anthropic": {"tool_choice": {"type": "auto"}},
            "gemini": {"functionCallingConfig": {"mode": "AUTO"}},
            "bedrock": {"toolChoice": {"auto": {}}},
            "ollama": WEATHER,
        },
    },
    "no tool may be called": {
        "said": tools(choosing("none", "NONE", {"type": "none"})),
        "heard": {
            "openai": {"tool_choice": "none"},
            "responses": {"tool_choice": "none"},
            "vllm": {"tool_choice": "none"},
            "anthropic": {"tool_choice": {"type": "none"}},
            "gemini": {"functionCallingConfig": {"mode": "NONE"}},
            "bedrock": "Hi",
            "ollama": "Hi",
        },
    },
    "a tool must be called": {
        "said": tools(choosing("required", "ANY", {"type": "any"})),
        "heard": {
            "openai": {"tool_choice": "required"},
            "responses": {"tool_choice": "required"},
            "vllm": {"tool_choice": "required"},
            "anthropic": {"tool_choice": {"type": "any"}},
            "gemini": {"functionCallingConfig": {"mode": "ANY"}},
            "bedrock": {"toolChoice": {"any": {}}},
            "ollama": [WEATHER, ("lost", "cannot make the model call a tool")],
        },
    },
    "one tool must be called": {
        "said": tools(choosing(NAMED, "ANY", {"type": "tool", "name": "weather"}, names=["weather"])),
        "heard": {
            "openai": {"tool_choice": NAMED},
            "responses": {"tool_choice": {"type": "function", "name": "weather"}},
            "vllm": {"tool_choice": NAMED},
            "anthropic": {"tool_choice": {"type": "tool", "name": "weather"}},
            "gemini": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
            "bedrock": {"toolChoice": {"tool": {"name": "weather"}}},
            "ollama": [WEATHER, ("lost", "cannot make the model call a tool")],
        },
    },
    "one call a turn": {
        "said": tools(parallel=False),
        "heard": {
            "openai": {"parallel_tool_calls": False},
            "responses": {"parallel_tool_calls": False},
            "vllm": {"parallel_tool_calls": False},
            "anthropic": {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            "gemini": ("lost", "cannot limit a turn to one tool call"),
            "bedrock": ("lost", "cannot limit a turn to one tool call"),
            "ollama": ("lost", "cannot limit a turn to one tool call"),
        },
    },
    "a tool that its vendor runs": {
        "said": only(
            chat={"tools": [{"type": "custom", "custom": {"name": "grep"}}]},
            anthropic={"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
            gemini={"tools": [{"googleSearch": {}}]},
        ),
        "heard": dict.fromkeys(KINDS, ("refused", "tool")),
    },
    "a tool that its vendor runs, as an offer": {
        "said": only(responses={"tools": [{"type": "web_search"}]}),
        "heard": dict.fromkeys(KINDS, ("lost", "tool 'web_search' of openai.responses was left out")),
    },
    "a choice that only its vendor knows": {
        "said": only(
            chat={**tools()[CHAT], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}},
            responses={**tools()[RESPONSES], "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []}},
            gemini={**tools()[GEMINI], "toolConfig": {"retrievalConfig": {"languageCode": "de"}}},
        ),
        "heard": all_but("tool_choice was left out|toolConfig was left out"),
    },
}


def test_tools_arrive_or_are_told_to_be_lost_or_are_refused(crossed, row, source, target):
    assert crossed(row, source, target)


def test_no_cell_is_missing(is_whole):
    assert is_whole(TABLE)
