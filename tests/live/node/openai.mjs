// OpenAI's own client for JavaScript: what it reads goes to the test as JSON.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: process.argv[3], maxRetries: 0 });
const messages = [{ role: "user", content: "Say it back." }];
const tools = [
  { type: "function", function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } },
];
const seen = {};

seen.chat = await client.chat.completions.create({ model: "auto", messages });

seen.streamed = "";
const stream = await client.chat.completions.create({ model: "auto", messages, stream: true, stream_options: { include_usage: true } });
for await (const chunk of stream) {
  seen.streamed += chunk.choices[0]?.delta?.content ?? "";
  if (chunk.usage) seen.streamedUsage = chunk.usage;
}

const asked = [{ role: "user", content: "Please call weather" }];
seen.call = (await client.chat.completions.create({ model: "auto", messages: asked, tools })).choices[0];

const runner = client.chat.completions.stream({ model: "auto", messages: asked, tools });
seen.streamedCall = (await runner.finalChatCompletion()).choices[0];

const format = { type: "json_schema", json_schema: { name: "place", schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } };
seen.structured = JSON.parse((await client.chat.completions.create({ model: "auto", messages, response_format: format })).choices[0].message.content);

seen.response = (await client.responses.create({ model: "auto", input: "Say it back." })).output_text;
seen.responseEvents = [];
for await (const event of await client.responses.create({ model: "auto", input: "Say it back.", stream: true })) {
  seen.responseEvents.push(event.type);
}

seen.vector = (await client.embeddings.create({ model: process.argv[4], input: ["one", "two"] })).data.map((each) => each.embedding.length);
seen.models = (await client.models.list()).data.map((each) => each.id);

try {
  await client.chat.completions.create({ model: "auto", messages: [] });
} catch (error) {
  seen.refused = { name: error.constructor.name, status: error.status, param: error.param, id: Boolean(error.requestID) };
}
console.log(JSON.stringify(seen));
