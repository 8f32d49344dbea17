// A part of a page that is asked for says that it is busy, and a list after 300 ms that it is slow: the style
// sheet shows bones. Where it fails, a part with `data-part` says so in its place (within it that of
// `data-failed`), with a way to try again; `data-part="keep"` keeps what it shows beside.

const SOON = 300;
const waiting = new WeakMap();
const timers = new WeakMap();
const part = (asked) => (asked?.target instanceof Element && asked.target !== document.body ? asked.target : null);

function busy(target, step) {
  if (!target) return;
  const number = Math.max(0, (waiting.get(target) ?? 0) + step);
  waiting.set(target, number);
  if (number === 0) {
    clearTimeout(timers.get(target));
    target.removeAttribute("aria-busy");
    target.removeAttribute("data-slow");
  } else if (!target.hasAttribute("aria-busy")) {
    clearTimeout(timers.get(target)); // what was asked before may have taken the mark off with its answer
    target.setAttribute("aria-busy", "true");
    timers.set(target, setTimeout(() => target.setAttribute("data-slow", ""), SOON));
  }
}

document.addEventListener("htmx:before:request", ({ detail }) => busy(part(detail.ctx), 1));
document.addEventListener("htmx:finally:request", ({ detail }) => busy(part(detail.ctx), -1));

document.addEventListener("trouble", (event) => {
  const { failed, text } = event.detail;
  const target = part(failed);
  const template = document.getElementById("failed");
  if (!template || failed.request.method !== "GET" || !target?.matches("[data-part]")) return;
  event.preventDefault();
  const place = target.querySelector("[data-failed]") ?? target;
  const note = template.content.firstElementChild.cloneNode(true);
  const held = place.contains(document.activeElement);
  note.setAttribute("role", "alert");
  note.querySelector("span").textContent = text;
  note.querySelector("[data-again]").addEventListener("click", () => again(failed));
  if (target.dataset.part === "keep") {
    const before = place.querySelector(":scope > .failed");
    if (before?.textContent === note.textContent) return; // what is asked every second says so once
    before?.remove();
    place.prepend(note);
  } else place.replaceChildren(note);
  if (held) note.querySelector("[data-again]").focus({ preventScroll: true });
});

function again({ target, swap, select, request }) {
  const headers = { "HX-Target": request.headers["HX-Target"] };
  window.htmx.ajax("GET", request.action, { source: target, target, swap, select, headers, push: "false" });
}
