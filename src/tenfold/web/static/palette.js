// The palette (Ctrl/Cmd-K), what can be created (c), where one goes by a letter (g …), and all keys (?).

const dialog = () => document.getElementById("palette");
const input = () => document.getElementById("palette-words");
const list = () => document.getElementById("palette-list");
const { typing } = window.tenfold;
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

let only = "";
let asked = 0;
let timer = 0;
let going = false;

// -- what is offered

function open(kind = "") {
  const box = dialog();
  if (!box || box.open) return;
  only = kind;
  input().value = "";
  list().replaceChildren();
  box.showModal();
  ask();
}

async function ask() {
  const words = input().value.trim();
  const number = ++asked;
  list().setAttribute("aria-busy", "true");
  const given = new URLSearchParams({ q: words, ...(only && { only }) });
  try {
    const response = await fetch(`/palette?${given}`, { headers: { "HX-Request": "true" } });
    if (number !== asked || !dialog().open) return;
    if (response.redirected || !response.ok) throw new Error(response.statusText);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const here = only ? [] : offered(words);
    list().replaceChildren(...here, ...page.body.childNodes);
    if (here.length) list().querySelector(".nothing")?.remove();
  } catch {
    if (number !== asked) return;
    list().textContent = document.getElementById("trouble")?.dataset.offline ?? "";
  }
  list().removeAttribute("aria-busy");
  choose(0);
}

// What the page itself offers: its buttons, its stages, its fields, found by their words.
function offered(words) {
  const wanted = fold(words).split(/\s+/).filter(Boolean);
  if (!wanted.length) return [];
  const found = [];
  const add = (label, act) => {
    const parts = fold(label).split(/[^\p{L}\p{N}]+/u);
    if (label && wanted.every((one) => parts.some((part) => part.startsWith(one)))) found.push([label, act]);
  };
  for (const one of document.querySelectorAll(".bar .acts a, .bar .acts button, .steps button, .tools summary, .tools a.item, #chosen:not([hidden]) :is(summary, button.danger), .me + .sheet button")) {
    const about = one.closest(".looks fieldset")?.querySelector("legend").textContent;
    const label = about ? `${about}: ${one.textContent.trim()}` : (one.title && one.querySelector(".unseen") ? one.title : one.title || one.textContent).trim();
    add(label, () => (one.matches("summary") ? (one.parentElement.open = true, one.focus()) : one.click()));
  }
  for (const one of document.querySelectorAll("main [data-edits]")) add(one.title, () => one.click());
  const section = dialog().querySelector("template").content.firstElementChild.cloneNode(true);
  for (const [label, act] of found.slice(0, 6)) {
    const line = document.createElement("button");
    line.type = "button";
    line.className = "item";
    line.setAttribute("role", "option");
    line.tabIndex = -1;
    line.textContent = label;
    // Only after this click, which closes all menus.
    line.addEventListener("click", () => { close(); setTimeout(act); });
    section.append(line);
  }
  return found.length ? [section] : [];
}

// -- choosing

const options = () => [...list().querySelectorAll("[role=option]:not([aria-disabled])")];

function choose(place) {
  const all = options();
  all.forEach((one, number) => {
    one.id = `palette-${number}`;
    one.setAttribute("aria-selected", String(number === place));
  });
  const one = all[place];
  if (!one) return input().removeAttribute("aria-activedescendant");
  input().setAttribute("aria-activedescendant", one.id);
  one.scrollIntoView({ block: "nearest" });
  return undefined;
}

const close = () => dialog().open && dialog().close();

document.addEventListener("input", ({ target }) => {
  if (target !== input()) return;
  clearTimeout(timer);
  timer = setTimeout(ask, 60);
});

document.addEventListener("keydown", (event) => {
  if (event.target !== input()) return;
  const all = options();
  const now = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    choose((now + step + all.length) % Math.max(1, all.length));
  } else if (event.key === "Enter") {
    event.preventDefault();
    const one = all[Math.max(0, now)];
    if (one?.href && (event.ctrlKey || event.metaKey)) window.open(one.href);
    else one?.click();
  }
});

document.addEventListener("click", ({ target }) => {
  if (target === dialog() || target.closest?.("#palette a")) close();
  if (target.closest?.("[data-palette]")) open();
  if (target.closest?.("[data-close-dialog]") || target.matches?.("dialog.shortcuts")) target.closest("dialog").close();
});

document.addEventListener("mousemove", ({ target }) => {
  const one = target.closest?.("#palette [role=option]:not([aria-disabled])");
  if (one) choose(options().indexOf(one));
});

// -- keys

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (dialog()?.open) close();
    else open();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (going) {
    going = false;
    const place = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (place) {
      event.preventDefault();
      event.stopImmediatePropagation();
      place.click();
    }
  } else if (event.key === "g") {
    going = true;
    setTimeout(() => { going = false; }, 1500);
    event.stopImmediatePropagation();
  } else if (event.key === "?") {
    event.preventDefault();
    document.getElementById("shortcuts")?.showModal();
  } else if (event.key === "c" && !document.querySelector('[data-key="c"]')) {
    event.preventDefault();
    open("create");
  }
}, true);
