// Requests under way and ended; one of them closely: what it did when, and why it went where it went.

import { data } from "./api.js";
import { byId, el, facts, head, rows, svg } from "./dom.js";
import { clock, ms, tone } from "./format.js";

const MOST = 100;

export function requests() {
  const table = byId("requests-table");
  const panel = byId("request");
  let ended = [];
  let running = [];
  // Whether the opened one was under way when it was last looked at.
  let followed = false;
  head(table, [{ title: "request" }, { title: "began" }, { title: "state" }, { title: "took", number: true }, { title: "target" }, { title: "step or error" }, { title: "caller" }]);

  const choose = (id) => {
    location.hash = `requests/${id}`;
  };

  function show(at) {
    const ids = new Set(running.map(({ request_id: id }) => id));
    const items = [
      ...running.map((each) => ({ ...each, state: "running", began_at: at - each.seconds })),
      ...ended.filter(({ request_id: id }) => !ids.has(id)).map((each) => ({ ...each, state: each.outcome })),
    ];
    rows(table, items, ({ request_id: id }) => id, (each) => cells(each, choose));
    for (const row of table.tBodies[0].rows) row.setAttribute("aria-selected", String(row.dataset.key === panel.dataset.id));
  }

  async function open(id) {
    if (panel.dataset.id !== id) {
      panel.dataset.id = id;
      panel.hidden = false;
      panel.replaceChildren(title(id, close), el("div"));
      panel.focus({ preventScroll: true });
      show(Date.now() / 1000);
    }
    let told;
    try {
      const request = await data(`api/llm/inspect/requests/${encodeURIComponent(id)}`);
      followed = request.is_running;
      told = details(request);
    } catch (error) {
      told = [el("p", { class: "muted" }, error.message)];
    }
    // Another one may have been opened meanwhile; of this one, the head stays as it is, and the focus with it.
    if (panel.dataset.id === id) panel.lastChild.replaceChildren(...told);
  }

  function close() {
    panel.hidden = true;
    delete panel.dataset.id;
    location.hash = "requests";
  }

  return {
    open,
    update(seen) {
      running = seen.running;
      show(seen.at);
      if (panel.dataset.id && followed) open(panel.dataset.id);
    },
    async refresh() {
      ended = await data(`api/llm/inspect/requests?most=${MOST}`);
      show(Date.now() / 1000);
    },
  };
}

function cells(each, choose) {
  const routing = each.routing;
  const target = each.target ?? (routing ? `${routing.provider}/${routing.model}` : (each.answered_by ?? each.model ?? ""));
  const attempts = routing && routing.attempts > 1 ? `${routing.attempts} attempts` : "";
  return [
    { text: each.request_id, onclick: () => choose(each.request_id) },
    { text: clock(each.began_at) },
    { text: each.state, class: tone(each.state) },
    { text: ms(each.seconds * 1000), class: "number" },
    { text: target },
    { text: each.step ?? each.error ?? attempts },
    { text: each.caller ?? "" },
  ];
}

function title(id, close) {
  return el("header", {}, el("h3", {}, id), el("button", { type: "button", class: "quiet", onclick: close }, "Close"));
}

function details(request) {
  const routing = request.routing;
  return [
    facts([
      ["state", request.is_running ? "running" : request.outcome, tone(request.is_running ? "running" : request.outcome)],
      ["error", request.error],
      ["took", ms(request.seconds * 1000)],
      ["answered by", routing ? `${routing.provider}/${routing.model} (${routing.tier})` : request.answered_by],
      ["caller", request.caller ? `${request.caller} (${request.profile})` : request.profile],
      ["conversation", request.conversation_id],
      ["trace", request.trace_id],
    ]),
    ...(routing ? route(routing) : []),
    ...steps(request),
    ...events(request),
    ...list("Warnings", request.warnings),
  ];
}

function route(routing) {
  const by = routing.rule ? `rule ${routing.rule}` : routing.strategy;
  return [
    el("h4", {}, "Why it went there"),
    el("p", {}, `Chosen by ${by}; candidates, best first: ${routing.candidates.map(({ instance, model }) => `${instance}/${model}`).join(", ") || "none"}.`),
    ...(routing.chain.length > 1 || routing.attempts > 1 ? list("Attempts", routing.chain) : []),
    ...list("Left out", routing.reasons),
  ];
}

function list(title, texts) {
  if (!texts || texts.length === 0) return [];
  return [el("h4", {}, title), el("ul", { class: "reasons" }, ...texts.map((text) => el("li", {}, text)))];
}

/** Steps as bars over the time of the whole request: each begins where the one before ended. */
function steps(request) {
  const whole = Math.max(request.seconds, 1e-9);
  let at = 0;
  const items = request.steps.map(([name, seconds]) => {
    const bar = svg("rect", { x: `${(at / whole) * 100}%`, width: `${Math.max((seconds / whole) * 100, 0.5)}%`, height: "100%" });
    at += seconds;
    return el("li", {}, el("span", {}, name), svg("svg", { "aria-hidden": "true" }, bar), el("span", { class: "number" }, ms(seconds * 1000)));
  });
  return items.length ? [el("h4", {}, "Steps"), el("ol", { class: "steps" }, ...items)] : [];
}

function events(request) {
  const items = request.events.map((event) => {
    const words = [event.source, event.target && `→ ${event.target}`, event.detail].filter(Boolean).join(" ");
    return el("li", {}, el("span", { class: "muted number" }, ms(event.at * 1000)), el("span", {}, el("strong", {}, event.key), ` ${words}`));
  });
  if (request.events_dropped) items.push(el("li", {}, el("span"), el("span", { class: "muted" }, `${request.events_dropped} more were not kept`)));
  return items.length ? [el("h4", {}, "Timeline"), el("ol", { class: "events" }, ...items)] : [];
}
