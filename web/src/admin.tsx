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
    route("/users/domains", () => import("./pages/domain/Domains")),
    route("/users/domains/:domain", () => import("./pages/domain/DomainPage")),
    route("/users/accounts", () => import("./pages/account/Accounts")),
    route("/users/accounts/:account", () => import("./pages/account/AccountPage")),
    route("/users/numbers", () => import("./pages/telnum/Numbers")),
    route("/users/account-defaults", () => import("./pages/defaults/Defaults")),
    route("/users/domain-defaults", () => import("./pages/defaults/Defaults")),
    route("/settings/general", () => import("./pages/server/General")),
    route("/settings/network/client-ips", () => import("./pages/network/AddressLists")),
    route("/settings/network/address-lists", () => import("./pages/network/AddressLists")),
    route("/settings/network/lan", () => import("./pages/network/Lan")),
    route("/settings/network/media-ports", () => import("./pages/network/MediaPorts")),
    route("/settings/network/dns", () => import("./pages/network/Dns")),
    route("/settings/network/listeners", () => import("./pages/listener/Listeners")),
    route("/settings/mail/smtp/receiving/listener", () => import("./pages/listener/Listeners")),
    ...["/settings/mail/smtp/receiving", "/settings/mail/smtp/sending", "/settings/mail/queue", "/settings/access/imap", "/settings/access/pop", "/settings/real-time/sip", "/settings/real-time/media", "/settings/real-time/rules"]
      .map((path) => route(path, () => import("./pages/modules/ModulePage"))),
    route("/settings/rules", () => import("./pages/rules/ServerRules")),
    route("/settings/router", () => import("./pages/router/RouterPage")),
    route("/monitors/queue", () => import("./pages/queue/Queue")),
    route("/monitors/calls", () => import("./pages/call/Calls")),
    route("/monitors/calls/:call", () => import("./pages/call/CallPage")),
    route("/monitors/call-records", () => import("./pages/call/Records")),
    route("/monitors/registrations", () => import("./pages/registration/Registrations")),
    route("/monitors/sip", () => import("./pages/sip/Sip")),
    route("/trace", () => import("./pages/trace/Trace")),
    route("/master/rights", () => import("./pages/rights/Admins")),
    route("/master/certificates", () => import("./pages/certificate/Certificates")),
    route("/explorer", () => import("./pages/api/ApiPage")),
    route("/master/api", () => import("./pages/api/ApiPage")),
    route("/preferences", () => import("./pages/preferences/Preferences")),
  ],
};

await speak((language) => import(`./i18n/words/${language}/admin.ts`).then((words) => words.default));
const root = document.getElementById("app");
if (root) createRoot(root).render(<App application={application} />);
