// A scene that moves: only for those who did not ask for less movement, and with a button that stops it (WCAG 2.2.2).
import { once } from "./once.js";

export const playScenes = (root) => {
  once(root, "[data-scene]", (scene) => {
    const picture = scene.querySelector("img");
    const still = picture.src;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "icon-btn scene__pause";
    const show = (moving) => {
      picture.src = moving ? scene.dataset.scene : still;
      button.setAttribute("aria-label", moving ? scene.dataset.pause : scene.dataset.play);
      const icon = document.querySelector("link[data-icons]")?.href ?? "";
      button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${icon}#${moving ? "pause" : "play"}"></use></svg>`;
      button.dataset.moving = String(moving);
    };
    button.addEventListener("click", () => show(button.dataset.moving !== "true"));
    scene.append(button);
    show(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  });
};
