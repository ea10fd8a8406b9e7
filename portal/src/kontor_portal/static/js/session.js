// Keeps the session alive: renews the access token shortly before it ends, in one tab at a time, and once more when
// a request is refused. The token itself is in an HttpOnly cookie; only its end is known here.
const meta = document.querySelector('meta[name="session-expires"]');
const EARLY_SECONDS = 60;
let expires = Number(meta?.content ?? 0);
let timer;

const now = () => Date.now() / 1000;

const renew = async () => {
  const shared = Number(localStorage.getItem("office.session-expires") ?? 0);
  if (shared > expires && shared - now() > EARLY_SECONDS) {
    expires = shared; // another tab has done it
    return true;
  }
  const response = await fetch("/auth/refresh", { method: "POST", headers: { "X-Requested-With": "fetch" } });
  if (!response.ok) return false;
  expires = Number(response.headers.get("X-Session-Expires") ?? now() + 600);
  localStorage.setItem("office.session-expires", String(expires));
  return true;
};

export const refreshSession = () =>
  navigator.locks ? navigator.locks.request("office-refresh", renew) : renew();

const plan = () => {
  clearTimeout(timer);
  timer = setTimeout(check, Math.max(5, expires - now() - EARLY_SECONDS) * 1000);
};

const check = async () => {
  if (expires - now() <= EARLY_SECONDS + 5) {
    try {
      if (!(await refreshSession())) return;
    } catch {
      // offline: try again below
    }
  }
  plan();
};

export const keepSession = () => {
  if (!expires) return;
  localStorage.setItem("office.session-expires", String(expires));
  plan();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && check());
};

// fetch for /v1 and /files: renews the session once when it has run out.
export const request = async (url, options = {}) => {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  if (response.status !== 401 || !(await refreshSession())) return response;
  return fetch(url, { credentials: "same-origin", ...options });
};
