// Ollama's client for JavaScript; prints what it saw as one line of JSON.
import { Ollama } from "ollama";

const [host, key] = process.argv.slice(2);
const client = new Ollama({ host, headers: { authorization: `Bearer ${key}` } });
const messages = [{ role: "user", content: "Say it back." }];
const tool = {
  type: "function",
  function: { name: "weather", description: "Tells it.", parameters: { type: "object", properties: {} } },
};
const seen = {};

seen.chat = await client.chat({ model: "demo", messages });
seen.streamed = "";
for await (const part of await client.chat({ model: "demo", messages, stream: true })) {
  seen.streamed += part.message.content;
  seen.last = part;
}
seen.generated = await client.generate({ model: "demo", prompt: "Say it back." });
const asked = [{ role: "user", content: "call weather" }];
seen.call = await client.chat({ model: "demo", messages: asked, tools: [tool] });
const result = { role: "tool", content: "Sunny.", tool_name: "weather" };
seen.afterResult = await client.chat({ model: "demo", messages: [...asked, seen.call.message, result], tools: [tool] });
seen.vectors = (await client.embed({ model: "demo", input: ["a", "b"] })).embeddings.length;
seen.models = (await client.list()).models.map((model) => model.name);
seen.capabilities = (await client.show({ model: "demo" })).capabilities;
try {
  await client.pull({ model: "demo" });
} catch (error) {
  seen.refused = { name: error.name, status: error.status_code, message: error.message };
}
console.log(JSON.stringify(seen));
