// Anthropic's own client for JavaScript: what it reads goes to the test as JSON.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: process.argv[2], apiKey: process.argv[3], maxRetries: 0 });
const asked = { model: "auto", max_tokens: 200, messages: [{ role: "user", content: "Say it back." }] };
const tools = [{ name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } }];
const calling = { ...asked, messages: [{ role: "user", content: "Please call weather" }], tools };
const seen = {};

seen.message = await client.messages.create(asked);

const stream = client.messages.stream(asked);
seen.streamed = "";
stream.on("text", (text) => (seen.streamed += text));
seen.final = await stream.finalMessage();

seen.call = await client.messages.create(calling);
seen.streamedCall = await client.messages.stream(calling).finalMessage();

const called = seen.call.content.find((block) => block.type === "tool_use");
seen.afterResult = await client.messages.create({
  ...calling,
  messages: [
    ...calling.messages,
    { role: "assistant", content: seen.call.content },
    { role: "user", content: [{ type: "tool_result", tool_use_id: called.id, content: "Sunny." }] },
  ],
});

seen.count = (await client.messages.countTokens({ model: "auto", messages: asked.messages })).input_tokens;
seen.models = (await client.models.list()).data.map((each) => each.id);

try {
  await client.messages.create({ ...asked, messages: [] });
} catch (error) {
  seen.refused = { name: error.constructor.name, status: error.status, type: error.error?.error?.type };
}
console.log(JSON.stringify(seen));
