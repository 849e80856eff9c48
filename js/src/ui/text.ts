// All words on the page, a table for each part of it.

import { APP } from "./words/app";
import { EDITOR } from "./words/editor";
import { INSPECTOR } from "./words/inspector";
import { TRAINING } from "./words/training";

export const TEXT = { ...APP, ...EDITOR, ...TRAINING, ...INSPECTOR } as const;
