// The administrators' application (port 8010).
import { createRoot } from "react-dom/client";
import "./style.css";
import { speak } from "./i18n";
import { route } from "./router";
import { AdminFrame } from "./shell/admin";
import { App, type Application } from "./shell/App";
import { SetUpFirst } from "./shell/SetUpFirst";

const application: Application = {
  name: "Postamt",
  Frame: AdminFrame,
  Before: SetUpFirst,
  routes: [
    route("/", () => import("./pages/dash/Dash")),
    route("/setup", () => import("./pages/dash/Dash")),
    route("/preferences", () => import("./pages/preferences/Preferences")),
  ],
};

await speak((language) => import(`./i18n/words/${language}/admin.ts`).then((words) => words.default));
const root = document.getElementById("app");
if (root) createRoot(root).render(<App application={application} />);
