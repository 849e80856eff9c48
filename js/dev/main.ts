import type { View } from "../src/contract";
import widget from "../src/widgets/index";
import { Kernel } from "./kernel";

declare global {
  interface Window {
    kernel: Kernel;
  }
}

const query = new URLSearchParams(location.search);
const kernel = new Kernel();
window.kernel = kernel;
kernel.set({ view: (query.get("view") ?? "studio") as View, height: Number(query.get("height") ?? 880) });
const made = widget();
const el = document.getElementById("root") as HTMLElement;
const signal = new AbortController().signal;
made.initialize({ model: kernel.model, signal } as never);
made.render({ model: kernel.model, el, signal } as never);
