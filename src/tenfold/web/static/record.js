// The page of a record: it is fresh after each change, j and k walk through the list one came from,
// what one writes down opens in its place.

const { typing } = window.tenfold;

// What is computed, the stages and the timeline follow a change; never under an open editor.
const BUSY = "form.editor, #record [aria-busy=true], #composing form";
let due = 0;

function refresh(record) {
  clearTimeout(due);
  due = setTimeout(() => (document.querySelector(BUSY) ? refresh(record) : fresh(record)), 400);
}

async function fresh(record) {
  const shown = () => document.querySelector(`#record[data-record="${CSS.escape(record)}"]`);
  if (!shown()) return;
  const panel = shown().closest("#panel") !== null;
  const address = panel ? record : location.pathname + location.search;
  const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": panel ? "#panel" : "#record" };
  const answer = await fetch(address, { headers }).catch(() => null);
  if (!answer?.ok || answer.headers.get("hx-redirect")) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#record");
  if (!page || !shown()) return;
  if (document.querySelector(BUSY)) return refresh(record);
  const edited = document.activeElement?.closest?.(".fact")?.querySelector("[data-edit]")?.dataset.edit;
  const open = [...shown().querySelectorAll("details")].map((one) => one.open);
  shown().replaceWith(page);
  named(page.getAttribute("aria-label"), panel);
  if (open.length === page.querySelectorAll("details").length) {
    page.querySelectorAll("details").forEach((one, place) => { one.open = open[place]; });
  }
  window.htmx?.process(page);
  const again = edited && page.querySelector(`[data-edit="${CSS.escape(edited)}"]`);
  again?.parentElement.querySelector("[data-edits]")?.focus({ preventScroll: true });
}

// The name stands beside the record, too.
function named(title, panel) {
  const crumb = document.querySelector(".crumb ~ .here");
  if (panel || !crumb || crumb.textContent === title) return;
  document.title = document.title.replace(crumb.textContent, title);
  crumb.textContent = title;
}

document.addEventListener("record:saved", ({ detail }) => refresh(detail.record));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || typing(event.target)) return;
  const way = document.querySelector(`.besides [data-key="${CSS.escape(event.key)}"]`);
  if (!way) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  way.click();
}, true);

document.addEventListener("htmx:after:swap", () => {
  const form = document.querySelector("#composing form:not([data-begun])");
  if (form) {
    form.dataset.begun = "";
    (form.querySelector("[aria-invalid]") ?? form.querySelector("[autofocus]"))?.focus();
    const here = form.getAttribute("action");
    for (const kind of document.querySelectorAll(".kinds a")) {
      kind.toggleAttribute("aria-current", kind.getAttribute("hx-get") === here);
    }
  }
  const told = document.querySelector("[data-toast]");
  if (told) {
    document.dispatchEvent(new CustomEvent("toast", { detail: told.firstElementChild }));
    told.remove();
  }
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("#composing form");
  if (!form) return;
  if (event.key === "Escape") {
    form.parentElement.replaceChildren();
    document.querySelector(".kinds a[aria-current]")?.focus();
    document.querySelector(".kinds a[aria-current]")?.removeAttribute("aria-current");
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    form.requestSubmit();
  } else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
