// Vercel's AI SDK through both of its providers: what it reads goes to the test as JSON.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [, , url, apiKey] = process.argv;
const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey });
const models = {
  chat: openai.chat("auto"),
  responses: openai.responses("auto"),
  messages: createAnthropic({ baseURL: `${url}/v1`, apiKey })("auto"),
};
const weather = tool({ inputSchema: z.object({ city: z.string() }), execute: async () => "Sunny." });
const seen = {};

for (const [name, model] of Object.entries(models)) {
  const options = { model, maxRetries: 0 };
  const whole = await generateText({ ...options, prompt: "Say it back." });
  const stream = streamText({ ...options, prompt: "Say it back." });
  let streamed = "";
  for await (const text of stream.textStream) streamed += text;
  const looped = await generateText({ ...options, prompt: "Please call weather", tools: { weather }, stopWhen: stepCountIs(3) });
  const asked = { role: "user", content: "Say it back." };
  const second = { role: "user", content: "And this." };
  const followed = await generateText({ ...options, messages: [asked, ...whole.response.messages, second] });
  seen[name] = {
    followed: followed.text,
    text: whole.text,
    usage: whole.usage,
    streamed,
    finish: await stream.finishReason,
    steps: looped.steps.map((step) => step.toolCalls.map((call) => call.toolName)),
    results: looped.steps.flatMap((step) => step.toolResults.map((each) => each.output)),
  };
}
console.log(JSON.stringify(seen));
