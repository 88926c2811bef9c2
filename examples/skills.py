"""A skill whose second step waits for the conversation's next turn."""

import legion_llm
from legion_llm import SkillContext, StepResult


class Deploy(legion_llm.Skill):
    """Asks before it does."""

    name = "deploy"
    trigger_words = ("deploy",)
    steps = ("ask", "carry_out")

    def ask(self, context: SkillContext) -> StepResult:
        plan = f"Show the plan for {context.text!r}, and ask whether to go on."
        return StepResult(inject=plan, gate="the user says yes")

    def carry_out(self, context: SkillContext) -> str:
        return f"The user said {context.text!r}: tell what was done."


host = legion_llm.Host(skills=[Deploy])
with legion_llm.start({"providers": {"demo": {}}}, environ={}, host=host) as legion:
    conversation = legion.conversation()
    for text in ("Deploy it, please.", "yes", "thanks"):
        response = legion.chat(text, conversation_id=conversation.id).get(timeout=10)
        for run in response.enrichments.get("skill:run", ()):
            print(run["skill"], "waits until" if run["gate"] else "is done", run["gate"] or "")
