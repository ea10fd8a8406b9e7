// Folders of a dropped folder: found by name below where one is, or made.
import { request } from "./session.js";

const listed = async (base) => {
  const found = new Map();
  for (let token = ""; ; ) {
    const answer = await request(`${base}?pageSize=100&pageToken=${encodeURIComponent(token)}`);
    if (!answer.ok) throw new Error(`folders: ${answer.status}`);
    const page = await answer.json();
    for (const folder of page.folders ?? []) found.set(key(folder.parentId ?? "", folder.name), folder.folderId);
    token = page.nextPageToken ?? "";
    if (!token) return found;
  }
};

const key = (parentId, name) => `${parentId}/${name.trim().toLowerCase()}`;

const create = async (base, parentId, name) => {
  const folder = { name: name.slice(0, 120), ...(parentId && { parentId }) };
  const answer = await request(base, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(folder),
  });
  if (!answer.ok) throw new Error(`folder: ${answer.status}`);
  return (await answer.json()).folderId;
};

// Returns a function that gives the id of the folder at a path below `start`.
export const foldersFor = (customerId, start) => {
  const base = `/v1/customers/${customerId}/folders`;
  let known;
  const found = new Map();
  const below = async (parentId, name) => {
    known ??= listed(base);
    return (await known).get(key(parentId, name)) ?? create(base, parentId, name);
  };
  return (path) => {
    let here = Promise.resolve(start);
    path.forEach((name, depth) => {
      const way = path.slice(0, depth + 1).join("/");
      if (!found.has(way)) found.set(way, here.then((parentId) => below(parentId, name)));
      here = found.get(way);
    });
    return here;
  };
};
