// `@` in what one writes down suggests people; one who is chosen is sent along by id.

let open = null; // { area, list, start }

const close = () => {
  open?.list.remove();
  open?.area.removeAttribute("aria-activedescendant");
  open = null;
};

// The word after the last @ before the caret; names have blanks.
function asked(area) {
  const before = area.value.slice(0, area.selectionStart);
  const found = /(?:^|[\s(])@([^@\n]{0,40})$/u.exec(before);
  return found && { q: found[1], start: before.length - found[1].length - 1 };
}

let turn = 0;

async function look(area) {
  const where = area.closest("form[data-mentionable]")?.dataset.mentionable;
  const want = where && asked(area);
  if (!want) return close();
  const mine = ++turn;
  const answer = await fetch(`${where}?q=${encodeURIComponent(want.q)}`, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
  if (mine !== turn || !answer.ok) return undefined;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = page.querySelector(".mentionable");
  close();
  if (!list?.querySelector("[role=option]")) return undefined;
  area.after(list);
  open = { area, list, start: want.start };
  area.setAttribute("aria-activedescendant", list.querySelector("[aria-selected=true]").id);
  return undefined;
}

function choose(option) {
  const { area, start } = open;
  const { id, name } = option.dataset;
  area.setRangeText(`@${name} `, start, area.selectionStart, "end");
  const sent = document.createElement("input");
  sent.type = "hidden";
  sent.name = "mention";
  sent.value = `${id}|${name}`;
  area.form.append(sent);
  close();
  area.focus();
}

document.addEventListener("input", ({ target }) => {
  if (target.matches?.("form[data-mentionable] textarea")) look(target);
});

document.addEventListener("keydown", (event) => {
  if (!open || event.target !== open.area) return;
  const options = [...open.list.querySelectorAll("[role=option]")];
  const now = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const next = options[(now + step + options.length) % options.length];
    options.forEach((one) => one.setAttribute("aria-selected", String(one === next)));
    open.area.setAttribute("aria-activedescendant", next.id);
  } else if (event.key === "Enter" || event.key === "Tab") choose(options[now]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener("pointerdown", (event) => {
  if (!open) return;
  const option = event.target.closest?.(".mentionable [role=option]");
  if (!option) return close();
  event.preventDefault();
  choose(option);
});
