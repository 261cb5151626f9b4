// Russian: its keys are those of German; what is not translated yet stands in English.
import type { Key, Words } from "../../index";

export default {} satisfies Partial<Record<Key, string>> as Words;
