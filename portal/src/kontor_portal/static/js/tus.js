// tus-js-client, fetched when the first file is chosen, and what it remembers of uploads that were cut off: their
// addresses under a hash, never a file's name.
const PREFIX = "office.upload.";
let loading;

export const loadTus = (source) => {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.addEventListener("load", () => resolve(window.tus));
    script.addEventListener("error", () => {
      loading = undefined;
      reject(new Error("tus is not available"));
    });
    document.head.append(script);
  });
  return loading;
};

export const fingerprintOf = async (file, ...place) => {
  const said = JSON.stringify([file.name, file.size, file.lastModified, ...place]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(said));
  return [...new Uint8Array(digest).slice(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

const read = (key) => {
  const uploadUrl = localStorage.getItem(key);
  return uploadUrl ? [{ uploadUrl, urlStorageKey: key, metadata: {}, size: null }] : [];
};

export const forgetfulStorage = {
  findAllUploads: async () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).flatMap(read),
  findUploadsByFingerprint: async (fingerprint) => read(PREFIX + fingerprint),
  removeUpload: async (key) => localStorage.removeItem(key),
  addUpload: async (fingerprint, upload) => {
    localStorage.setItem(PREFIX + fingerprint, upload.uploadUrl);
    return PREFIX + fingerprint;
  },
};
