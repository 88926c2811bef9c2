// The first view: how it goes, in numbers and over time.

import { data } from "./api.js";
import { bars, frame, lines, marks } from "./charts.js";
import { byId, el } from "./dom.js";
import { clock, count, dollars, ms, rate } from "./format.js";

// Seconds of history that are kept, and requests whose latency is shown.
const KEPT = 300;
const REQUESTS = 300;
const HOURS = 24;

const TILES = {
  "requests per second": (_, now) => rate(now.requests),
  "failed per second": (_, now) => rate(now.failed),
  "under way": (seen) => count(seen.running.length),
  "median request": (seen) => ms(seen.requests.p50_ms) || "–",
  "95th percentile": (seen) => ms(seen.requests.p95_ms) || "–",
  "providers well": (seen) => `${seen.providers.filter(({ state }) => state === "closed").length} of ${seen.providers.length}`,
  "tokens per second": (_, now) => rate(now.tokens),
  "spent since the start": (seen) => dollars(seen.spend.cost_usd) + (seen.spend.unpriced ? " +" : ""),
};

export function overview() {
  const tiles = Object.fromEntries(Object.keys(TILES).map((name) => [name, el("dd")]));
  byId("tiles").append(...Object.entries(tiles).map(([name, value]) => el("div", {}, el("dt", {}, name), value)));
  const charts = byId("charts");
  const traffic = frame(charts, "Requests per second");
  const latency = frame(charts, "Latency of requests");
  const cost = frame(charts, "Cost by hour");
  const tokens = frame(charts, "Tokens per second");
  const history = [];

  async function refresh() {
    const [requests, usage] = await Promise.all([
      data(`api/llm/inspect/requests?most=${REQUESTS}`),
      data(`api/llm/inspect/usage?hours=${HOURS}`),
    ]);
    showLatency(latency, requests);
    showCost(cost, usage);
  }

  function update(seen, now) {
    history.push(now);
    if (history.length > KEPT) history.shift();
    for (const [name, tell] of Object.entries(TILES)) {
      const text = tell(seen, now);
      if (tiles[name].textContent !== text) tiles[name].textContent = text;
    }
    const over = (name) => history.map((each) => ({ at: each.at, value: each[name] }));
    traffic(`${rate(now.requests)} now, ${rate(now.failed)} of them failed (dashed)`, lines([over("requests"), over("failed")], rate));
    tokens(`${rate(now.tokens)} now`, lines([over("tokens")], rate));
  }

  return { update, refresh };
}

function showLatency(show, requests) {
  const points = requests.map((each) => ({
    at: each.began_at,
    value: each.seconds * 1000,
    failed: each.error !== null,
    title: `${clock(each.began_at)}: ${ms(each.seconds * 1000)}, ${each.error ?? each.outcome}`,
  }));
  const failed = points.filter((point) => point.failed).length;
  show(points.length ? `the last ${points.length}, ${failed} failed (red)` : "none yet", marks(points, ms));
}

function showCost(show, usage) {
  const now = Date.now();
  const hours = Array.from({ length: HOURS }, (_, back) => new Date(now - (HOURS - 1 - back) * 3_600_000));
  const costs = new Map();
  for (const { group, cost_usd: cost } of usage) costs.set(group[0], (costs.get(group[0]) ?? 0) + cost);
  const items = hours.map((hour) => {
    const value = costs.get(hour.toISOString().slice(0, 13)) ?? 0;
    const label = `${String(hour.getHours()).padStart(2, "0")}h`;
    return { label, value, title: `${label}: ${dollars(value)}` };
  });
  const total = items.reduce((sum, { value }) => sum + value, 0);
  show(`${dollars(total)} in ${HOURS} hours, as far as prices are known`, bars(items, dollars));
}
