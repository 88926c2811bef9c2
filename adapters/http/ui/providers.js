// Provider instances: their circuits, how busy and how fast they are.

import { byId, el, facts } from "./dom.js";
import { count, ms, tone } from "./format.js";

export function providers() {
  const parent = byId("provider-cards");
  const shown = new Map();
  return {
    update(seen) {
      const gone = new Set(shown.keys());
      for (const each of seen.providers) {
        gone.delete(each.name);
        if (!shown.has(each.name)) {
          shown.set(each.name, el("article", { "data-provider": each.name, tabindex: 0 }));
          parent.append(shown.get(each.name));
        }
        redraw(shown.get(each.name), each);
      }
      for (const name of gone) {
        shown.get(name).remove();
        shown.delete(name);
      }
    },
  };
}

function redraw(card, each) {
  const words = JSON.stringify(each);
  if (card.dataset.words === words) return;
  card.dataset.words = words;
  const circuit = el("span", { class: `badge ${tone(each.state)}` }, `circuit ${each.state.replace("_", " ")}`);
  card.replaceChildren(
    el("header", {}, el("h3", {}, each.name), circuit),
    el("p", { class: "muted" }, each.reason || `${each.kind}, tier ${each.tier}`),
    facts([
      ["stage", each.stage],
      ["probed again in", each.retry_after === null ? null : `${Math.ceil(each.retry_after)} s`],
      ["in flight", each.in_flight === null ? null : `${count(each.in_flight)} of ${count(each.concurrency)}`],
      ["in line", count(each.waiting), each.waiting ? "unsure" : null],
      ["median", ms(each.p50_ms)],
      ["95th percentile", ms(each.p95_ms)],
      ["models", `${count(each.models)} (${each.catalogue.replace("_", " ")})`],
      ["default model", each.default_model],
    ]),
  );
}
