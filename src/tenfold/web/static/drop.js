// A file is dropped or pasted where one may be chosen, is named with its size, and is sent with progress.

const zone = () => document.querySelector("[data-drop]");
const box = (one) => one.querySelector("input[type=file]");

function size(bytes) {
  const [unit, by] = bytes < 1 << 20 ? ["kilobyte", 1 << 10] : ["megabyte", 1 << 20];
  const most = bytes / by < 10 ? 1 : 0;
  return new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: most }).format(bytes / by);
}

function show(one) {
  const [file] = box(one).files;
  one.classList.toggle("filled", Boolean(file));
  one.querySelector("[data-name]").textContent = file ? file.name : "";
  one.querySelector("[data-size]").textContent = file ? size(file.size) : "";
}

function take(one, files) {
  if (!files.length) return;
  const given = new DataTransfer();
  given.items.add(files[0]);
  box(one).files = given.files;
  show(one);
  box(one).focus();
}

const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

// Anywhere on the page: a file that misses the area would otherwise replace the page.
document.addEventListener("dragover", (event) => {
  const one = zone();
  if (!one || !brings(event)) return;
  event.preventDefault();
  one.classList.add("over");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) zone()?.classList.remove("over");
});

document.addEventListener("drop", (event) => {
  const one = zone();
  if (!one || !brings(event)) return;
  event.preventDefault();
  one.classList.remove("over");
  take(one, event.dataTransfer.files);
});

document.addEventListener("paste", (event) => {
  const one = zone();
  if (!one) return;
  const { files } = event.clipboardData;
  const text = event.clipboardData.getData("text/plain");
  if (files.length) take(one, files);
  else if (text.includes("\n") && !event.target.matches("input, textarea")) take(one, [new File([text], one.dataset.pasted, { type: "text/plain" })]);
});

document.addEventListener("change", ({ target }) => {
  if (target.matches?.("[data-drop] input[type=file]")) show(target.closest("[data-drop]"));
});

function told(form, html) {
  const made = new DOMParser().parseFromString(html, "text/html").getElementById(form.id);
  if (!made) return form.submit();
  const notice = made.querySelector("[role=alert]");
  form.querySelector("[role=alert]")?.remove();
  if (notice) form.prepend(document.adoptNode(notice));
  return undefined;
}

function send(form, one) {
  const bar = form.querySelector("[data-sending]");
  const meter = bar.querySelector("progress");
  const words = bar.querySelector("[data-share]");
  const button = form.querySelector("button");
  const busy = (on) => {
    bar.hidden = !on;
    button.disabled = on;
    one.classList.toggle("busy", on);
    // It can be sent again at once.
    if (!on) form.removeAttribute("data-sent");
  };
  const call = new XMLHttpRequest();
  call.open("POST", form.action);
  call.upload.onprogress = ({ loaded, total }) => {
    meter.max = total;
    meter.value = loaded;
    words.textContent = `${size(loaded)} / ${size(total)}`;
  };
  call.onload = () => {
    if (call.status < 300) return location.assign(call.responseURL);
    busy(false);
    return told(form, call.responseText);
  };
  call.onerror = () => {
    busy(false);
    words.textContent = "";
    form.querySelector("[data-lost]").hidden = false;
  };
  form.querySelector("[data-lost]").hidden = true;
  bar.querySelector("[data-stop]").onclick = () => {
    call.abort();
    busy(false);
  };
  busy(true);
  call.send(new FormData(form));
}

document.addEventListener("submit", (event) => {
  const one = event.target.querySelector?.("[data-drop]");
  if (!one || !box(one).files.length) return;
  event.preventDefault();
  send(event.target, one);
});
