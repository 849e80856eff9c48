import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { scoped } from "../scoped.ts";

/** Builds the harness into dev/out/: the page with a kernel of its own, without Python. */
export default defineConfig({
  plugins: [react()],
  css: { postcss: { plugins: [scoped] } },
  define: { "process.env.NODE_ENV": JSON.stringify("development") },
  build: {
    outDir: "dev/out",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    lib: {
      entry: "dev/main.ts",
      formats: ["iife"],
      name: "harness",
      fileName: () => "harness.js",
      cssFileName: "harness",
    },
    rolldownOptions: { output: { minify: false } },
  },
});
