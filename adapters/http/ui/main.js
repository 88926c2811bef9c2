// Puts the views together: which one is shown, what it is told, and when it asks for more.

import { actors } from "./actors.js";
import { key } from "./api.js";
import { chat } from "./chat.js";
import { byId } from "./dom.js";
import { watch } from "./live.js";
import { models } from "./models.js";
import { overview } from "./overview.js";
import { providers } from "./providers.js";
import { requests } from "./requests.js";
import { theme } from "./theme.js";

// Overviews between two times at which the shown view asks for what the stream does not bring.
const EVERY = 3;

const views = { overview: overview(), actors: actors(), providers: providers(), requests: requests(), models: models(), chat: {} };
let shown = null;
let looks = 0;

/** Show the view that the address names, "#requests/req_1" its part, too. */
function show() {
  const [name, part] = decodeURIComponent(location.hash.slice(1)).split("/");
  if (name === "content") return; // the link that skips the navigation
  const next = name in views ? name : "overview";
  for (const view of Object.keys(views)) byId(view).hidden = view !== next;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${next}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${byId(`${next}-title`).textContent} · Legion LLM`;
  if (shown !== next) {
    if (shown !== null) byId("content").focus({ preventScroll: true });
    // The browser has scrolled to the section that the address names: below the frame's head.
    window.scrollTo(0, 0);
  }
  shown = next;
  refresh();
  if (next === "requests" && part) views.requests.open(part);
}

function refresh() {
  views[shown].refresh?.().catch((error) => state("bad", error.message));
}

function state(tone, text) {
  const line = byId("state");
  line.className = `state ${tone}`;
  if (byId("state-text").textContent !== text) byId("state-text").textContent = text;
}

/** Ask the person for a key; resolves when there is one. */
function wanted(why) {
  const dialog = byId("key-dialog");
  const field = byId("key-field");
  if (key.get()) byId("key-why").textContent = why;
  key.forget();
  field.value = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        key.set(field.value);
        byId("sign-out").hidden = false;
        resolve();
        refresh();
        views.models.refresh();
      },
      { once: true },
    );
  });
}

byId("key-dialog").addEventListener("cancel", (event) => event.preventDefault());
byId("sign-out").hidden = !key.get();
byId("sign-out").addEventListener("click", () => {
  key.forget();
  location.reload();
});

theme();
chat();
window.addEventListener("hashchange", show);
show();
watch({
  state,
  wanted,
  seen(overview, rates) {
    for (const view of Object.values(views)) view.update?.(overview, rates);
    if (looks === 0) views.models.refresh();
    looks += 1;
    if (looks % EVERY === 0 && !document.hidden && shown !== "models") refresh();
  },
});
