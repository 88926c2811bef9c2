// The catalogue: every pair of instance and model, and what it can do.

import { data } from "./api.js";
import { byId, el, head, rows } from "./dom.js";
import { count, tone } from "./format.js";

export function models() {
  const table = byId("models-table");
  const filter = byId("models-filter");
  let offerings = [];
  head(table, [{ title: "model" }, { title: "provider" }, { title: "tier" }, { title: "window", number: true }, { title: "can" }, { title: "catalogue" }]);

  function show() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = offerings.filter((each) => words.every((word) => text(each).includes(word)));
    rows(table, found, ({ offering_id: id }) => id, cells);
    byId("models-count").textContent = `${count(found.length)} of ${count(offerings.length)}`;
  }

  filter.addEventListener("input", show);
  return {
    async refresh() {
      ({ offerings } = await data("api/llm/offerings"));
      byId("chat-models").replaceChildren(...offerings.map(({ offering_id: id }) => el("option", { value: id })));
      show();
    },
  };
}

const text = (each) => [each.id, each.provider, each.tier, each.family, ...each.capabilities].join(" ").toLowerCase();

function cells(each) {
  return [
    { text: each.id },
    { text: each.provider },
    { text: each.tier },
    { text: count(each.context_window), class: "number" },
    { text: each.capabilities.join(", "), class: "wide" },
    { text: each.catalogue.replace("_", " "), class: each.catalogue === "never_fetched" ? "muted" : tone(each.catalogue) },
  ];
}
