// Russian, as the admin application loads it.
import { common } from "../../ru/common";
import { admin } from "../../ru/admin";
import { coded } from "../../ru/coded";
import { problems } from "../../ru/problems";
import { settings } from "../../ru/settings";

export default { ...common, ...admin, ...coded, ...problems, ...settings };
