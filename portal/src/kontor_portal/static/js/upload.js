// Uploads that survive a cut: tus, with real progress, pause, and whole folders. Without this file the form sends its
// files as a plain form, which the file store takes as well.
import { foldersFor } from "./folders.js";
import { once } from "./once.js";
import { refreshSession, request } from "./session.js";
import { forgetfulStorage, fingerprintOf, loadTus } from "./tus.js";

const PARALLEL = 2;
const RETRIES = [0, 1000, 3000, 5000, 15000, 30000];
const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
const megabytes = (bytes) => `${format.format(bytes / 1024 / 1024)} MB`;

const problemText = (error, fallback) => {
  const body = error.originalResponse?.getBody();
  if (!body) return fallback;
  try {
    return JSON.parse(body).title ?? fallback;
  } catch {
    return body.length < 300 ? body : fallback;
  }
};

// What is said about a file beside its bytes.
const metadataOf = (form, file, folderId) => {
  const values = new FormData(form);
  const said = { filename: file.name, customer_id: form.dataset.customer };
  for (const field of ["kind", "contract_id", "document_id", "reason"]) {
    if (values.get(field)) said[field] = values.get(field);
  }
  if (folderId) said.folder_id = folderId;
  return said;
};

// Tells of a document of the same content, which may stay.
const showTwin = async (form, row, address) => {
  const documentId = address?.split("/").pop();
  if (!documentId) return false;
  const asked = await request(`/v1/customers/${form.dataset.customer}/documents/${documentId}/duplicates?pageSize=1`);
  const twin = asked.ok ? (await asked.json()).documents?.[0] : undefined;
  if (!twin) return false;
  const link = document.createElement("a");
  link.href = form.dataset.page ? `${form.dataset.page}/${documentId}` : `/files/documents/${documentId}`;
  link.textContent = `${form.dataset.twin} „${twin.title}“`;
  row.querySelector("[data-note]").replaceChildren(link);
  row.classList.add("is-twin");
  return true;
};

const send = (tus, form, { file, row, folderId }) =>
  new Promise((resolve) => {
    const bar = row.querySelector("progress");
    const note = row.querySelector("[data-note]");
    const pause = row.querySelector("[data-pause]");
    let stale = false;
    const end = (state, text) => {
      if (text) note.textContent = text;
      row.classList.add(state);
      row.querySelector("[data-controls]").hidden = true;
      bar.hidden = state !== "is-finished";
      resolve();
    };
    const upload = new tus.Upload(file, {
      endpoint: "/files/tus",
      metadata: metadataOf(form, file, folderId),
      fingerprint: () => fingerprintOf(file, form.dataset.customer, folderId, form.dataset.document),
      urlStorage: forgetfulStorage,
      removeFingerprintOnSuccess: true,
      retryDelays: RETRIES,
      onBeforeRequest: async () => {
        if (stale) stale = !(await refreshSession());
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        stale = status === 401;
        if (!navigator.onLine || !status) note.textContent = form.dataset.waiting;
        return stale || !status || status === 409 || status === 423 || status >= 500;
      },
      onProgress: (sent, total) => {
        bar.value = total ? sent / total : 1;
        note.textContent = `${megabytes(sent)} / ${megabytes(total)}`;
      },
      onError: (error) => {
        if (error.originalResponse) return end("is-failed", problemText(error, form.dataset.failed));
        setPaused(true, form.dataset.waiting); // the line is dead: goes on when it is back, or by the button
        window.addEventListener("online", goOn, { once: true });
      },
      onSuccess: async ({ lastResponse }) => {
        bar.value = 1;
        const isTwin = await showTwin(form, row, lastResponse.getHeader("Content-Location")).catch(() => false);
        end("is-finished", isTwin ? "" : form.dataset.finished);
      },
    });
    const setPaused = (paused, text) => {
      row.classList.toggle("is-paused", paused);
      pause.setAttribute("aria-pressed", String(paused));
      if (text) note.textContent = text;
    };
    const goOn = () => {
      if (!row.classList.contains("is-paused")) return;
      setPaused(false);
      upload.start();
    };
    pause.addEventListener("click", async () => {
      if (row.classList.contains("is-paused")) return goOn();
      setPaused(true, form.dataset.paused);
      await upload.abort();
    });
    row.querySelector("[data-cancel]").addEventListener("click", async () => {
      await upload.abort(true).catch(() => {});
      end("is-cancelled", form.dataset.cancelled);
    });
    row.querySelector("[data-controls]").hidden = false;
    upload.findPreviousUploads().then(([previous]) => {
      if (previous) upload.resumeFromPreviousUpload(previous);
      upload.start();
    });
  });

// `picked`: [{ file, path }] with the folders above each file.
const enqueue = async (form, picked) => {
  const list = form.querySelector("[data-upload-list]");
  const template = form.querySelector("template");
  const rows = picked.map(({ file, path }) => {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = [...path, file.name].join(" / ");
    list.append(row);
    return { file, path, row };
  });
  const total = rows.length;
  const tus = await loadTus(form.dataset.tus);
  const folders = foldersFor(form.dataset.customer, new FormData(form).get("folder_id") ?? "");
  const worker = async () => {
    for (let next = rows.shift(); next; next = rows.shift()) {
      const item = next;
      try {
        const folderId = await folders(item.path);
        if (!item.row.isConnected) continue;
        await send(tus, form, { ...item, folderId });
      } catch {
        item.row.classList.add("is-failed");
        item.row.querySelector("[data-note]").textContent = form.dataset.failed;
      }
    }
  };
  window.onbeforeunload = () => true;
  await Promise.all(Array.from({ length: Math.min(PARALLEL, total) }, worker));
  window.onbeforeunload = null;
  const needsEyes = list.querySelector(".is-failed, .is-twin, .is-cancelled");
  if (!needsEyes) location.assign(form.dataset.next);
  else form.querySelector("[data-upload-next]").hidden = false;
};

// The files of a drop, folders walked through.
const dropped = async (transfer) => {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: [] }));
  const found = [];
  const walk = async (entry, path) => {
    if (entry.isFile) {
      found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path });
      return;
    }
    const reader = entry.createReader();
    const read = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    for (let batch = await read(); batch.length; batch = await read()) {
      for (const child of batch) await walk(child, [...path, entry.name]);
    }
  };
  for (const entry of entries) await walk(entry, []);
  return found;
};

const chosen = (input) => {
  const picked = [...input.files].map((file) => ({ file, path: file.webkitRelativePath.split("/").slice(0, -1) }));
  input.value = "";
  return picked;
};

export const enhanceUploads = (root) => {
  once(root, "form[data-uploads]", (form) => {
    const zone = form.querySelector(".dropzone");
    zone.classList.add("is-enhanced");
    form.querySelector("[data-without-script]")?.remove();
    for (const hidden of form.querySelectorAll("[data-with-script]")) hidden.hidden = false;
    for (const input of form.querySelectorAll('input[type="file"]')) {
      input.addEventListener("change", () => {
        const picked = chosen(input);
        if (picked.length) enqueue(form, picked);
      });
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["dragenter", "dragover"]) {
      zone.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.add("is-over");
      });
    }
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", async (event) => {
      event.preventDefault();
      const picked = await dropped(event.dataTransfer);
      if (picked.length) enqueue(form, picked);
    });
  });
};
