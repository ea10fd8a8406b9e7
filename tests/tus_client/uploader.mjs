// Uploads a file with tus-js-client. Commands come as JSON lines on stdin, answers go as JSON lines to stdout:
// {path, endpoint, token, metadata, chunkSize?, stopAfter?, uploadUrl?, checksum?} → {url, offset, stopped} or {error, status}.
import { createReadStream, statSync } from "node:fs";
import { createInterface } from "node:readline";
import * as tus from "tus-js-client";

const run = (given) =>
  new Promise((resolve) => {
    const upload = new tus.Upload(createReadStream(given.path), {
      endpoint: given.endpoint,
      uploadUrl: given.uploadUrl,
      uploadSize: statSync(given.path).size,
      chunkSize: given.chunkSize ?? Infinity,
      retryDelays: [],
      headers: { Authorization: `Bearer ${given.token}` },
      metadata: given.metadata ?? {},
      onProgress: async (sent) => {
        if (!given.stopAfter || sent < given.stopAfter || upload.stopped) return;
        upload.stopped = true; // the connection is torn down in the middle of a request
        await upload.abort(false);
        resolve({ url: upload.url, offset: sent, stopped: true });
      },
      onSuccess: () => resolve({ url: upload.url, stopped: false }),
      onError: (error) =>
        resolve({ error: error.message, status: error.originalResponse?.getStatus() ?? 0, url: upload.url }),
    });
    if (given.terminate) {
      tus.Upload.terminate(given.uploadUrl, { headers: { Authorization: `Bearer ${given.token}` } }).then(
        () => resolve({ url: given.uploadUrl, stopped: true }),
        (error) => resolve({ error: error.message, status: error.originalResponse?.getStatus() ?? 0 }),
      );
      return;
    }
    upload.start();
  });

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
}
