// The office as an app: registers the service worker, and offers to install where the browser allows it.
export const offerInstallation = () => {
  if ("serviceWorker" in navigator && window.isSecureContext) {
    navigator.serviceWorker.register("/sw.js").catch(() => {}); // without it, everything works but offline
  }
  const buttons = document.querySelectorAll("[data-install]");
  if (!buttons.length) return;
  let offer;
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event;
    buttons.forEach((button) => (button.hidden = false));
  });
  buttons.forEach((button) =>
    button.addEventListener("click", async () => {
      await offer?.prompt();
      buttons.forEach((each) => (each.hidden = true));
    }),
  );
};
