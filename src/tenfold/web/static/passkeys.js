// Passkeys: a form says what to ask (data-options, or where to fetch it: data-ask), the browser asks,
// and the form is sent with the answer. Without scripts such forms stay hidden.

const able = Boolean(window.PublicKeyCredential && navigator.credentials);
let waiting; // what the e-mail field's suggestions wait for

const SAID = {
  NotAllowedError: "No passkey was confirmed. Try again, or choose another way.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: "Passkeys do not work at this address.",
  TypeError: "Tenfold can't be reached. Check your connection and try again.",
};

const bytes = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};

const text = (buffer) => {
  const letters = Array.from(new Uint8Array(buffer), (one) => String.fromCharCode(one)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

// For browsers that can't yet read options from JSON, nor write an answer as such.
function read(options) {
  const known = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) made.allowCredentials = known(options.allowCredentials);
  if (options.excludeCredentials) made.excludeCredentials = known(options.excludeCredentials);
  return made;
}

function written(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { id, rawId, type, response } = credential;
  const told = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) told[name] = text(response[name]);
  }
  if (response.getTransports) told.transports = response.getTransports();
  return { id, rawId: text(rawId), type, response: told, clientExtensionResults: {} };
}

async function asked(form) {
  if (form.dataset.options) return { token: "", options: JSON.parse(form.dataset.options) };
  const headers = { accept: "application/json" };
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.dataset.ask, { method: "POST", headers, body });
  if (answer.redirected) location.assign(answer.url); // one has to sign in anew
  const told = await answer.json();
  if (told.code === "STEP_UP_REQUIRED" && form.dataset.sure) location.assign(form.dataset.sure);
  if (!answer.ok) throw new DOMException(told.message, "Told");
  return told;
}

async function ask(form, more) {
  const { token, options } = await asked(form);
  const make = form.dataset.passkey === "create";
  const parse = PublicKeyCredential[make ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON"];
  const publicKey = parse ? parse.call(PublicKeyCredential, options) : read(options);
  const credential = await navigator.credentials[make ? "create" : "get"]({ publicKey, ...more });
  if (token) form.elements.token.value = token;
  form.elements.credential.value = JSON.stringify(written(credential));
  form.submit();
}

function say(form, words) {
  const note = form.querySelector(".mistake[role]");
  note.hidden = !words;
  note.querySelector("span").textContent = words;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-passkey]")) return;
  event.preventDefault();
  waiting?.abort();
  say(form, "");
  ask(form, {}).catch((error) => {
    form.removeAttribute("data-sent");
    say(form, error.name === "Told" ? error.message : SAID[error.name] ?? SAID.NotAllowedError);
  });
});

// The e-mail field suggests passkeys where the browser can.
async function suggest(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  ask(form, { mediation: "conditional", signal: waiting.signal }).catch(() => {});
}

function show() {
  if (!able) return;
  for (const form of document.querySelectorAll("[data-passkey][hidden]")) form.hidden = false;
}

show();
document.addEventListener("htmx:after:swap", show);
const alone = document.querySelector("[data-passkey='sign-in']");
if (able && alone) suggest(alone);
