// Talking to the gateway: with the key that was given, and with nobody else.

const KEY = "legion-key";

/** The gateway wants a key, or another one. */
export class KeyWanted extends Error {}

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

/** Ask, and return the response; a failure is an Error that says what the gateway said. */
export async function ask(path, { body = null, signal = null } = {}) {
  const headers = {};
  if (key.get()) headers.authorization = `Bearer ${key.get()}`;
  if (body !== null) headers["content-type"] = "application/json";
  const answer = await fetch(path, {
    method: body === null ? "GET" : "POST",
    body: body === null ? null : JSON.stringify(body),
    headers,
    signal,
    credentials: "omit",
  });
  if (answer.ok) return answer;
  const why = await reason(answer);
  if (answer.status === 401 || (answer.status === 403 && key.get())) throw new KeyWanted(why);
  throw new Error(why);
}

async function reason(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text).error.message;
  } catch {
    return `${answer.status} ${answer.statusText}`;
  }
}

/** Ask for data of the gateway's own API. */
export async function data(path) {
  return (await (await ask(path)).json()).data;
}

/** Yield the events of a stream as they come: { event, data }. EventSource would send no key. */
export async function* events(answer) {
  let rest = "";
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop();
    yield* blocks.map(parsed).filter(({ data }) => data !== "");
  }
}

function parsed(block) {
  const lines = block.split("\n");
  const field = (name) => lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length).trim());
  return { event: field("event:")[0] ?? "message", data: field("data:").join("\n") };
}
