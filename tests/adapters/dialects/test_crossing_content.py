"""What is in messages, on its way from every dialect that clients speak to every kind of provider: it arrives, or is told to be lost, or refused.

One row a feature. `said` is how clients say it, None where their dialect cannot. `heard` is what comes of it, by provider: a fragment of the body
that is sent, ("lost", words of the warning), ("refused", capability), or a list of these; what is different for one client stands under
"client > provider". In its own dialect everything goes out as it came.
"""

from __future__ import annotations

CHAT, RESPONSES, ANTHROPIC, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini.generate"
OLLAMA = "ollama.chat"
MARK = {"type": "ephemeral"}
HI = {"role": "user", "content": "Hi"}


def chat(*parts):
    return {"messages": [{"role": "user", "content": list(parts)}]}


def responses(*parts):
    return {"input": [{"role": "user", "content": list(parts)}]}


def gemini(*parts):
    return {"contents": [{"role": "user", "parts": list(parts)}]}


TABLE = {
    "system prompt": {
        "said": {
            CHAT: {"messages": [{"role": "system", "content": "Be brief."}, HI]},
            RESPONSES: {"instructions": "Be brief."},
            ANTHROPIC: {"system": "Be brief."},
            GEMINI: {"systemInstruction": {"parts": [{"text": "Be brief."}]}},
            OLLAMA: {"messages": [{"role": "system", "content": "Be brief."}, HI]},
        },
        "heard": {
            **{
                f"{each} > responses": {"input": [{"role": "system", "content": "Be brief."}, HI]}
                for each in (CHAT, OLLAMA)
            },
            "openai": {"role": "system", "content": "Be brief."},
            "responses": {"instructions": "Be brief."},
            "vllm": {"role": "system", "content": "Be brief."},
            "anthropic": {"system": "Be brief."},
            "gemini": {"systemInstruction": {"parts": [{"text": "Be brief."}]}},
            "bedrock": {"system": [{"text": "Be brief."}]},
            "ollama": {"role": "system", "content": "Be brief."},
        },
    },
    "developer": {
        "said": {
            CHAT: {"messages": [{"role": "developer", "content": "Be brief."}, HI]},
            RESPONSES: {"input": [{"role": "developer", "content": "Be brief."}, HI]},
            ANTHROPIC: None,
            GEMINI: None,
            OLLAMA: None,
        },
        "heard": {
            "openai": {"role": "developer", "content": "Be brief."},
            "responses": {"role": "developer", "content": "Be brief."},
            "vllm": {"role": "system", "content": "Be brief."},
            "anthropic": {"system": "Be brief."},
            "gemini": {"systemInstruction": {"parts": [{"text": "Be brief."}]}},
            "bedrock": {"system": [{"text": "Be brief."}]},
            "ollama": {"role": "system", "content": "Be brief."},
            f"{CHAT} > vllm": {"role": "system", "content": "Be brief."},
        },
    },
    "instructions between the turns": {
        "said": {
            CHAT: {"messages": [HI, {"role": "system", "content": "Be brief."}, HI]},
            RESPONSES: {"input": [HI, {"role": "system", "content": "Be brief."}, HI]},
            ANTHROPIC: {"messages": [HI, {"role": "system", "content": "Be brief."}, HI]},
            GEMINI: None,
            OLLAMA: {"messages": [HI, {"role": "system", "content": "Be brief."}, HI]},
        },
        "heard": {
            "openai": {"role": "system", "content": "Be brief."},
            "responses": {"role": "system", "content": "Be brief."},
            "vllm": {"role": "system", "content": "Be brief."},
            "anthropic": ["Be brief.", ("lost", "instructions between the turns became the user's words")],
            "gemini": ["Be brief.", ("lost", "instructions between the turns became the user's words")],
            "bedrock": ["Be brief.", ("lost", "instructions between the turns became the user's words")],
            "ollama": {"role": "system", "content": "Be brief."},
        },
    },
    "several parts": {
        "said": {
            CHAT: chat({"type": "text", "text": "A"}, {"type": "text", "text": "B"}),
            RESPONSES: responses({"type": "input_text", "text": "A"}, {"type": "input_text", "text": "B"}),
            ANTHROPIC: chat({"type": "text", "text": "A"}, {"type": "text", "text": "B"}),
            GEMINI: gemini({"text": "A"}, {"text": "B"}),
            OLLAMA: None,
        },
        "heard": {
            "openai": [[{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]],
            "responses": [[{"type": "input_text", "text": "A"}, {"type": "input_text", "text": "B"}]],
            "vllm": [[{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]],
            "anthropic": [[{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]],
            "gemini": [[{"text": "A"}, {"text": "B"}]],
            "bedrock": [[{"text": "A"}, {"text": "B"}]],
            "ollama": "AB",
        },
    },
    "mark for the prompt cache": {
        "said": {
            CHAT: chat({"type": "text", "text": "A", "cache_control": MARK}),
            RESPONSES: None,
            ANTHROPIC: chat({"type": "text", "text": "A", "cache_control": MARK}),
            GEMINI: None,
            OLLAMA: None,
        },
        "heard": {
            "openai": ["A", ("lost", "marks for the prompt cache")],
            "responses": ["A", ("lost", "marks for the prompt cache")],
            "vllm": ["A", ("lost", "marks for the prompt cache")],
            "anthropic": {"type": "text", "text": "A", "cache_control": MARK},
            "gemini": ["A", ("lost", "marks for the prompt cache")],
            "bedrock": [[{"text": "A"}, {"cachePoint": {"type": "default"}}]],
            "ollama": ["A", ("lost", "marks for the prompt cache")],
        },
    },
    "names of speakers": {
        "said": {
            CHAT: {"messages": [{"role": "user", "name": "ann", "content": "Hi"}]},
            RESPONSES: None,
            ANTHROPIC: None,
            GEMINI: None,
            OLLAMA: None,
        },
        "heard": {
            "openai": {"name": "ann"},
            "responses": ("lost", "names of messages"),
            "vllm": {"name": "ann"},
            "anthropic": ("lost", "names of messages"),
            "gemini": ("lost", "names of messages"),
            "bedrock": ("lost", "names of messages"),
            "ollama": ("lost", "names of messages"),
        },
    },
}


def test_content_arrives_or_is_told_to_be_lost_or_is_refused(crossed, row, source, target):
    assert crossed(row, source, target)


def test_no_cell_is_missing(is_whole):
    assert is_whole(TABLE)
