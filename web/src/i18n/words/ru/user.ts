// Russian, as the user application loads it.
import { common } from "../../ru/common";
import { user } from "../../ru/user";
import { coded } from "../../ru/coded";
import { problems } from "../../ru/problems";
import { settings } from "../../ru/settings";

export default { ...common, ...user, ...coded, ...problems, ...settings };
