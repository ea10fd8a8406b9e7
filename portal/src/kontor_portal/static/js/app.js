// Entry point: every module looks for its own elements and does nothing where there are none.
// All pages work without this file, but for what is live (new messages appear by themselves).
import { keepSession } from "./session.js";
import { watchNotifications } from "./notifications.js";
import { enhanceMenus, enhanceDialogs, enhanceNotices, enhanceForms, showCurrentTabs } from "./elements.js";
import { enhanceUploads } from "./upload.js";
import { openChat } from "./chat.js";
import { previewBrand, previewPrices } from "./preview.js";
import { offerInstallation } from "./install.js";
import { playScenes } from "./scene.js";
import { enhanceSearch } from "./search.js";
import { showPreviews } from "./papers.js";
import { shrinkPictures } from "./shrink.js";

const enhance = (root) => {
  enhanceMenus(root);
  showCurrentTabs(root);
  enhanceDialogs(root);
  enhanceNotices(root);
  enhanceForms(root);
  enhanceUploads(root);
  openChat(root);
  previewBrand(root);
  previewPrices(root);
  playScenes(root);
  shrinkPictures(root);
  showPreviews(root);
};

keepSession();
watchNotifications();
offerInstallation();
enhanceSearch();
enhance(document);
document.addEventListener("htmx:after:swap", () => enhance(document));
