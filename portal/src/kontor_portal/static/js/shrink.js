// Photos from a phone are larger than needed and carry the place where they were taken: both end here, before sending.
import { once } from "./once.js";

const LONGEST_SIDE = 1200;

const shrunk = async (file) => {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  return new File([blob], "picture.jpg", { type: "image/jpeg" });
};

export const shrinkPictures = (root) => {
  once(root, 'input[type="file"][data-shrink]', (field) => {
    field.addEventListener("change", async () => {
      if (!field.files.length) return;
      const files = new DataTransfer();
      files.items.add(await shrunk(field.files[0]));
      field.files = files.files;
    });
  });
};
