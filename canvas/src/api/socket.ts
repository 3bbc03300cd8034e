import type { Frame } from "./types";

export type Link = "connecting" | "live" | "reconnecting" | "signed-out";

interface Handlers {
  since: () => number | undefined;
  onFrame: (frame: Frame) => void;
  onLink: (link: Link) => void;
  /** Asks whether the session still stands; false ends the attempts. */
  stillSignedIn: () => Promise<boolean>;
}

const RETRY_FIRST = 500;
const RETRY_MAX = 15_000;

/** Keeps one event socket open: it resumes where it broke off, and gives up only when the session ended. */
export function openFeed(handlers: Handlers): () => void {
  let socket: WebSocket | undefined;
  let closed = false;
  let retry = RETRY_FIRST;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const connect = () => {
    const since = handlers.since();
    const url = new URL(`/ws${since === undefined ? "" : `?since=${since}`}`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.onopen = () => {
      retry = RETRY_FIRST;
      handlers.onLink("live");
    };
    socket.onmessage = (message) => handlers.onFrame(JSON.parse(String(message.data)) as Frame);
    socket.onclose = () => void comeBack();
  };

  const comeBack = async () => {
    if (closed) return;
    handlers.onLink("reconnecting");
    const signedIn = await handlers.stillSignedIn().catch(() => true);
    if (closed) return;
    if (!signedIn) {
      handlers.onLink("signed-out");
      return;
    }
    timer = setTimeout(connect, retry * (0.75 + Math.random() / 2));
    retry = Math.min(retry * 2, RETRY_MAX);
  };

  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    socket?.close();
  };
}
