import "@xyflow/react/dist/base.css";
import "../theme.css";
import "../ui/ui.css";
import "../editor/palette.css";
import "../editor/canvas.css";
import "../editor/nodes.css";
import "../editor/typing.css";
import "../editor/welcome.css";
import "../editor/panels.css";
import "../editor/editor.css";
import "../fields/fields.css";
import "../training/charts.css";
import "../training/forms.css";
import "../training/training.css";
import "../inspector/inspector.css";
import "./studio.css";

import type { InitializeProps, RenderProps } from "@anywidget/types";
import { createRoot } from "react-dom/client";

import { Session } from "../bridge/session";
import type { Traits } from "../contract";
import { Root } from "./Root";
import { ViewOf } from "./views";

/** One widget: its session is made once and shared by all its views on the page. */
export default function widget() {
  let session: Session | null = null;
  return {
    initialize({ model }: InitializeProps<Traits>) {
      session = new Session(model);
    },
    render({ model, el }: RenderProps<Traits>) {
      session ??= new Session(model);
      const view = session.trait("view");
      const root = createRoot(el);
      root.render(
        <Root session={session} view={view}>
          {(panning) => <ViewOf view={view} panning={panning} />}
        </Root>,
      );
      return () => root.unmount();
    },
  };
}
