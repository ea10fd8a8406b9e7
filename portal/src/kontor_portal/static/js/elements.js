// Small behaviours of menus, dialogs, notices and forms.
import { once } from "./once.js";

export const enhanceMenus = (root) => {
  once(root, "details.menu", (menu) => {
    document.addEventListener("click", (event) => {
      if (menu.open && !menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
};

// Of tabs that do not fit on a phone, the current one is in sight.
export const showCurrentTabs = (root) => {
  once(root, '.tabs [aria-current="page"]', (tab) => {
    const row = tab.closest(".tabs");
    row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  });
};

export const enhanceDialogs = (root) => {
  once(root, "[data-dialog-open]", (opener) => {
    opener.addEventListener("click", (event) => {
      const dialog = document.getElementById(opener.dataset.dialogOpen);
      if (!dialog?.showModal) return;
      event.preventDefault();
      dialog.showModal();
    });
  });
  once(root, "dialog.dialog", (dialog) => {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-dialog-close]")) {
        event.preventDefault();
        dialog.close();
      }
    });
    if (dialog.dataset.open === undefined) return;
    dialog.close(); // the page opened it for browsers without scripts; only a closed one can become modal
    dialog.showModal();
  });
};

export const enhanceNotices = (root) => {
  once(root, "[data-notice]", (notice) => {
    notice.querySelector("button")?.addEventListener("click", () => notice.remove());
    setTimeout(() => notice.remove(), 8000);
  });
};

export const enhanceForms = (root) => {
  // A form is sent once; the button says that it is working.
  once(root, "form[method=post]", (form) => {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!button || event.defaultPrevented) return;
      setTimeout(() => {
        button.disabled = true;
        setTimeout(() => (button.disabled = false), 8000);
      });
    });
  });
  once(root, "[data-check-all]", (master) => {
    const boxes = () => [...document.querySelectorAll(`input[name="${master.dataset.checkAll}"]`)];
    master.addEventListener("change", () => boxes().forEach((box) => (box.checked = master.checked)));
  });
  once(root, "[data-submits]", (control) => control.addEventListener("change", () => control.form.requestSubmit()));
  once(root, "button[data-share]", (button) => {
    if (!navigator.share) return;
    button.hidden = false;
    button.addEventListener("click", () =>
      navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {}),
    );
  });
  once(root, "[data-print]", (button) => button.addEventListener("click", () => window.print()));
  // What depends on a choice is shown with it.
  once(root, "[data-shown-with]", (part) => {
    const [name, value] = part.dataset.shownWith.split("=");
    const controls = document.querySelectorAll(`[name="${name}"]`);
    const update = () => {
      const chosen = [...controls].find((control) => control.type !== "radio" || control.checked);
      part.hidden = chosen?.value !== value;
    };
    controls.forEach((control) => control.addEventListener("change", update));
    update();
  });
  // The first faulty field is where one continues.
  once(root, '[aria-invalid="true"]', (field) => {
    if (field === document.querySelector('[aria-invalid="true"]')) field.focus();
  });
};
