// A server-sent event stream that comes back: after a break, when the session was renewed, when the tab wakes up.
import { refreshSession } from "./session.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

// `address` is asked before each connection, so that it can name what was seen last.
export const openStream = ({ address, onMessage, onState = () => {} }) => {
  let source;
  let wait = FIRST_WAIT;
  let timer;
  let failures = 0;

  const connect = () => {
    source = new EventSource(address());
    source.onopen = () => {
      failures = 0;
      onState(true);
    };
    source.onmessage = (event) => {
      wait = FIRST_WAIT;
      onMessage(JSON.parse(event.data));
    };
    source.onerror = () => {
      source.close();
      onState(false);
      failures += 1;
      timer = setTimeout(reconnect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };

  const reconnect = async () => {
    if (failures > 1) await refreshSession().catch(() => {});
    connect();
  };

  connect();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || source.readyState !== EventSource.CLOSED) return;
    clearTimeout(timer);
    reconnect();
  });
  window.addEventListener("pagehide", () => source.close());
};
