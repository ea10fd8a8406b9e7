// The key "/" leads to the search field, unless somebody is typing.
export const enhanceSearch = () => {
  const field = document.querySelector("input[data-search]");
  if (!field) return;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!field.checkVisibility()) return;
    event.preventDefault();
    field.focus();
  });
};
