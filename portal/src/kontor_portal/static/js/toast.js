// Short messages at the edge of the screen; screen readers hear them through the region's aria-live.
const SECONDS = 6;

export const toast = (text, { href, bad = false } = {}) => {
  const region = document.getElementById("toasts");
  const template = document.getElementById("toast-template");
  if (!region || !template) return;
  const box = template.content.firstElementChild.cloneNode(true);
  box.classList.toggle("toast--bad", bad);
  const label = box.querySelector("[data-text]");
  if (href) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = text;
    link.className = "toast__link";
    label.append(link);
  } else {
    label.textContent = text;
  }
  box.querySelector("button").addEventListener("click", () => box.remove());
  region.append(box);
  setTimeout(() => box.remove(), SECONDS * 1000);
};
