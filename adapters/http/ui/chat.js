// A conversation to try things with. It is kept in this page alone.

import { ask, events } from "./api.js";
import { byId, el } from "./dom.js";

export function chat() {
  const log = byId("chat-log");
  const field = byId("chat-text");
  const status = byId("chat-status");
  let messages = [];
  let stopping = null;

  async function send() {
    const content = field.value.trim();
    if (!content || stopping) return;
    field.value = "";
    messages.push({ role: "user", content });
    add("user", "You", content);
    stopping = new AbortController();
    busy(true);
    const bubble = add("assistant", byId("chat-model").value || "auto", "");
    try {
      await answer(bubble, stopping.signal);
    } catch (error) {
      if (error.name === "AbortError") status.textContent = "stopped";
      else failed(bubble, error);
    } finally {
      stopping = null;
      busy(false);
      field.focus();
    }
  }

  async function answer(bubble, signal) {
    const began = performance.now();
    const model = byId("chat-model").value || "auto";
    const response = await ask("v1/chat/completions", { body: { model, messages, stream: true }, signal });
    let content = "";
    for await (const { data } of events(response)) {
      if (data === "[DONE]") break;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Error(chunk.error.message);
      if (!content) status.textContent = `first word after ${Math.round(performance.now() - began)} ms`;
      content += chunk.choices?.[0]?.delta?.content ?? "";
      bubble.lastChild.textContent = content;
      if (chunk.model) bubble.firstChild.textContent = chunk.model;
      log.scrollTop = log.scrollHeight;
    }
    messages.push({ role: "assistant", content });
    const id = response.headers.get("x-request-id");
    const took = `${Math.round(performance.now() - began)} ms; `;
    status.replaceChildren(took, el("a", { href: `#requests/${id}` }, "how it went"));
  }

  function failed(bubble, error) {
    bubble.classList.add("failed");
    bubble.lastChild.textContent ||= error.message;
    status.textContent = error.message;
  }

  function add(role, name, text) {
    const bubble = el("div", { class: role }, el("span", { class: "said-by" }, name), el("span", {}, text));
    log.append(bubble);
    log.scrollTop = log.scrollHeight;
    return bubble;
  }

  function busy(is) {
    byId("chat-send").disabled = is;
    byId("chat-stop").disabled = !is;
    log.setAttribute("aria-busy", String(is));
    if (is) status.textContent = "waiting for the first word";
  }

  byId("chat-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  byId("chat-stop").addEventListener("click", () => stopping?.abort());
  byId("chat-clear").addEventListener("click", () => {
    stopping?.abort();
    messages = [];
    log.replaceChildren();
    status.textContent = "";
    field.focus();
  });
}
