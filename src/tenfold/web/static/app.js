// What JavaScript adds: keys, mistakes as one leaves a field, menus that close, the time zone.
// Everything works without it.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const secure = location.protocol === "https:";
if (zone) {
  const name = secure ? "__Host-zone" : "zone";
  document.cookie = `${name}=${zone};path=/;max-age=31536000;samesite=lax${secure ? ";secure" : ""}`;
}

// Installed, it starts without a network; the worker keeps files, never pages.
if ("serviceWorker" in navigator && isSecureContext) {
  addEventListener("load", () => navigator.serviceWorker.register("/worker.js").catch(() => {}));
}

// Whether keys go into an element, or to a dialog that lies over the page; a box takes none but the blank.
const typing = (element) => document.querySelector("dialog[open]")
  || element.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

// Who dictates, or whose hands slip, switches the keys of one letter off (WCAG 2.1.4): no other listener
// hears of them then.
addEventListener("keydown", (event) => {
  const letter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (letter && document.documentElement.dataset.keys === "off" && !typing(event.target)) event.stopImmediatePropagation();
}, true);

// A mistake shows as one leaves its field, and goes as soon as it is put right.
function check(control) {
  const note = document.getElementById(control.id.replace(/^f-/, "e-"));
  if (!note || note === control || !control.form?.noValidate) return;
  const wrong = !control.validity.valid;
  note.hidden = !wrong;
  note.querySelector("span").textContent = wrong ? control.validationMessage : "";
  control.closest(".field, .editor").classList.toggle("wrong", wrong);
  if (wrong) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

document.addEventListener("focusout", ({ target }) => {
  const control = target.matches?.("[novalidate] :is(input, textarea, select)");
  // What is well formed may still be wrong: a mistake that the server found waits for a change.
  if (control && (target.value || target.validity.badInput) && !target.validity.valid) check(target);
});

// Half a date has no value: it would be sent as none. The field says so, and has the focus.
const half = (form) => [...form.elements].find((one) => one.validity?.badInput);

document.addEventListener("submit", (event) => {
  const control = half(event.target);
  if (!control) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  check(control);
  control.focus();
}, true);

document.addEventListener("input", ({ target }) => {
  if (target.getAttribute?.("aria-invalid") !== null && target.closest?.(".field.wrong, .editor.wrong")) check(target);
});

// What begins at a moment ends an hour later, until one says when.
document.addEventListener("change", ({ target }) => {
  const end = target.name && target.form?.querySelector(`[data-after="${CSS.escape(target.name)}"]`);
  if (!end || !target.value || end.value >= target.value) return;
  const start = new Date(`${target.value}Z`);
  end.value = new Date(start.getTime() + 3_600_000).toISOString().slice(0, 16);
  end.dispatchEvent(new Event("input", { bubbles: true }));
});

// The rail shows the place where one is, however far down its list; where a list has its own search,
// the key goes there. With the next frame, which lays the page out anyway: not once more before it.
const showPlace = () => requestAnimationFrame(() => {
  document.querySelector(".find kbd")?.classList.toggle("elsewhere", document.querySelector('[data-key="/"]') !== null);
  document.querySelector(".rail .place.here")?.scrollIntoView({ block: "nearest" });
});

showPlace();
document.addEventListener("htmx:after:swap", showPlace);

// Extensions and password managers style our elements; htmx would copy that as an inline style, which
// the page forbids. Our own pages have none.
document.addEventListener("htmx:before:swap", () => {
  for (const one of document.querySelectorAll("[id][style]")) one.removeAttribute("style");
});

// What had the focus may be gone with what was done (a task ticked off, put off): then the next one like
// it has it, or the page's content. A menu's button stands for what was chosen in it.
const spelled = (one) => [one.localName, ...one.classList].map((part) => CSS.escape(part)).join(".");
const like = (path) => [...document.querySelectorAll(`main ${path}`)];
let focused = null;

document.addEventListener("htmx:before:swap", () => {
  const now = document.activeElement;
  const one = now?.closest("main details.menu")?.querySelector("summary") ?? now?.closest("main *");
  const path = one && `${spelled(one.parentElement)} > ${spelled(one)}`;
  focused = one && { path, at: like(path).indexOf(one), page: location.pathname };
});

document.addEventListener("htmx:after:swap", () => {
  const lost = document.activeElement === document.body && focused?.page === location.pathname;
  if (!lost) return;
  const all = like(focused.path);
  const one = all[Math.min(focused.at, all.length - 1)] ?? document.querySelector("main");
  one.focus({ preventScroll: true });
});

// Passwords can be looked at, a code is sent with its last digit, lists are copied and printed.
const shown = () => document.querySelectorAll("[data-reveal], [data-copy], [data-print]")
  .forEach((one) => { one.hidden = false; });

shown();
document.addEventListener("htmx:after:swap", shown);

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-reveal], [data-copy], [data-print]");
  if (!button) return;
  if ("print" in button.dataset) return print();
  if ("copy" in button.dataset) {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText);
    button.querySelector("span").textContent = button.dataset.copied;
    return;
  }
  const field = document.getElementById(button.dataset.reveal);
  const seen = field.type === "password";
  field.type = seen ? "text" : "password";
  button.setAttribute("aria-pressed", String(seen));
});

document.addEventListener("input", ({ target }) => {
  const most = Number(target.dataset?.sendAt);
  if (most && target.value.replace(/\s/g, "").length === most) target.form.requestSubmit();
});

// What was meant before one had to prove who one is goes on at once.
document.querySelector("form[data-at-once]")?.requestSubmit();

// A form is sent once, however often its button is pressed; it opens again with its answer.
const open = (form) => form?.removeAttribute?.("data-sent");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.hasAttribute("data-sent")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.setAttribute("data-sent", "");
  setTimeout(() => open(form), 10_000);
}, true);

// A filter that was added closes its menu, which gets the focus back.
document.addEventListener("submit", ({ target }) => {
  if (target.matches(".filter-form")) target.closest("details").querySelector("summary").focus();
});

window.addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach(open));
document.addEventListener("htmx:finally:request", ({ detail }) => open(detail.ctx?.sourceElement));

// What fails on the way is told at the foot of the page, which stays with all that was typed; `said` are
// words instead of those of the kind of trouble. A part of the page that failed may tell it in its place.
function trouble(kind, said = "", failed = null) {
  const template = document.getElementById("trouble");
  if (!template) return;
  const detail = { failed, text: said || template.dataset[kind] };
  if (failed && !document.dispatchEvent(new CustomEvent("trouble", { detail, cancelable: true }))) return;
  const note = template.content.firstElementChild.cloneNode(true);
  note.querySelector("span").textContent = detail.text;
  document.dispatchEvent(new CustomEvent("toast", { detail: note }));
}

// What the modules share, as files whose names change with their content can't import one another.
window.tenfold = {
  typing,
  // Whether a form holds half a date, which is told at its field then.
  halfTyped(form) {
    const control = half(form);
    if (control) check(control);
    return Boolean(control);
  },
  // The click that ends a drag opens nothing.
  swallow() {
    const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
    addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", stop, true), 50);
  },
  // Asks for a part of a page, or sends a form's values; `away`: the browser is led to another page.
  async ask(address, body) {
    const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": location.href };
    try {
      const response = await fetch(address, { method: body ? "POST" : "GET", headers, body });
      const elsewhere = response.headers.get("hx-redirect");
      if (elsewhere) location.assign(elsewhere);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      return { ok: response.ok, page, away: Boolean(elsewhere) };
    } catch {
      return { ok: false, page: null };
    }
  },
  // Shows a part of the page anew; the server answers with that part alone. The last that was asked of a
  // part counts, if its `hx-sync` says so.
  load: (address, target, swap, more) =>
    window.htmx.ajax("GET", address, { source: target, target, swap, headers: { "HX-Target": target }, ...more }),
  // Tells a refusal in the words of the page that came; without one there was no connection.
  failed: (page) => trouble(page ? "broken" : "offline", page?.querySelector("main p, .error p")?.textContent),
};

document.addEventListener("htmx:error", ({ detail }) => {
  if (detail.ctx?.status?.startsWith("error")) trouble("offline", "", detail.ctx);
});

document.addEventListener("htmx:before:response", (event) => {
  const { response, request, target } = event.detail.ctx;
  const whole = request.method === "GET" && target === document.body;
  if (whole || (response.status < 500 && response.status !== 429)) return;
  event.preventDefault();
  trouble(response.status === 429 ? "often" : "broken", "", event.detail.ctx);
});

// Of the pages that were asked for, the last one shows, however late another comes.
let last = null;

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.target === document.body) last = ctx;
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.target === document.body && ctx.request.method === "GET" && ctx !== last) event.preventDefault();
});

// Menus close when one clicks elsewhere, chooses, or presses Escape.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", ({ target }) => closeMenus(target.closest("details.menu")));

// Rows, and the cards of a board, are walked with j and k; Enter opens, as on any link.
function walk(step) {
  const rows = [...document.querySelectorAll(".grid tbody tr[id^=r-], .board-card")].filter((one) => one.offsetHeight);
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.classList.contains("marked") || row.matches(".board-card:focus-within"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, now < 0 ? 0 : now + step))];
  rows[now]?.classList.remove("marked");
  next.classList.toggle("marked", next.matches("tr"));
  next.querySelector("a, button").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// A key pressed while a page settles: htmx gives its rows their own classes again, without the mark.
document.addEventListener("htmx:after:swap", () => {
  if (!document.querySelector(".grid tr.marked")) document.activeElement.closest(".grid tbody tr")?.classList.add("marked");
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.activeElement?.closest("details.menu[open]");
    closeMenus();
    menu?.querySelector("summary").focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "j" || event.key === "k") {
    walk(event.key === "j" ? 1 : -1);
  } else if (event.key === "/") {
    event.preventDefault();
    (document.querySelector('[data-key="/"]') ?? document.getElementById("find"))?.focus();
  } else {
    const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (wanted) {
      event.preventDefault();
      wanted.click();
      // A menu that a key opens is gone on with by keys.
      if (wanted.matches("summary")) {
        (wanted.parentElement.querySelector(".sheet :is(select, input:not([type=hidden]))") ?? wanted).focus();
      }
    }
  }
});
