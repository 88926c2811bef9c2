// The tree of actors, live.

import { byId, head, rows } from "./dom.js";
import { count, ms, tone } from "./format.js";

const COLUMNS = [
  { title: "actor" },
  { title: "state" },
  { title: "waiting", number: true },
  { title: "oldest", number: true },
  { title: "handled", number: true },
  { title: "median", number: true },
  { title: "99th", number: true },
  { title: "crashes", number: true },
  { title: "restarts", number: true },
  { title: "last error" },
];

export function actors() {
  const table = byId("actors-table");
  head(table, COLUMNS);
  return {
    update: (seen) => rows(table, seen.actors, ({ path }) => path, cells),
  };
}

function cells(actor) {
  const name = { text: actor.path.split("/").pop() || "root", class: `depth-${Math.min(actor.depth, 3)}`, title: actor.path };
  const state = { text: actor.state, class: tone(actor.state) };
  if (actor.is_supervisor) return [name, state, ...COLUMNS.slice(2).map(() => ({ text: "" }))];
  return [
    name,
    state,
    { text: count(actor.waiting), class: actor.waiting ? "number unsure" : "number" },
    { text: actor.waiting ? ms(actor.oldest_ms) : "", class: "number" },
    { text: count(actor.handled), class: "number" },
    { text: ms(actor.handler_p50_us / 1000), class: "number" },
    { text: ms(actor.handler_p99_us / 1000), class: "number" },
    { text: count(actor.crashes), class: actor.crashes ? "number bad" : "number" },
    { text: count(actor.restarts), class: actor.restarts ? "number bad" : "number" },
    { text: actor.last_error ?? "", class: "wide" },
  ];
}
