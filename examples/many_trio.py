"""Ask many things at once, under trio."""

import legion_llm
import trio


async def main() -> None:
    async with legion_llm.start({"providers": {"demo": {}}}) as legion:
        answers: list[str] = []

        async def ask(number: int) -> None:
            answers.append((await legion.chat(f"Number {number}")).text)

        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(ask, number)
        print(len(answers))


trio.run(main)
