// German, as the admin application loads it.
import { common } from "../../de/common";
import { admin } from "../../de/admin";
import { coded } from "../../de/coded";
import { problems } from "../../de/problems";
import { settings } from "../../de/settings";

export default { ...common, ...admin, ...coded, ...problems, ...settings };
