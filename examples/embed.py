"""Ask a model from a plain thread."""

import legion_llm

with legion_llm.start({"providers": {"demo": {}}}) as legion:
    response = legion.chat("Hello!").get(timeout=30)
    assert response.routing is not None
    print(response.routing.provider, response.stop_reason, response.usage.input_tokens > 0)
