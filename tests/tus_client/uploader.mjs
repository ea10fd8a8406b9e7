// Uploads a file with tus-js-client. A command comes as a JSON line on stdin, its answer goes as one to stdout:
// {path, endpoint, token, metadata, chunkSize?, stopAfter?, uploadUrl?, terminate?} → {url, stopped} or {error, status}.
import { createReadStream, statSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { createInterface } from "node:readline";
import * as tus from "tus-js-client";

// A line that goes dead after so many bytes, in the middle of a request.
const dyingLine = (bytes, onDead) => {
  const agent = new http.Agent();
  agent.createConnection = (options) => {
    const socket = net.connect(options);
    const write = socket.write.bind(socket);
    let sent = 0;
    socket.write = (chunk, ...more) => {
      sent += chunk.length;
      if (sent <= bytes) return write(chunk, ...more);
      if (sent - chunk.length <= bytes) setTimeout(onDead, 300);
      return false;
    };
    return socket;
  };
  return new tus.DefaultHttpStack({ agent });
};

const run = (given) =>
  new Promise((resolve) => {
    const tearOff = async () => {
      await upload.abort(false);
      resolve({ url: upload.url, stopped: true });
    };
    const upload = new tus.Upload(createReadStream(given.path), {
      endpoint: given.endpoint,
      uploadUrl: given.uploadUrl,
      uploadSize: statSync(given.path).size,
      chunkSize: given.chunkSize ?? Infinity,
      retryDelays: [],
      ...(given.stopAfter && { httpStack: dyingLine(given.stopAfter, tearOff) }),
      headers: { Authorization: `Bearer ${given.token}` },
      metadata: given.metadata ?? {},
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
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`, () => process.exit(0));
}
