// The picture of a document: where there is none, the platform says why.
import { once } from "./once.js";
import { request } from "./session.js";

const explain = async (figure, image) => {
  image.closest("a").hidden = true;
  const caption = figure.querySelector("figcaption");
  const answer = await request(image.src);
  const problem = answer.ok ? {} : await answer.json().catch(() => ({}));
  caption.textContent = problem.title ?? "";
  caption.hidden = !problem.title;
};

export const showPreviews = (root) => {
  once(root, "[data-preview]", (figure) => {
    const image = figure.querySelector("img");
    image.addEventListener("error", () => explain(figure, image), { once: true });
    if (image.complete && !image.naturalWidth) explain(figure, image);
  });
};
