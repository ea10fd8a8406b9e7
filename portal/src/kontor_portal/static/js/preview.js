// Live preview of brand colours with their contrast, and of the price a customer will see.
import { once } from "./once.js";

const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const luminance = (color) => {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(parseInt(color.slice(at, at + 2), 16) / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const inkOn = (color) => (contrast("#ffffff", color) >= contrast("#000000", color) ? "#ffffff" : "#000000");
const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const euros = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" });

export const previewBrand = (root) => {
  once(root, "form[data-brand]", (form) => {
    const preview = document.getElementById("brand-preview");
    const note = document.getElementById("brand-contrast");
    const update = () => {
      const primary = form.elements.primary_color.value.toLowerCase();
      const accent = form.elements.accent_color.value.toLowerCase();
      if (/^#[0-9a-f]{6}$/.test(primary)) {
        const ink = inkOn(primary);
        preview.style.setProperty("--preview-brand", primary);
        preview.style.setProperty("--preview-ink", ink);
        const ratio = contrast(ink, primary);
        const onWhite = contrast(primary, "#ffffff");
        note.textContent = (onWhite >= 4.5 ? note.dataset.good : note.dataset.weak)
          .replace("{ratio}", number.format(ratio))
          .replace("{white}", number.format(onWhite));
        note.closest(".alert").classList.toggle("alert--ok", onWhite >= 4.5);
        note.closest(".alert").classList.toggle("alert--warn", onWhite < 4.5);
      }
      if (/^#[0-9a-f]{6}$/.test(accent)) preview.style.setProperty("--preview-accent", accent);
      for (const field of ["heading", "greeting"]) {
        const target = preview.querySelector(`[data-${field}]`);
        target.textContent = form.elements[field].value || target.dataset.empty;
      }
    };
    for (const picker of form.querySelectorAll('input[type="color"]')) {
      const text = form.elements[picker.dataset.for];
      picker.addEventListener("input", () => {
        text.value = picker.value;
        update();
      });
      text.addEventListener("input", () => {
        if (/^#[0-9a-f]{6}$/i.test(text.value)) picker.value = text.value;
      });
    }
    form.addEventListener("input", update);
    update();
  });
};

export const previewPrices = (root) => {
  once(root, "form[data-share]", (form) => {
    const output = form.querySelector("output");
    const field = form.elements.net;
    const update = () => {
      const share = Number(field.value.replace(/\./g, "").replace(",", "."));
      if (Number.isFinite(share)) output.textContent = euros.format((Number(form.dataset.share) + Math.round(share * 100)) / 100);
    };
    field.addEventListener("input", update);
  });
};
