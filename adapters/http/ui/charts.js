// Charts as SVG, drawn anew each time: a few hundred points at most. Each says in words, too, what it shows.

import { el, svg } from "./dom.js";

const WIDTH = 480;
const HEIGHT = 170;
const LEFT = 46;
const BOTTOM = 20;
const TOP = 8;

/** Put a chart's frame into the page; returns what shows things in it. */
export function frame(parent, title) {
  const note = el("span", { class: "muted" });
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  parent.append(el("figure", {}, el("figcaption", {}, el("span", {}, title), note), picture));
  return (text, drawn) => {
    note.textContent = text;
    picture.setAttribute("aria-label", `${title}: ${text}`);
    picture.replaceChildren(...drawn);
  };
}

const across = (share) => LEFT + share * (WIDTH - LEFT - 4);
const up = (share) => HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);

/** Lines over time: series are lists of { at, value }; `text` writes a value. */
export function lines(series, text) {
  const points = series.flat();
  const most = Math.max(nice(Math.max(0, ...points.map(({ value }) => value))), Number.MIN_VALUE);
  const [first, last] = range(points.map(({ at }) => at));
  const paths = series.map((each, index) => {
    const path = each.map(({ at, value }) => `${across((at - first) / (last - first)).toFixed(1)},${up(value / most).toFixed(1)}`);
    return svg("polyline", { class: `line series-${index + 1}`, points: path.join(" ") });
  });
  return [...axis([0, most / 2, most], (value) => value / most, text), ...times(first, last), ...paths];
}

/** Marks over time, the value on a logarithmic scale: { at, value, failed, title }. */
export function marks(points, text) {
  if (points.length === 0) return axis([], () => 0, text);
  const [first, last] = range(points.map(({ at }) => at));
  const [low, high] = decades(points.map(({ value }) => value));
  const share = (value) => (Math.log10(Math.max(value, low)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low));
  const steps = [];
  for (let step = low; step <= high * 1.001; step *= 10) steps.push(step);
  const shown = points.map(({ at, value, failed, title }) =>
    svg(
      "ellipse",
      { class: failed ? "mark failed" : "mark", cx: across((at - first) / (last - first)).toFixed(1), cy: up(share(value)).toFixed(1), rx: 3, ry: 3 },
      svg("title", {}, title),
    ),
  );
  return [...axis(steps.filter((_, index) => steps.length <= 5 || index % 2 === 0), share, text), ...times(first, last), ...shown];
}

/** A bar for each of { label, value, title }. */
export function bars(items, text) {
  const most = Math.max(nice(Math.max(0, ...items.map(({ value }) => value))), Number.MIN_VALUE);
  const width = 1 / Math.max(items.length, 1);
  const shown = items.map(({ value, title }, index) =>
    svg(
      "rect",
      {
        class: "bar",
        x: across(index * width + width * 0.1).toFixed(1),
        width: ((WIDTH - LEFT - 4) * width * 0.8).toFixed(1),
        y: up(value / most).toFixed(1),
        height: (HEIGHT - BOTTOM - up(value / most)).toFixed(1),
      },
      svg("title", {}, title),
    ),
  );
  const labels = items
    .map(({ label }, index) => svg("text", { x: across((index + 0.5) * width), y: HEIGHT - 5, "text-anchor": "middle" }, label))
    .filter((_, index) => index % Math.ceil(items.length / 8) === 0);
  return [...axis([0, most / 2, most], (value) => value / most, text), ...shown, ...labels];
}

function axis(values, share, text) {
  return values.flatMap((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: up(share(value)), y2: up(share(value)) }),
    svg("text", { x: LEFT - 6, y: up(share(value)) + 4, "text-anchor": "end" }, text(value)),
  ]);
}

function times(first, last) {
  const word = (at) => new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return [
    svg("text", { x: LEFT, y: HEIGHT - 5 }, word(first)),
    svg("text", { x: WIDTH - 2, y: HEIGHT - 5, "text-anchor": "end" }, word(last)),
  ];
}

function range(values) {
  const first = Math.min(...values, Infinity);
  const last = Math.max(...values, -Infinity);
  return Number.isFinite(first) ? [first, Math.max(last, first + 1)] : [0, 1];
}

function decades(values) {
  const low = 10 ** Math.floor(Math.log10(Math.max(Math.min(...values), 0.01)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values, low * 1.01)));
  return [low, Math.max(high, low * 10)];
}

/** The next round number above a value. */
function nice(value) {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * unit).find((step) => step >= value);
}
