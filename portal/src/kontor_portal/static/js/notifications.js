// The bell: its number follows the stream; a new notification is also said as a toast.
import { openStream } from "./live.js";
import { toast } from "./toast.js";

// Services speak German; a page in another language asks how its reader says it.
const said = async ({ notificationId, title }) => {
  if (document.documentElement.lang === "de") return title;
  try {
    const answer = await fetch(`/benachrichtigungen/${notificationId}/titel`);
    return answer.ok ? await answer.text() : title;
  } catch {
    return title;
  }
};

export const watchNotifications = () => {
  const counters = document.querySelectorAll("[data-unread]");
  if (!counters.length) return;
  const show = (count) => {
    for (const counter of counters) {
      counter.textContent = count > 99 ? "99+" : String(count);
      counter.hidden = count === 0;
    }
  };
  const bell = document.getElementById("bell");
  const load = () => bell?.open && window.htmx.trigger("#bell-panel", "office:open");
  bell?.addEventListener("toggle", load);
  openStream({
    address: () => "/v1/notifications:watch",
    onMessage: ({ notification, unreadCount = 0 }) => {
      show(Number(unreadCount));
      if (!notification) return;
      load();
      const link = notification.link?.startsWith("/") ? notification.link : undefined;
      if (link && location.pathname === link) return; // it is on the screen already
      said(notification).then((title) => toast(title, { href: link }));
    },
  });
};
