import type { Position, PreviewLayer } from "../contract";
import type { Wire } from "../graph/document";

/** What the quick-add box will do with its text. */
export interface QuickAdd {
  on?: Wire;
  after?: string | null;
  at?: Position;
  merge?: string[];
  /** The call that the typed layer takes the place of. */
  replace?: string;
  /** Where the box floats, in pixels of the canvas; docked if absent. */
  place?: Position;
}

/** What only the page knows. */
export interface Page {
  selection: readonly string[];
  wire: string | null;
  focused: string | null;
  /** Counts requests to put the keyboard's focus on the focused node. */
  focusRequest: number;
  quickAdd: QuickAdd | null;
  ghosts: readonly PreviewLayer[];
  connecting: string | null;
  finding: boolean;
  sheet: boolean;
  palette: boolean;
  hotWire: string | null;
  hotCall: string | null;
  blamed: readonly string[];
  announcement: string;
  refusal: string | null;
  /** Counts requests to put the focus on the first field of the selected layer. */
  fieldRequest: number;
}

export const FRESH: Page = {
  selection: [],
  wire: null,
  focused: null,
  focusRequest: 0,
  quickAdd: null,
  ghosts: [],
  connecting: null,
  finding: false,
  sheet: false,
  palette: false,
  hotWire: null,
  hotCall: null,
  blamed: [],
  announcement: "",
  refusal: null,
  fieldRequest: 0,
};
