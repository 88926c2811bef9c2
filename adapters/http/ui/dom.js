// Making and updating elements. Text is only ever set as text: what callers and providers name themselves cannot become markup.

/** Make an element: el("td", { class: "number" }, "3"). A property that begins with "on" is a listener; null and false leave one out. */
export function el(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** Make an SVG element. */
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Give a table its head; columns are { title, number }. */
export function head(table, columns) {
  const cells = columns.map(({ title, number }) => el("th", { scope: "col", class: number ? "number" : null }, title));
  table.replaceChildren(el("thead", {}, el("tr", {}, ...cells)), el("tbody"));
}

/**
 * Show items as rows, in order. Rows stay the elements they were, so that the focus and what a screen reader reads stay, too.
 *
 * A cell is { text, class, title, onclick }; the first one heads its row, and is a button where it has an onclick.
 */
export function rows(table, items, keyOf, cellsOf) {
  const body = table.tBodies[0];
  const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  items.forEach((item, index) => {
    const key = keyOf(item);
    const row = known.get(key) ?? el("tr", { "data-key": key });
    known.delete(key);
    cellsOf(item).forEach((cell, column) => fill(row, column, cell));
    if (body.rows[index] !== row) body.insertBefore(row, body.rows[index] ?? null);
  });
  for (const row of known.values()) row.remove();
}

function fill(row, column, { text, class: kind = "", title = "", onclick = null }) {
  let cell = row.cells[column];
  if (!cell) {
    cell = column === 0 ? el("th", { scope: "row" }) : el("td");
    row.append(cell);
    if (onclick) cell.append(el("button", { type: "button", class: "link", onclick }));
  }
  const holder = onclick ? cell.firstChild : cell;
  if (holder.textContent !== text) holder.textContent = text;
  if (cell.className !== kind) cell.className = kind;
  if (cell.title !== title) cell.title = title;
}

/** Show facts as a list of terms and what they are: [["term", "text", "class"]]. */
export function facts(pairs) {
  const shown = pairs.filter(([, text]) => text !== null && text !== "");
  return el("dl", { class: "facts" }, ...shown.flatMap(([term, text, kind = null]) => [el("dt", {}, term), el("dd", { class: kind }, text)]));
}
