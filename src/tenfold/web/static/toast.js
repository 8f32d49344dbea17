// What was done is told at the foot of the page for six seconds; z or Ctrl-Z presses its Undo.
// The time is kept by the style sheet, which stops it while one points there or has the focus there.

const place = () => document.querySelector(".toasts");
const { typing } = window.tenfold;

function tell(toast) {
  place()?.replaceChildren(toast);
  closable();
}

// Others tell by an event: `detail` is the toast's element.
document.addEventListener("toast", ({ detail }) => detail && tell(detail));

const closable = () => document.querySelectorAll(".toast [data-close]").forEach((one) => { one.hidden = false; });

// On a phone it stands above what is within reach of the thumb.
function stand() {
  closable();
  document.body.classList.toggle("reachable", Boolean(document.querySelector(".quick")));
}

stand();
document.addEventListener("htmx:after:swap", stand);

document.addEventListener("animationend", ({ target, animationName }) => {
  if (animationName === "leave" && target.matches(".toast")) target.remove();
});

document.addEventListener("click", ({ target }) => target.closest?.("[data-close]")?.closest(".toast").remove());

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || event.altKey || event.shiftKey || typing(event.target)) return;
  const button = place()?.querySelector(".toast form .undo");
  if (!button) return;
  event.preventDefault();
  button.click();
});
