// Keeps the session alive: renews the access token shortly before it ends, in one tab at a time, and once more when
// a request is refused. The token itself is in an HttpOnly cookie; only its end is known here.
// Where the page asks for presence (a customer's renewal is a sign of life that stops an emergency release), a tab that
// nobody touches lets the session rest and renews it when somebody comes back.
const meta = document.querySelector('meta[name="session-expires"]');
const needsPresence = meta?.dataset.presence === "required";
const EARLY_SECONDS = 60;
const PRESENT_SECONDS = 300;
let expires = Number(meta?.content ?? 0);
let timer;
let ended = false;
let checking = false;
let touched = Date.now() / 1000;

const now = () => Date.now() / 1000;

const renew = async (unasked) => {
  const shared = Number(localStorage.getItem("office.session-expires") ?? 0);
  if (shared > expires && shared - now() > EARLY_SECONDS) {
    expires = shared; // another tab has done it
    return true;
  }
  if (unasked && needsPresence && now() - touched > PRESENT_SECONDS) return false;
  const response = await fetch("/auth/refresh", { method: "POST", headers: { "X-Requested-With": "fetch" } });
  if (response.status >= 500) throw new Error(`cannot renew: ${response.status}`);
  ended = !response.ok;
  if (ended) return false;
  expires = Number(response.headers.get("X-Session-Expires") ?? now() + 600);
  localStorage.setItem("office.session-expires", String(expires));
  document.dispatchEvent(new Event("office:session"));
  return true;
};

// Resolves to whether there is a session. `unasked`: by a timer or a stream, not because somebody did something.
export const refreshSession = ({ unasked = false } = {}) =>
  navigator.locks ? navigator.locks.request("office-refresh", () => renew(unasked)) : renew(unasked);

const plan = () => {
  clearTimeout(timer);
  timer = setTimeout(check, Math.max(5, expires - now() - EARLY_SECONDS) * 1000);
};

const check = async () => {
  if (checking) return;
  if (expires - now() <= EARLY_SECONDS + 5) {
    checking = true;
    try {
      if (!(await refreshSession({ unasked: true }))) return;
    } catch {
      // offline: try again below
    } finally {
      checking = false;
    }
  }
  plan();
};

const touch = () => {
  touched = now();
  if (!ended && expires - touched <= EARLY_SECONDS) check();
};

export const keepSession = () => {
  if (!expires) return;
  for (const kind of ["pointerdown", "keydown", "wheel"]) document.addEventListener(kind, touch, { passive: true });
  localStorage.setItem("office.session-expires", String(expires));
  plan();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && touch());
};

// fetch for /v1 and /files: renews the session once when it has run out.
export const request = async (url, options = {}) => {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  if (response.status !== 401 || !(await refreshSession())) return response;
  return fetch(url, { credentials: "same-origin", ...options });
};
