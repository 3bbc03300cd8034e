import "@fontsource-variable/inter";
import "@xyflow/react/dist/style.css";
import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";

const root = document.getElementById("root");
if (!root) throw new Error("Expected the page to have a #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
