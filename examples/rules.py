"""Rules and intents decide where a request goes, and say why."""

import legion_llm

DEMO = {"kind": "demo"}
SETTINGS = {
    "providers": {"house": DEMO, "vendor": {**DEMO, "tier": "frontier"}},
    "default_provider": "vendor",
    "routing": {
        "rules": [
            {"name": "thrift", "when": {"cost": "low"}, "then": {"provider": "house"}},
            {"name": "inside", "when": {"data": "customer"}, "constraint": "never_external"},
        ]
    },
}

with legion_llm.start(SETTINGS, environ={}) as legion:
    for intent in ({}, {"cost": "low"}, {"data": "customer"}):
        routing = legion.chat("Hello!", intent=intent).get(timeout=10).routing
        print(f"{routing.provider} by {routing.rule or routing.strategy}")
    print(legion.route(intent={"data": "customer"}).get(timeout=10).rejected[0])
