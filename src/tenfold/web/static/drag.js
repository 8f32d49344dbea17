// Cards of a board and entries of a calendar: taken by a pointer (on a screen that is touched after a
// moment), or by Alt and the arrow keys; where they may not go shows as soon as they are held.

const { ask, failed, load, swallow } = window.tenfold;
const HOLD = 260;
let held = null;

const places = () => [...document.querySelectorAll(".board .lane, .calendar .day")];
const rootOf = (one) => one.closest(".board, .calendar");
const takes = (place, one) => {
  if (place.matches(".day")) return place.dataset.day !== one.closest(".day").dataset.day || rootOf(one).matches(".timed");
  const moves = (one.dataset.moves ?? "").split(" ");
  const here = one.closest(".lane").dataset.lane;
  // What stands for many values is none that a card could be given.
  return place.dataset.lane !== here && !("closed" in place.dataset) && (moves.includes("*") || moves.includes(place.dataset.lane));
};

// -- by a pointer

document.addEventListener("pointerdown", (event) => {
  const one = event.target.closest?.(".board-card[data-move], .entry-on[data-move]");
  // What is still on its way has another version when it is there.
  if (!one || one.matches("[aria-busy]") || event.button !== 0 || event.target.closest("button, input")) return;
  const box = one.getBoundingClientRect();
  const start = { x: event.clientX, y: event.clientY };
  held = { one, start, dx: start.x - box.left, dy: start.y - box.top, width: box.width, taken: false, over: null };
  if (event.pointerType !== "mouse") held.timer = setTimeout(() => take(event.pointerId), HOLD);
});

// A link under the pointer would be taken along by the browser itself.
document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.(".board-card, .entry-on")) event.preventDefault();
});

function take(pointer) {
  const { one } = held;
  held.taken = true;
  held.ghost = one.cloneNode(true);
  held.ghost.removeAttribute("id");
  held.ghost.classList.add("held");
  held.ghost.setAttribute("aria-hidden", "true");
  held.ghost.style.width = `${held.width}px`;
  document.body.append(held.ghost);
  one.classList.add("gone");
  rootOf(one).classList.add("holding");
  try { one.setPointerCapture(pointer); } catch { /* the pointer is gone already */ }
  for (const place of places()) {
    place.classList.toggle("takes", takes(place, one));
    place.classList.toggle("from", place.contains(one));
  }
  put(held.start);
  drift();
}

function put({ x, y }) {
  held.ghost.style.left = `${x - held.dx}px`;
  held.ghost.style.top = `${y - held.dy}px`;
}

document.addEventListener("pointermove", (event) => {
  if (!held) return;
  const far = Math.hypot(event.clientX - held.start.x, event.clientY - held.start.y);
  if (!held.taken) {
    if (far < 6) return;
    if (held.timer) return drop(false);
    take(event.pointerId);
  }
  event.preventDefault();
  held.at = { x: event.clientX, y: event.clientY };
  put(held.at);
  aim(held.at);
});

function aim({ x, y }) {
  const place = document.elementFromPoint(x, y)?.closest(".lane, .day");
  const over = place && takes(place, held.one) ? place : null;
  if (over !== held.over) {
    held.over?.classList.remove("over");
    over?.classList.add("over");
    held.over = over;
  }
  hour(over, held);
}

// As long as it is held at an edge, also quite still, what lies beyond comes nearer.
function drift() {
  if (!held?.taken) return;
  const root = rootOf(held.one);
  const { left, right } = root.getBoundingClientRect();
  const before = root.scrollLeft;
  if (held.at?.x > right - 60) root.scrollLeft += 14;
  else if (held.at?.x < left + 60) root.scrollLeft -= 14;
  if (root.scrollLeft !== before) aim(held.at);
  requestAnimationFrame(drift);
}

// What is held on a screen that is touched does not scroll it.
document.addEventListener("touchmove", (event) => held?.taken && event.preventDefault(), { passive: false });

function drop(done) {
  const was = held;
  held = null;
  clearTimeout(was.timer);
  if (!was.taken) return;
  const { one, over } = was;
  was.ghost.remove();
  one.classList.remove("gone");
  rootOf(one).classList.remove("holding");
  for (const place of places()) place.classList.remove("takes", "from", "over");
  swallow();
  if (done && over) move(one, over, { at: over.closest(".timed") && quarter(over, was.at.y - was.dy) });
}

document.addEventListener("pointerup", () => held && drop(true));
document.addEventListener("pointercancel", () => held && drop(false));
document.addEventListener("keydown", ({ key }) => key === "Escape" && held && drop(false));

// -- by keys

document.addEventListener("keydown", (event) => {
  const one = event.altKey && event.target.closest?.(".board-card[data-move], .entry-on[data-move]");
  const ways = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 7, ArrowUp: -7 };
  if (!one || one.matches("[aria-busy]") || !(event.key in ways)) return;
  event.preventDefault();
  const again = () => document.querySelector(`:is(.board-card, .entry-on)[data-id="${one.dataset.id}"] a`)?.focus();
  if (rootOf(one).matches(".timed") && event.key.match(/Up|Down/)) {
    const at = Number(one.dataset.start) + 2 * Math.sign(ways[event.key]);
    if (at >= 0 && at < 96) move(one, one.closest(".day"), { at }).then(again);
    return;
  }
  const all = places();
  const card = one.matches(".board-card");
  const step = Math.sign(ways[event.key]) * (card ? 1 : Math.abs(ways[event.key]));
  let at = all.indexOf(one.closest(".lane, .day")) + step;
  while (card && all[at] && !takes(all[at], one)) at += step;
  if (all[at] && takes(all[at], one)) move(one, all[at], {}).then(again);
});

// From card to card, and to the next lane that has any.
document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const card = target.closest?.(".board-card");
  if (!card || !key.startsWith("Arrow") || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const lanes = [...rootOf(card).querySelectorAll(".lane")].map((lane) => [...lane.querySelectorAll(".board-card")]).filter((cards) => cards.length);
  const lane = lanes.find((cards) => cards.includes(card));
  const step = /Right|Down/.test(key) ? 1 : -1;
  const across = lanes[lanes.indexOf(lane) + step] ?? [];
  const next = /Up|Down/.test(key) ? lane[lane.indexOf(card) + step] : across[Math.min(lane.indexOf(card), across.length - 1)];
  event.preventDefault();
  next?.querySelector("a").focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
});

// -- moving: on the screen first; what is refused goes back, and says why

async function move(one, place, { at } = {}) {
  const root = rootOf(one);
  const body = new URLSearchParams({ csrf: root.dataset.csrf, version: one.dataset.version });
  if (place.matches(".lane")) {
    body.set("field", root.dataset.field);
    body.set("value", place.dataset.lane);
  } else {
    body.set("field", root.dataset.field);
    body.set("day", place.dataset.day);
    if (typeof at === "number") body.set("quarter", String(at));
  }
  const back = [one.parentElement, one.nextElementSibling];
  const list = place.querySelector(".cards, .entries");
  list.prepend(one);
  one.setAttribute("aria-busy", "true");
  const { ok, page, away } = await ask(one.dataset.move, body);
  one.removeAttribute("aria-busy");
  if (away) return;
  const toast = page?.querySelector(".toast");
  if (toast) {
    const undo = toast.querySelector("form");
    if (undo) undos.add(undo);
    document.dispatchEvent(new CustomEvent("toast", { detail: toast }));
  }
  if (!ok) {
    // Its neighbour may have been moved meanwhile.
    back[0].insertBefore(one, back[1]?.parentElement === back[0] ? back[1] : null);
    if (toast) refresh();
    else failed(page);
    return;
  }
  const moved = page.querySelector(".moved");
  one.dataset.version = moved.value;
  if (moved.dataset.moves !== undefined) one.dataset.moves = moved.dataset.moves;
  if (root.matches(".calendar")) await refresh();
  else recount(back[0].closest(".lane"), -1, place);
}

// What was moved is put back where it was, and the list shown anew.
const undos = new WeakSet();

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!undos.has(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { page } = await ask(form.action, new URLSearchParams(new FormData(form)));
  const toast = page?.querySelector(".toast");
  if (toast) document.dispatchEvent(new CustomEvent("toast", { detail: toast }));
  else failed(page);
  refresh();
}, true);

function quarter(day, y) {
  const box = day.querySelector(".entries").getBoundingClientRect();
  return Math.max(0, Math.min(95, Math.round((y - box.top) / 12)));
}

const refresh = () => load(location.pathname + location.search, "#list", "outerMorph");

function recount(from, step, to) {
  for (const [lane, by] of [[from, step], [to, -step]]) {
    const number = lane.querySelector("[data-number]");
    if (number && !number.textContent.includes("+")) {
      number.textContent = (Number(number.textContent.replace(/\D/g, "")) + by).toLocaleString(document.documentElement.lang);
    }
  }
  const figures = document.getElementById("figures");
  if (figures) load(figures.getAttribute("hx-get"), "#figures", "innerHTML");
}

// -- the sums of lanes come after the board

function sums() {
  for (const one of document.querySelectorAll("#figures data")) {
    const place = document.querySelector(`[data-sum="${CSS.escape(one.getAttribute("value"))}"]`);
    if (place) place.textContent = one.textContent;
  }
}

// A board that stays while its list is shown anew has lost them: only a new one asks by itself.
let asking = document.getElementById("figures");

document.addEventListener("htmx:after:swap", () => {
  const figures = document.getElementById("figures");
  if (figures && figures === asking && !figures.firstElementChild) load(figures.getAttribute("hx-get"), "#figures", "innerHTML", { push: "false" });
  asking = figures;
  sums();
});

// -- the hours of a day

// Other days begin where their first entry is, or at eight; the same days stay where they are.
let days = "";

function morning() {
  const place = document.querySelector(".timed .days");
  const now = place ? [...place.querySelectorAll(".day")].map((one) => one.dataset.day).join() : "";
  if (place && now !== days) {
    const starts = [...place.querySelectorAll("[data-start]")].map((one) => Number(one.dataset.start));
    place.scrollTop = Math.max(0, Math.min(32, ...starts) * 12 - 12);
  }
  days = now;
}

morning();
document.addEventListener("htmx:after:swap", morning);

// Where a day is free, a click begins a record there: at that hour, where there are hours.
document.addEventListener("click", ({ target, clientY, pointerType }) => {
  const day = target.closest?.(".calendar .day");
  const add = day?.querySelector(".add");
  if (!add || target.closest("a, button, li") || document.querySelector("dialog[open]")) return;
  // A finger that taps a day of a month means to scroll or to look, more often than to write.
  if (pointerType === "touch" && !day.closest(".timed")) return;
  if (day.closest(".timed")) {
    const place = new URL(add.href);
    const minutes = Math.floor(quarter(day, clientY - 6) / 2) * 30;
    place.searchParams.set(rootOf(day).dataset.field, `${day.dataset.day}T${clock(minutes)}`);
    add.href = place.pathname + place.search;
  }
  add.click();
});

const clock = (minutes) => [Math.floor(minutes / 60), minutes % 60].map((one) => String(one).padStart(2, "0")).join(":");

// The hour that a held entry would get, written as the hours beside are.
function hour(place, { at, dy, ghost }) {
  const time = ghost.querySelector("time");
  if (!time || !place?.closest(".timed")) return;
  const [, halves] = place.closest(".days").querySelectorAll(".hours span");
  const moment = new Date(2000, 0, 1, 0, quarter(place, at.y - dy) * 15);
  const twelve = /m/i.test(halves.textContent);
  time.textContent = moment.toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit", hour12: twelve });
}
