// What was typed into a form and not sent is there again when its page is: after Back, after a reload, or
// once one has signed in anew. The window keeps it until it is closed, for this person alone; no secrets.

const CONTROLS = "input:not([type=hidden], [type=password], [type=file]), select, textarea";
const forms = () => [...document.querySelectorAll("form[data-keeps]")];
const controls = (form) => [...form.querySelectorAll(CONTROLS)].filter((one) => one.name);
const key = (form) => `draft ${document.body.dataset.person} ${form.getAttribute("action")}${location.search}`;

function keep(form) {
  const values = controls(form).map((one) => [one.name, one.value, Boolean(one.checked)]);
  const mentions = [...form.querySelectorAll("input[name=mention]")].map((one) => one.value);
  const version = form.elements.version?.value;
  try {
    sessionStorage.setItem(key(form), JSON.stringify({ values, mentions, version }));
  } catch { /* there is no room: it is kept as long as the page is */ }
}

const drop = (form) => sessionStorage.removeItem(key(form));

// Only into the very same controls: a form that has others by now begins anew.
function restore(form) {
  const kept = JSON.parse(sessionStorage.getItem(key(form)) ?? "null");
  const all = controls(form);
  if (!kept || kept.values.length !== all.length || all.some((one, n) => one.name !== kept.values[n][0])) return;
  const before = all.map((one) => one.value);
  all.forEach((one, n) => {
    const [, value, checked] = kept.values[n];
    if (one.matches("[type=checkbox], [type=radio]")) one.checked = checked;
    else one.value = value;
    if (value !== before[n]) one.closest("details:not(.menu)")?.setAttribute("open", "");
  });
  for (const value of kept.mentions) {
    const mention = document.createElement("input");
    mention.type = "hidden";
    mention.name = "mention";
    mention.value = value;
    form.append(mention);
  }
  // What others changed since is found as the form is sent, not written over.
  const version = form.elements.version?.value;
  if (version && kept.version) form.elements.version.value = kept.version;
  const note = document.getElementById("draft").content.firstElementChild.cloneNode(true);
  note.querySelector("button").addEventListener("click", () => anew(form, note, version));
  form.prepend(note);
}

function anew(form, note, version) {
  drop(form);
  note.remove();
  form.reset();
  if (version) form.elements.version.value = version;
  controls(form)[0]?.focus();
}

function look() {
  for (const form of forms()) {
    if ("looked" in form.dataset) continue;
    form.dataset.looked = "";
    if (form.dataset.keeps === "typed") keep(form);
    else restore(form);
  }
}

look();
document.addEventListener("htmx:after:swap", look);
document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("form[data-keeps]");
  if (form) keep(form);
});
document.addEventListener("submit", ({ target }) => target.matches("[data-keeps]") && drop(target));
// It was not sent after all: the page is still there.
document.addEventListener("htmx:finally:request", ({ detail }) => {
  const form = detail.ctx?.sourceElement;
  if (form?.isConnected && form.matches("[data-keeps]")) keep(form);
});
