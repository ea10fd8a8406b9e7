// Chats as they happen: one stream for the open chat and the list beside it. Sends without reloading, shows what
// arrives, says how far one has read, catches up after a break.
import { openStream } from "./live.js";
import { once } from "./once.js";
import { request } from "./session.js";
import { toast } from "./toast.js";

const time = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "Europe/Berlin",
});

class Chat {
  constructor(box) {
    this.box = box;
    this.log = box.querySelector("[data-log]");
    this.form = box.querySelector("form");
    this.field = this.form.querySelector("textarea");
    this.template = box.querySelector("template");
    this.status = box.querySelector("[data-status]");
    this.id = box.dataset.chat;
    this.mineIsCustomer = box.dataset.side === "customer";
    this.newest = box.dataset.newest ?? "";
  }

  start() {
    this.toEnd();
    this.markRead();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    document.addEventListener("visibilitychange", () => this.markRead());
  }

  connected(isConnected) {
    this.status.textContent = isConnected ? "" : this.status.dataset.offline;
  }

  receive({ message, read }) {
    if (message?.chatId === this.id) this.show(message);
    if (read?.chatId === this.id && read.readerIsCustomer !== this.mineIsCustomer) this.showRead(read.upToMessageId);
  }

  show(message) {
    if (this.log.querySelector(`[data-message="${message.messageId}"]`)) return;
    const mine = Boolean(message.senderIsCustomer) === this.mineIsCustomer;
    const bubble = this.template.content.firstElementChild.cloneNode(true);
    bubble.dataset.message = message.messageId;
    bubble.classList.toggle("bubble--mine", mine);
    bubble.querySelector("[data-who]").textContent = message.senderName ?? "";
    bubble.querySelector("[data-who]").hidden = mine;
    bubble.querySelector("[data-text]").textContent = message.text;
    bubble.querySelector("[data-time]").textContent = time.format(new Date(message.createTime));
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
    this.log.querySelector("[data-first]")?.remove();
    this.log.append(bubble);
    if (message.messageId > this.newest) this.newest = message.messageId;
    if (mine || atEnd) this.toEnd();
    if (!mine) this.markRead();
  }

  showRead(upTo) {
    for (const bubble of this.log.querySelectorAll(".bubble--mine")) {
      if (bubble.dataset.message <= upTo) bubble.querySelector("[data-read]").hidden = false;
    }
  }

  async send() {
    const text = this.field.value.trim();
    if (!text) return;
    this.field.value = "";
    const response = await request(`/v1/chats/${this.id}/messages`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text, requestId: crypto.randomUUID() }),
    }).catch(() => undefined);
    if (response?.ok) {
      this.show(await response.json());
    } else {
      this.field.value = text; // nothing that was written is lost
      toast(this.form.dataset.failed, { bad: true });
    }
    this.field.focus();
  }

  markRead() {
    if (!this.newest || document.visibilityState !== "visible") return;
    request(`/v1/chats/${this.id}:markRead`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ upToMessageId: this.newest }),
    }).catch(() => {});
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }
}

// The list of chats is loaded anew when something happens, without touching what is being written.
const reloadList = () => {
  const list = document.querySelector("[data-inbox]");
  if (list) window.htmx.trigger(list, "office:changed");
};

const watch = (room) => {
  let wasConnected = false;
  let planned;
  openStream({
    address: () => `/v1/chats:watch${room?.newest ? `?afterMessageId=${room.newest}` : ""}`,
    onMessage: (event) => {
      room?.receive(event);
      if (event.heartbeat) return;
      clearTimeout(planned);
      planned = setTimeout(reloadList, 20);
    },
    onState: (isConnected) => {
      room?.connected(isConnected);
      if (isConnected && wasConnected) reloadList();
      wasConnected ||= isConnected;
    },
  });
};

let watching = false;

export const openChat = (root) => {
  let room;
  once(root, "[data-chat]", (box) => {
    room = new Chat(box);
    room.start();
  });
  if (watching || !(room || document.querySelector("[data-inbox]"))) return;
  watching = true;
  watch(room);
};
