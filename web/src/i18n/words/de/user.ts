// German, as the user application loads it.
import { common } from "../../de/common";
import { user } from "../../de/user";
import { coded } from "../../de/coded";
import { problems } from "../../de/problems";
import { settings } from "../../de/settings";

export default { ...common, ...user, ...coded, ...problems, ...settings };
