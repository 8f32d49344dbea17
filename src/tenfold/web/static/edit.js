// Editing in place: a value becomes its editor, is saved as one leaves it, and shows at once.
//
// `<… data-edit="/leads/…/fields/budget" data-version="7">` holds a value. Enter on it (or on a button
// `data-edits` beside it), a double click, or `e` for the first opens it; Escape restores; Enter or
// leaving saves; Tab saves and goes on. After each change `record:saved` is sent from the element.

const { ask, failed, halfTyped, typing } = window.tenfold;
const CONTROLS = "input:not([type=hidden]), select, textarea";
const editors = new Map();
let pointed = false;

addEventListener("pointerdown", () => { pointed = true; }, true);
addEventListener("keydown", () => { pointed = false; }, true);

const filled = (form) => new URLSearchParams(new FormData(form)).toString();
const seen = (element) => element.getClientRects().length > 0;
const recordOf = (element) => element.dataset.edit.replace(/\/fields\/[^/]*$/, "");
const inCell = (element) => element.closest("td, th, [role=gridcell]") !== null;

// A page that was shown anew since holds another element of the same value; or none, where it is empty now.
const present = (element) => (element.isConnected ? element
  : document.querySelector(`[data-edit="${CSS.escape(element.dataset.edit)}"]`) ?? element);

const values = (root = document) => [...root.querySelectorAll("[data-edit]")].filter(seen);

// -- opening and closing

async function edit(element) {
  const open = editors.get(element);
  if (open) return open.form && focusIn(open.form);
  const one = { element, kept: null, form: null };
  editors.set(element, one);
  element.setAttribute("aria-busy", "true");
  const { page, away } = await ask(`${element.dataset.edit}${inCell(element) ? "?shown=short" : ""}`);
  element.removeAttribute("aria-busy");
  const form = page?.querySelector("form.editor");
  if (!form || !element.isConnected) {
    editors.delete(element);
    const again = form && values().find((other) => other.dataset.edit === element.dataset.edit);
    if (again) edit(again);
    else if (!away) failed(page);
    return;
  }
  show(one, form);
  one.before = filled(form);
  focusIn(form);
}

function show(one, form) {
  one.kept ??= [...one.element.childNodes];
  one.form = form;
  one.wrong = form.matches(".wrong") || form.querySelector(".choice") !== null;
  one.element.replaceChildren(form);
  one.element.classList.add("editing");
  window.htmx?.process(form);
}

function focusIn(form) {
  const control = form.querySelector("[autofocus]") ?? form.querySelector(CONTROLS);
  control?.focus();
  if (control?.matches("input") && control.type !== "checkbox") control.select?.();
  if (pointed && control?.matches("select")) try { control.showPicker(); } catch { /* it opens by hand */ }
}

function close(one, nodes = one.kept) {
  const had = one.form?.contains(document.activeElement);
  editors.delete(one.element);
  one.element.classList.remove("editing");
  one.element.replaceChildren(...nodes);
  if (had) back(one.element);
}

// The focus goes to where the editor was opened from: the button beside it, its cell, or itself.
const opener = (element) => element.parentElement.querySelector("[data-edits]")
  ?? element.closest("[data-edit][tabindex], td[tabindex], th[tabindex], [role=gridcell]") ?? element;

const back = (element) => opener(element).focus({ preventScroll: true });

// -- saving

// What the value will look like, until the answer says.
function provisional(form) {
  const node = document.createElement("span");
  node.className = "text saving";
  const select = form.querySelector("select");
  const ticks = [...form.querySelectorAll(".tick")];
  const box = form.querySelector("input[type=checkbox]");
  const written = [...form.querySelectorAll(CONTROLS)].map((one) => one.value.trim()).filter(Boolean);
  if (select) node.textContent = select.selectedOptions[0]?.text ?? "";
  else if (ticks.length) node.textContent = ticks.filter((t) => t.firstElementChild.checked).map((t) => t.textContent).join(", ");
  else if (box) node.textContent = box.checked ? form.dataset.yes : form.dataset.no;
  else if (form.querySelector("[type=password]")) node.textContent = written.length ? "•••" : "";
  else if (form.querySelector("[type=datetime-local]")) node.textContent = written.join("").replace("T", " ");
  else node.textContent = written.length === 1 && form.querySelector(".currency") ? "" : written.join(form.querySelector(".address") ? ", " : " ");
  return node;
}

async function save(one) {
  const { element, form } = one;
  if (!form || one.saving) return;
  const typed = filled(form);
  if (halfTyped(form)) return;
  if (typed === one.before && !one.wrong) return close(one);
  one.saving = true;
  const body = new URLSearchParams(new FormData(form));
  close(one, [provisional(form)]);
  editors.set(element, one);
  element.setAttribute("aria-busy", "true");
  const { ok, page, away } = await ask(element.dataset.edit, body);
  element.removeAttribute("aria-busy");
  one.saving = false;
  if (away) return;
  const value = ok && page.querySelector(".value");
  if (value) {
    editors.delete(element);
    return saved(element, value, page.querySelector(".toast"));
  }
  refused(one, page, typed);
}

function saved(element, value, toast) {
  put(element, value);
  if (!toast) return;
  const undo = toast.querySelector("form[data-here]");
  if (undo) undos.set(undo, element);
  document.dispatchEvent(new CustomEvent("toast", { detail: toast }));
  const detail = { record: recordOf(element), version: Number(value.dataset.version) };
  (element.isConnected ? element : document.body).dispatchEvent(new CustomEvent("record:saved", { bubbles: true, detail }));
}

// The value as the server shows it, and the record's version wherever the page holds it.
function put(element, value) {
  const record = recordOf(element);
  element.replaceChildren(...value.childNodes);
  for (const other of document.querySelectorAll("[data-edit][data-version]")) {
    if (recordOf(other) === record) other.dataset.version = value.dataset.version;
  }
  for (const hidden of document.querySelectorAll("form input[name=version]")) {
    const { pathname } = new URL(hidden.form.action, location.href);
    if (pathname.startsWith(`${record}/`) && !hidden.form.matches(".editor")) hidden.value = value.dataset.version;
  }
}

// The old value comes back behind the editor, which holds what was typed and says why.
function refused(one, page, typed) {
  const form = page?.querySelector("form.editor");
  if (!form) failed(page);
  const place = document.activeElement;
  const free = !place || place === document.body || place === opener(one.element);
  editors.set(one.element, one);
  show(one, form ?? one.form);
  one.wrong = true;
  one.before = typed;
  if (free) focusIn(one.form);
}

// -- taking back

const undos = new WeakMap();

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.matches("form.editor")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const element = undos.has(form) && present(undos.get(form));
  if (!element) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const body = new URLSearchParams(new FormData(form));
  if (inCell(element)) body.set("shown", "short");
  form.closest(".toast").remove();
  const { ok, page } = await ask(form.action, body);
  const value = ok && page.querySelector(".value");
  if (value) saved(present(element), value, page.querySelector(".toast"));
  else failed(page);
}, true);

// -- hands

function neighbour(element, step) {
  const all = values();
  return all[all.indexOf(element) + step];
}

const editorOf = (target) => editors.get(target.closest?.("form.editor")?.closest("[data-edit]"));

document.addEventListener("keydown", (event) => {
  const one = editorOf(event.target);
  if (one) return inEditor(event, one);
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || typing(event.target)) return;
  const target = event.target;
  let element = null;
  if (event.key === "Enter" || event.key === "F2") {
    element = target.matches("[data-edit]") ? target : target.matches("td, th, [role=gridcell]") && target.querySelector("[data-edit]");
  } else if (event.key === "e") {
    element = values(target.closest("tr, [role=row]") ?? document.querySelector("#panel:not(:empty)") ?? document)[0];
  }
  if (!element) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  edit(element);
}, true);

function inEditor(event, one) {
  const { key, target, shiftKey } = event;
  const stays = one.form.querySelector(".choice") !== null;
  if (key === "Escape") {
    close(one);
  } else if (key === "Enter" && !target.matches("button") && (!target.matches("textarea") || event.ctrlKey || event.metaKey)) {
    save(one);
  } else if (key === "Tab" && !stays) {
    const controls = [...one.form.querySelectorAll(CONTROLS)];
    const end = shiftKey ? controls[0] : controls.at(-1);
    const next = target === end || target.matches("button") ? neighbour(one.element, shiftKey ? -1 : 1) : null;
    if (!next) return event.stopImmediatePropagation();
    save(one);
    edit(next);
  } else {
    // Keys that are typed are no shortcuts.
    return key.length === 1 && event.stopImmediatePropagation();
  }
  event.preventDefault();
  event.stopImmediatePropagation();
}

document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const one = editorOf(target);
  if (!one || one.form.contains(relatedTarget)) return;
  // The window may have lost the focus and not the editor; and what was refused waits for a change.
  setTimeout(() => {
    if (editors.get(one.element) !== one || !document.hasFocus() || one.form.contains(document.activeElement)) return;
    if (one.wrong && (one.form.querySelector(".choice") || filled(one.form) === one.before)) return;
    save(one);
  });
});

// One who chose with the pointer is done.
document.addEventListener("change", ({ target }) => {
  const one = pointed && target.matches?.("select") && editorOf(target);
  if (one && !one.form.querySelector(".choice")) save(one);
});

// A link to write or to call waits for a second click, which edits its value; the browser's own would
// have left the page, or opened a program, with the first.
const TWICE = 300;
let calling = 0;

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("td [data-edit] :is(a[href^='mailto:'], a[href^='tel:'])");
  if (!link || event.detail === 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  clearTimeout(calling);
  if (event.detail === 1) calling = setTimeout(() => location.assign(link.href), TWICE);
});

document.addEventListener("dblclick", ({ target }) => {
  const element = target.closest?.("[data-edit]") ?? target.closest?.("td, th")?.querySelector("[data-edit]");
  const follows = target.closest?.("a:not([href^='mailto:'], [href^='tel:']), button, form.editor");
  if (!element || typing(target) || follows) return;
  getSelection()?.removeAllRanges();
  edit(element);
});

document.addEventListener("click", (event) => {
  const { target } = event;
  const one = editorOf(target);
  if (one && target.closest("[data-save]")) return save(one);
  if (one && target.closest("[data-cancel]")) return close(one);
  if (one && target.closest("[data-theirs]")) return takeTheirs(one);
  if (one) return undefined;
  const button = target.closest?.("[data-edits]");
  const row = button?.parentElement ?? target.closest?.("[data-one-click]");
  const element = row?.querySelector("[data-edit]");
  if (!element || (!button && (target.closest("a, button, summary, details") || !getSelection()?.isCollapsed))) return undefined;
  edit(element);
  return undefined;
});

function takeTheirs(one) {
  const value = document.createElement("div");
  value.append(one.form.querySelector("template").content);
  value.dataset.version = one.form.dataset.version;
  close(one, []);
  put(one.element, value);
  back(one.element);
}
