"""A poor answer is not the last word: the next model is asked, and the response says so."""

import legion_llm

SETTINGS = {
    "providers": {"house": {"kind": "demo"}, "vendor": {"kind": "demo", "tier": "frontier"}},
    "default_provider": "house",
}
asked = []


def good_enough(response: legion_llm.Response) -> bool:
    asked.append(response.text)
    return len(asked) > 1  # the first answer does not please


with legion_llm.start(SETTINGS, environ={}) as legion:
    answer = legion.chat("Hello!", escalate=True, quality_threshold=1, quality_check=good_enough).get(timeout=10)
    print(answer.escalated, answer.final_resolution)
    for attempt in answer.escalation_history:
        print(attempt, *attempt.failures)
    print(legion.inspect("inference")["snapshot"]["escalations"]["by_reason"])
