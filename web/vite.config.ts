// Two bundles, because the loader runs on the clinic's page and shares nothing with the chat.
import { defineConfig } from "vite";

export default defineConfig(({ mode }) => {
  const isWidget = mode === "widget";
  return {
    publicDir: isWidget ? false : "public",
    build: {
      outDir: "../bot/channels/static",
      emptyOutDir: !isWidget,
      target: "es2021",
      modulePreload: false,
      rollupOptions: {
        input: isWidget ? "src/widget.ts" : "src/main.ts",
        output: {
          format: isWidget ? "iife" : "es",
          entryFileNames: isWidget ? "widget.js" : "chat.js",
        },
      },
    },
  };
});
