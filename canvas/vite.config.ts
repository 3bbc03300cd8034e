import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", assetsInlineLimit: 0 },
  server: { proxy: { "^/(workspaces|registry|events|session|signin|health|ws)": { target: "http://127.0.0.1:8080", ws: true } } },
});
