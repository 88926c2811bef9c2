// The stream of overviews: read for as long as the page is open, begun anew when it ends.

import { ask, events, KeyWanted } from "./api.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** What happened per second between two overviews; their sums begin anew with the gateway. */
export function ratesBetween(before, after) {
  const seconds = before ? after.at - before.at : 0;
  const perSecond = (sum) => (seconds > 0 ? Math.max(0, sum(after) - sum(before)) / seconds : 0);
  return {
    at: after.at,
    requests: perSecond((each) => each.requests.ended),
    failed: perSecond((each) => each.requests.failed),
    tokens: perSecond((each) => each.spend.input_tokens + each.spend.output_tokens),
  };
}

/** Call `seen(overview, rates)` for each one, and `state(word, text)` as the connection comes and goes; `wanted()` resolves with a key. */
export async function watch({ seen, state, wanted }) {
  let before = null;
  let pause = FIRST_PAUSE;
  for (;;) {
    try {
      for await (const { data } of events(await ask("api/llm/inspect/live"))) {
        const overview = JSON.parse(data);
        state(overview.state === "ready" ? "good" : "bad", overview.state);
        seen(overview, ratesBetween(before, overview));
        before = overview;
        pause = FIRST_PAUSE;
      }
      state("bad", "the gateway has ended the stream");
    } catch (error) {
      if (error instanceof KeyWanted) {
        state("bad", "a key is wanted");
        await wanted(error.message);
        continue;
      }
      state("bad", `not connected: ${error.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}
