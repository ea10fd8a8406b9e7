// Uploads with real progress: reserve, then PUT the bytes straight to the file store. Without this file the form
// sends the files to the portal, which does the same.
import { once } from "./once.js";
import { refreshSession, request } from "./session.js";

const PARALLEL = 2;
const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
const megabytes = (bytes) => `${format.format(bytes / 1024 / 1024)} MB`;

const put = (path, file, onProgress) =>
  new Promise((resolve) => {
    const sender = new XMLHttpRequest();
    sender.open("PUT", path);
    sender.setRequestHeader("Content-Type", "application/octet-stream");
    sender.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    sender.addEventListener("loadend", () => resolve({ status: sender.status, body: sender.responseText }));
    sender.send(file);
  });

const problemText = (body, fallback) => {
  try {
    const answer = JSON.parse(body);
    const localized = answer.details?.find((detail) => detail["@type"]?.endsWith("LocalizedMessage"));
    return localized?.message ?? answer.title ?? answer.message ?? fallback;
  } catch {
    return fallback;
  }
};

const send = async (form, file, row) => {
  const bar = row.querySelector("progress");
  const note = row.querySelector("[data-note]");
  const fail = (text) => {
    note.textContent = text;
    row.classList.add("is-failed");
    bar.hidden = true;
  };
  const values = new FormData(form);
  const reservation = { fileName: file.name, sizeBytes: String(file.size), requestId: crypto.randomUUID() };
  for (const [field, key] of [["folder_id", "folderId"], ["kind", "kind"], ["contract_id", "contractId"]]) {
    if (values.get(field)) reservation[key] = values.get(field);
  }
  const reserved = await request(form.dataset.uploads, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(reservation),
  });
  if (!reserved.ok) return fail(problemText(await reserved.text(), form.dataset.failed));
  const { uploadPath } = await reserved.json();
  const progress = (loaded) => {
    bar.value = file.size ? loaded / file.size : 1;
    note.textContent = `${megabytes(loaded)} / ${megabytes(file.size)}`;
  };
  let result = await put(uploadPath, file, progress);
  if (result.status === 401 && (await refreshSession())) result = await put(uploadPath, file, progress);
  if (result.status < 200 || result.status > 299) return fail(problemText(result.body, form.dataset.failed));
  bar.value = 1;
  note.textContent = form.dataset.finished;
  row.classList.add("is-finished");
};

const enqueue = async (form, files) => {
  const list = form.querySelector("[data-upload-list]");
  const template = form.querySelector("template");
  const rows = files.map((file) => {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = file.name;
    list.append(row);
    return { file, row };
  });
  const total = rows.length;
  const worker = async () => {
    for (let next = rows.shift(); next; next = rows.shift()) await send(form, next.file, next.row);
  };
  window.onbeforeunload = () => true;
  await Promise.all(Array.from({ length: Math.min(PARALLEL, total) }, worker));
  window.onbeforeunload = null;
  if (!list.querySelector(".is-failed")) location.assign(form.dataset.next);
};

export const enhanceUploads = (root) => {
  once(root, "form[data-uploads]", (form) => {
    const input = form.querySelector('input[type="file"]');
    const zone = form.querySelector(".dropzone");
    zone.classList.add("is-enhanced");
    form.querySelector("[data-without-script]")?.remove();
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = "";
      if (files.length) enqueue(form, files);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["dragenter", "dragover"]) {
      zone.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.add("is-over");
      });
    }
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      const files = [...event.dataTransfer.files];
      if (files.length) enqueue(form, files);
    });
  });
};
