"""What the house knows goes into the prompt where it fits the question: a store of texts in a file, found by our own embeddings."""

import legion_llm

SETTINGS = {
    "providers": {"demo": {}},
    "embedding": {"provider": "demo"},
    "rag": {"min_confidence": 0.2},  # the demo model's vectors only know which words two texts share
}
knowledge = legion_llm.SqliteKnowledge("knowledge.db")

with legion_llm.start(SETTINGS, environ={}, host=legion_llm.Host(retriever=knowledge)) as legion:
    knowledge.use(legion)
    knowledge.add(
        legion_llm.Knowledge(content="The harbour opens at seven.", content_type="fact", source="harbour.md"),
        legion_llm.Knowledge(content="Bread is baked on Tuesdays.", content_type="fact", source="bakery.md"),
    )
    for question in ("When does the harbour open at weekends?", "Hello!"):
        found = legion.chat(question).get(timeout=10).enrichments.get("rag:context")
        print(found["sources"] if found else "nothing was looked up")
