// Colours that are picked or typed, and the price a customer will see.
import { once } from "./once.js";

const euros = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" });

export const previewBrand = (root) => {
  // The picker and the text beside it say the same.
  once(root, 'input[type="color"][data-for]', (picker) => {
    const text = picker.form.elements[picker.dataset.for];
    picker.addEventListener("input", () => (text.value = picker.value));
    text.addEventListener("input", () => {
      if (/^#[0-9a-f]{6}$/i.test(text.value)) picker.value = text.value;
    });
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
