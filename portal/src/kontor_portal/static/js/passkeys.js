// Passkeys (Web Authentication): asks the device to make or to prove one, and sends its answer with an ordinary form.
// Used by the sign-in pages, too. Without this script, or without such a device, the forms stay hidden.
import { once } from "./once.js";

const RENEW_AFTER = 4 * 60 * 1000; // a challenge lives five minutes

const bytes = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const decoded = (json) => {
  const options = JSON.parse(json);
  const known = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: known(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: known(options.allowCredentials) }),
  };
};

const encoded = (credential) => {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = parts.filter((part) => response[part]).map((part) => [part, text(response[part])]);
  const transports = response.getTransports?.();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...Object.fromEntries(given), ...(transports && { transports }) },
  });
};

// A passkey is bound to a host: the platform's, or the first of a firm's own. On its other domains it works where the
// browser knows related origins.
const worksHere = async (host) => {
  if (!window.PublicKeyCredential) return false;
  if (location.hostname === host || location.hostname.endsWith(`.${host}`)) return true;
  const capabilities = await PublicKeyCredential.getClientCapabilities?.();
  return Boolean(capabilities?.relatedOrigins);
};

const failed = (form, error) => {
  if (error.name === "AbortError") return;
  const place = form.querySelector("[data-passkey-problem]");
  if (place) place.hidden = false;
};

const ask = async (form, request) => {
  const answer = await fetch("/login/passkey/options", { method: "POST" });
  if (!answer.ok) throw new Error(`options: ${answer.status}`);
  const { ceremony, options } = await answer.json();
  const credential = await navigator.credentials.get({ ...request, publicKey: decoded(options) });
  form.elements.ceremony.value = ceremony;
  form.elements.credential.value = encoded(credential);
  form.submit();
};

const offerInField = async (form, run) => {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  // Nobody has asked for anything yet, so a device that has no passkey, or a visitor who wants none, is no problem.
  const offer = () => ask(form, { mediation: "conditional", signal: run.start() }).catch(() => {});
  offer();
  setInterval(() => run.isConditional && offer(), RENEW_AFTER);
};

const signIn = async (form) => {
  if (!(await worksHere(form.dataset.host))) return;
  form.hidden = false;
  const run = {
    isConditional: true,
    start() {
      this.controller?.abort();
      this.controller = new AbortController();
      return this.controller.signal;
    },
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run.isConditional = false;
    ask(form, { signal: run.start() }).catch((error) => failed(form, error));
  });
  if (form.dataset.passkeySignIn === "conditional") offerInField(form, run);
};

const create = async (form) => {
  if (!(await worksHere(JSON.parse(form.dataset.options).rp.id))) return;
  form.hidden = false;
  document.querySelectorAll("[data-passkey-missing]").forEach((element) => { element.hidden = true; });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const credential = await navigator.credentials.create({ publicKey: decoded(form.dataset.options) });
      form.elements.credential.value = encoded(credential);
      form.submit();
    } catch (error) {
      failed(form, error);
    }
  });
};

once(document, "form[data-passkey-sign-in]", signIn);
once(document, "form[data-passkey-create]", create);
