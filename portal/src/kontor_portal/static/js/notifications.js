// The bell: its number follows the stream; a new notification is also said as a toast.
import { openStream } from "./live.js";
import { toast } from "./toast.js";

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
      toast(notification.title, { href: link });
    },
  });
};
