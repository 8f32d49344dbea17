// Lists by hand: rows chosen and changed together, columns widened and moved, cells walked by keys,
// a record beside the list.

const { failed, load, swallow, typing } = window.tenfold;
const bar = () => document.getElementById("chosen");
const boxes = () => [...document.querySelectorAll(".grid tbody .box input")];

// -- choosing rows

let last = null;
// The bar of the list in which a tap chooses a row, on a phone: there rows have no boxes until one asks.
let picked = null;
const picking = () => Boolean(picked?.isConnected);

function count() {
  const form = bar();
  const all = boxes();
  const chosen = form ? all.filter((one) => one.checked) : [];
  // What is told at the foot of the page makes room for the bar. A class, because `:has` on the body
  // would make every change of a page restyle all of it.
  document.body.classList.toggle("choosing", chosen.length > 0);
  document.body.classList.toggle("picking", picking());
  document.body.classList.toggle("changing", Boolean(document.querySelector(".bulk [open]")));
  if (!form) return;
  const every = form.elements.every.value === "1";
  const whole = document.querySelector(".grid [data-all]");
  if (whole) {
    whole.checked = chosen.length > 0 && chosen.length === all.length;
    whole.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  form.hidden = !chosen.length && !picking();
  const number = form.querySelector("[data-count]");
  const word = form.querySelector("[data-word]");
  number.textContent = every ? form.querySelector("[data-every]").textContent.trim() : chosen.length.toLocaleString(document.documentElement.lang);
  word.textContent = every ? "" : chosen.length === 1 ? form.dataset.label : form.dataset.labels;
  const more = form.querySelector("[data-every]");
  if (more) more.hidden = every || (chosen.length < all.length && !picking()) || !document.querySelector(".grid .more");
}

function none() {
  for (const one of boxes()) one.checked = false;
  if (bar()) bar().elements.every.value = "";
  picked = null;
  count();
}

document.addEventListener("click", ({ target, shiftKey }) => {
  const box = target.closest?.(".grid .box input");
  if (box?.matches("[data-all]")) {
    for (const one of boxes()) one.checked = box.checked;
  } else if (box) {
    const all = boxes();
    if (shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      for (const one of all.slice(from, to + 1)) one.checked = box.checked;
    }
    last = box;
  } else if (target.closest?.("[data-every]")) {
    for (const one of boxes()) one.checked = true;
    bar().elements.every.value = "1";
  } else if (target.closest?.("[data-pick]")) {
    picked = bar();
    target.closest("details").open = false;
  } else if (target.closest?.("[data-none]")) {
    return none();
  } else {
    return fold(target);
  }
  if (box) bar().elements.every.value = "";
  return count();
});

// Enter sends a form by its first button, which may be that which deletes: in a row's box it does nothing.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.(".grid .box input")) event.preventDefault();
});

// A condition's form opens below the condition. What was clicked is another element by then, in the same place.
let pressed = null;

document.addEventListener("click", ({ target }) => {
  const link = target.closest?.(".sentence :is(.says, .either)");
  const box = link?.getBoundingClientRect();
  pressed = link ? { left: box.left, top: box.bottom, scrolled: scrollY } : null;
}, true);

function below() {
  const filters = document.getElementById("filters");
  const sheet = filters?.querySelector(".sheet");
  if (!pressed || !filters.open || matchMedia("(max-width: 720px)").matches) return;
  // A link leads to the top of what it shows: the list, whose tools would go below the bar.
  scrollTo({ top: pressed.scrolled, behavior: "instant" });
  const box = filters.getBoundingClientRect();
  const left = Math.min(pressed.left, document.documentElement.clientWidth - sheet.offsetWidth - 16);
  sheet.style.inset = `${pressed.top - box.top + 4}px auto auto ${left - box.left}px`;
  pressed = null;
  sheet.querySelector("select, input:not([type=hidden])")?.focus({ preventScroll: true });
}

document.addEventListener("htmx:after:swap", () => pressed && requestAnimationFrame(below));
document.addEventListener("toggle", ({ target }) => {
  if (target.id === "filters" && !target.open) target.querySelector(".sheet").removeAttribute("style");
}, true);

// What one filtered is saved under a name: the menu of views is opened to write it.
document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.matches?.(".view-menu")) document.getElementById("view-name-new")?.focus({ preventScroll: true });
}, true);

document.addEventListener("htmx:after:swap", count);
document.addEventListener("toggle", ({ target }) => target.closest?.(".bulk") && count(), true);

function fold(target) {
  const head = target.closest?.("[data-fold]");
  if (head) head.setAttribute("aria-expanded", String(head.getAttribute("aria-expanded") !== "true"));
}

// -- columns: widths are of 20 pixels, as the style sheet knows them

let drag = null;

const heads = (grid) => [...grid.querySelectorAll("thead th[data-column]")];
const steps = (head) => [...head.classList].find((name) => name.startsWith("w-"));

function grips() {
  for (const head of document.querySelectorAll(".grid[data-arrange] thead th[data-column]")) {
    if (head.querySelector(".grip")) continue;
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.setAttribute("aria-hidden", "true");
    head.append(grip);
  }
}

grips();
document.addEventListener("htmx:after:swap", grips);

// Heads stay in sight where the table needs no bar to scroll sideways with: what has one holds them.
const fitting = new ResizeObserver(() => {
  const table = document.querySelector("#list .grid");
  if (!drag) document.documentElement.toggleAttribute("data-fits", Boolean(table) && table.offsetWidth <= table.parentElement.clientWidth);
});

function fit() {
  fitting.disconnect();
  const table = document.querySelector("#list .grid");
  if (table) [table, table.parentElement].forEach((one) => fitting.observe(one));
}

fit();
document.addEventListener("htmx:after:swap", fit);

function widen(head, step) {
  const now = steps(head);
  if (now) head.classList.remove(now);
  if (step) head.classList.add(step);
}

// Every column keeps the width that it has as soon as one of them is changed. Those that a narrow
// screen does not show stay for wider ones: `owner:r6`.
function spelled(grid, order = heads(grid)) {
  return order
    .map((head) => {
      const rank = [...head.classList].find((name) => /^r\d$/.test(name));
      const width = head.offsetWidth;
      return `${head.dataset.column}:${width ? Math.max(60, Math.round(width / 20) * 20) : rank}`;
    })
    .filter((column) => column !== "title")
    .join(",");
}

async function keep(grid, columns, back) {
  const body = new URLSearchParams({ csrf: grid.dataset.csrf, back: grid.dataset.back, columns });
  const answer = await fetch(grid.dataset.arrange, { method: "POST", body }).catch(() => null);
  const place = answer?.ok ? new URL(answer.url) : null;
  if (place?.pathname === location.pathname) {
    return load(place.pathname + place.search, "#list", "outerMorph", { push: "true" });
  }
  if (place) return location.reload(); // one is signed out, and comes back by signing in
  back?.();
  return failed(answer && new DOMParser().parseFromString(await answer.text(), "text/html"));
}

document.addEventListener("pointerdown", (event) => {
  const { target } = event;
  const head = target.closest?.(".grid[data-arrange] thead th[data-column]");
  if (!head || event.button !== 0) return;
  const grid = head.closest(".grid");
  if (target.closest(".grip")) {
    event.preventDefault();
    target.classList.add("held");
    drag = { kind: "width", head, grid, from: event.clientX, width: head.offsetWidth, step: steps(head) };
  } else if (head.dataset.column !== "title") {
    drag = { kind: "place", head, grid, from: event.clientX, moved: false, to: null };
  }
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const { head, grid } = drag;
  if (drag.kind === "width") {
    const width = Math.max(60, Math.min(600, Math.round((drag.width + event.clientX - drag.from) / 20) * 20));
    widen(head, `w-${width / 20}`);
    return;
  }
  if (!drag.moved && Math.abs(event.clientX - drag.from) < 8) return;
  drag.moved = true;
  head.classList.add("moving");
  for (const one of heads(grid)) one.classList.remove("before", "behind");
  drag.to = null;
  for (const one of heads(grid)) {
    if (one === head || one.dataset.column === "title") continue;
    const { left, right } = one.getBoundingClientRect();
    if (event.clientX < left || event.clientX > right) continue;
    const before = event.clientX < (left + right) / 2;
    one.classList.add(before ? "before" : "behind");
    drag.to = { one, before };
  }
});

// What was held is let go of.
function released() {
  const was = drag;
  drag = null;
  was.grid.querySelector(".grip.held")?.classList.remove("held");
  was.head.classList.remove("moving");
  for (const one of heads(was.grid)) one.classList.remove("before", "behind");
  return was;
}

// The browser took the pointer for itself, to scroll say: all is as it was.
document.addEventListener("pointercancel", () => {
  if (!drag) return;
  const { kind, head, step } = released();
  if (kind === "width") widen(head, step);
});

document.addEventListener("pointerup", () => {
  if (!drag) return;
  const { kind, head, grid, moved, to, step } = released();
  if (kind === "width") {
    keep(grid, spelled(grid), () => widen(head, step));
  } else if (moved) {
    swallow();
    if (!to) return;
    const order = heads(grid).filter((one) => one !== head);
    order.splice(order.indexOf(to.one) + (to.before ? 0 : 1), 0, head);
    keep(grid, spelled(grid, order));
  }
});

// A second order by the same click with Shift.
document.addEventListener("click", (event) => {
  const link = event.shiftKey && event.target.closest?.(".grid thead a[data-also]");
  if (!link) return;
  // The browser would open a window.
  event.preventDefault();
  event.stopImmediatePropagation();
  load(link.dataset.also, "#list", "outerMorph", { push: "true" });
}, true);

// In the menu a column is moved by its arrow keys.
document.addEventListener("keydown", (event) => {
  const line = event.altKey && event.target.closest?.(".columns-form li");
  if (!line || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const other = event.key === "ArrowUp" ? line.previousElementSibling : line.nextElementSibling;
  if (!other) return;
  if (event.key === "ArrowUp") other.before(line);
  else other.after(line);
  [...line.parentElement.children].forEach((one, place) => { one.querySelector(".place-number").value = place + 1; });
  event.target.focus();
});

// -- a record beside the list

const panel = () => document.querySelector(".side-panel");

function beside(row) {
  const link = row?.querySelector("th .record, a.record");
  const place = panel();
  if (!link || !place) return;
  place.hidden = false;
  place.dataset.row = row.id;
  place.querySelector("[data-open-panel]").href = link.getAttribute("href");
  load(link.getAttribute("href"), "#panel", "innerHTML");
}

function closePanel() {
  const place = panel();
  if (!place || place.hidden) return false;
  place.hidden = true;
  document.getElementById("panel").replaceChildren();
  document.getElementById(place.dataset.row)?.querySelector("a")?.focus({ preventScroll: true });
  return true;
}

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-close-panel]")) closePanel();
  // The edge of a row is free of its values: a click there shows the record beside.
  const edge = target.closest?.(".grid tbody td.fill");
  if (edge) beside(edge.parentElement);
});

// -- coming back by the browser's own buttons: to the row that one left, however far down

const rowsShown = () => document.querySelectorAll(".grid tbody tr[id^=r-]");
let coming = null;

function leave(from) {
  const rows = rowsShown();
  if (!rows.length) return;
  const seen = [...rows].find((one) => one.getBoundingClientRect().top > 0);
  const row = (from?.closest?.(".grid tbody tr") ?? document.querySelector(".grid tr.marked") ?? seen)?.id;
  history.replaceState({ ...history.state, row, rows: rows.length }, "");
}

// Loads as many rows as there were, or until the row is there.
function arrive() {
  if (!coming) return;
  const row = document.getElementById(coming.row);
  const more = document.querySelector(".grid .more a");
  if (!row && more && rowsShown().length < coming.rows) return more.click();
  coming = null;
  row?.scrollIntoView({ block: "center" });
  row?.querySelector("a")?.focus({ preventScroll: true });
}

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.request.headers["HX-Request-Type"] === "full" && !coming) leave(ctx.sourceElement);
});
addEventListener("pagehide", () => leave());
document.addEventListener("htmx:before:history:restore", () => { coming = history.state?.row ? history.state : null; });
document.addEventListener("htmx:after:swap", arrive);
if (performance.getEntriesByType("navigation")[0]?.type !== "navigate") {
  coming = history.state?.row ? history.state : null;
  addEventListener("load", arrive);
}

// -- keys

const rowOf = (element) => element?.closest?.(".grid tbody tr[id^=r-]");

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(target)) return;
  if (key === "Escape" && !document.querySelector("details.menu[open], form.editor")) {
    if (closePanel()) return;
    if (bar() && !bar().hidden) none();
    return;
  }
  const row = rowOf(document.activeElement) ?? document.querySelector(".grid tr.marked");
  if (!row) return;
  if (key === "x") {
    row.querySelector(".box input")?.click();
  } else if (key === " " && !target.matches("input, button, summary")) {
    event.preventDefault();
    beside(row);
  } else if (["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"].includes(key)) {
    walk(event, row);
  }
});

// From cell to cell: those with values that can be changed, and the names.
function walk(event, row) {
  const stops = (one) => [...one.querySelectorAll("th .record, td[tabindex]")].filter((cell) => cell.offsetWidth);
  const own = stops(row);
  const now = own.findIndex((one) => one === document.activeElement || one.contains(document.activeElement));
  if (now < 0) return;
  event.preventDefault();
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    own[now + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
    return;
  }
  const rows = [...rowsShown()].filter((one) => one.offsetHeight);
  const next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
  const there = next && stops(next);
  there?.[Math.min(now, there.length - 1)]?.focus();
}
