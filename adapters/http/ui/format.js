// Numbers and words as people read them.

const GOOD = new Set(["ready", "closed", "success", "fresh", "verified", "usable"]);
const UNSURE = new Set(["starting", "draining", "restarting", "half_open", "running", "cancelled", "caller_mistake", "stale", "configured"]);

/** The class that colours a word: good, unsure or bad. */
export const tone = (word) => (GOOD.has(word) ? "good" : UNSURE.has(word) ? "unsure" : "bad");

export const count = (value) => (value === null || value === undefined ? "" : value.toLocaleString("en"));

export const rate = (value) => value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });

export function ms(value) {
  if (value === null || value === undefined) return "";
  if (value >= 60_000) return `${(value / 60_000).toFixed(1)} min`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 1 ? `${value.toFixed(0)} ms` : `${(value * 1000).toFixed(0)} µs`;
}

export function dollars(value) {
  if (value === 0) return "$0";
  return `$${value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: value < 1 ? 5 : 2 })}`;
}

export const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString();
