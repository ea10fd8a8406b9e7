// A server-sent event stream that comes back: after a break, when the session was renewed, when the tab is seen again.
// A tab that nobody sees holds no connection, because a browser allows few of them per server over HTTP/1.1.
import { refreshSession } from "./session.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

// `address` is asked before each connection, so that it can name what was seen last.
// `onState` hears true when connected and false when the connection broke.
export const openStream = ({ address, onMessage, onState = () => {} }) => {
  let source = null;
  let wait = FIRST_WAIT;
  let timer;
  let failures = 0;

  const connect = () => {
    clearTimeout(timer);
    source?.close();
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
      close();
      onState(false);
      failures += 1;
      timer = setTimeout(reconnect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };

  const reconnect = async () => {
    if (failures > 1 && !(await refreshSession({ unasked: true }).catch(() => true))) return; // goes on when the session is renewed
    if (document.visibilityState === "visible") connect();
  };

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };

  const follow = () => {
    if (document.visibilityState === "hidden") close();
    else if (!source) connect();
  };

  follow();
  document.addEventListener("visibilitychange", follow);
  document.addEventListener("office:session", follow);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", follow);
};
