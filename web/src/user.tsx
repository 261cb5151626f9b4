// The users' application (port 8100).
import { createRoot } from "react-dom/client";
import "./style.css";
import { speak } from "./i18n";
import { route } from "./router";
import { App, type Application } from "./shell/App";
import { UserFrame } from "./shell/user";

const application: Application = {
  name: "Postamt",
  Frame: UserFrame,
  routes: [
    route("/", () => import("./pages/mail/Mail")),
    route("/messages", () => import("./pages/messages/Messages")),
    route("/people", () => import("./pages/roster/Roster")),
    route("/calls", () => import("./pages/calls/OwnCalls")),
    route("/explorer", () => import("./pages/api/ApiPage")),
    route("/settings", () => import("./pages/own/OwnSettings")),
  ],
};

await speak((language) => import(`./i18n/words/${language}/user.ts`).then((words) => words.default));
const root = document.getElementById("app");
if (root) createRoot(root).render(<App application={application} />);
