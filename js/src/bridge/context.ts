import type { AnyModel } from "@anywidget/types";
import { createContext, useContext } from "react";

import type { Traits } from "../contract";
import type { Session } from "./session";

export type Model = AnyModel<Traits>;

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("a kerasviz component needs a SessionContext");
  return session;
}
