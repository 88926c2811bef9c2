"""Read an answer as it comes, under asyncio."""

import asyncio

import legion_llm


async def main() -> None:
    async with legion_llm.start({"providers": {"demo": {}}}) as legion:
        stream = legion.stream("Hello!")
        text = "".join([chunk.text async for chunk in stream])
        response = await stream.reply
        print(text == response.text, response.stop_reason)


asyncio.run(main())
