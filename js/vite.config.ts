import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { scoped } from "./scoped.ts";

export default defineConfig(({ mode }) => ({
  plugins: [react()],
  css: { postcss: { plugins: [scoped] } },
  define: { "process.env.NODE_ENV": JSON.stringify(mode === "development" ? "development" : "production") },
  build: {
    outDir: "../kerasviz/widgets/static",
    emptyOutDir: false,
    target: "es2022",
    sourcemap: false,
    cssCodeSplit: false,
    lib: {
      entry: "src/widgets/index.tsx",
      formats: ["es"],
      fileName: () => "widget.js",
      cssFileName: "widget",
    },
    rolldownOptions: { output: { minify: mode !== "development" } },
  },
}));
