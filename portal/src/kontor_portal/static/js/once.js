// Runs `setUp` for each element that matches, and only once per element.
const done = new WeakMap();

export const once = (root, selector, setUp) => {
  for (const element of root.querySelectorAll(selector)) {
    const seen = done.get(element) ?? new Set();
    if (seen.has(selector)) continue;
    done.set(element, seen.add(selector));
    setUp(element);
  }
};
