import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { AgentToken, UplinkKnown, Workspace } from "../api/types";
import { useView } from "../store/view";

const KIND = { socket: "a WebSocket", poll: "requests that wait, because no WebSocket gets through" } as const;

/** Connections are no facts, so the feed does not bring them: asked for while somebody looks. */
const PACE = 2000;

/** How messages reach an agent elsewhere, and the tokens that are good for it. */
export function Remote({ workspace }: { workspace: Workspace }) {
  const [uplink, setUplink] = useState<UplinkKnown>();
  const [tokens, setTokens] = useState<AgentToken[]>([]);
  const [asked, setAsked] = useState(0);
  const { complain, open, say } = useView.getState();
  useEffect(() => {
    let wanted = true;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const [known, found] = await Promise.all([api.uplink(workspace.id).catch(() => undefined), api.tokens(workspace.id).catch(() => undefined)]);
      if (!wanted) return;
      setUplink(known);
      if (found) setTokens(found);
      timer = setTimeout(() => void ask(), PACE);
    };
    void ask();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [workspace.id, workspace.status, workspace.epoch, asked]);
  const end = (token: AgentToken) =>
    api
      .endToken(workspace.id, token.id)
      .then(() => setAsked(asked + 1))
      .catch(complain);
  const rotate = () =>
    api
      .addToken(workspace.id)
      .then((made) => {
        setAsked(asked + 1);
        say(`New token, shown once: ${made.auth_token}`);
      })
      .catch(complain);
  return (
    <>
      <dt>Messages</dt>
      <dd data-testid="delivery">
        {workspace.delivery_mode === "uplink" && (uplink?.open ? `over its uplink: ${KIND[uplink.kind]}, from ${uplink.peer}` : "over its uplink, which is not open now")}
        {workspace.delivery_mode === "poll" && "it asks for them"}
        {workspace.delivery_mode === "push" && (workspace.url ? "the platform calls its URL" : "it has not registered yet")}
      </dd>
      <dt>Tokens</dt>
      <dd>
        <ul className="tokens" data-testid="tokens">
          {tokens.map((token) => (
            <li key={token.id}>
              since {new Date(token.created_at).toLocaleString()}
              <small>{token.last_used_at ? ` · used ${new Date(token.last_used_at).toLocaleTimeString()}` : " · not used yet"}</small>
              {token.expires_at && <small>{` · until ${new Date(token.expires_at).toLocaleTimeString()}`}</small>}{" "}
              <button className="link danger" onClick={() => void end(token)}>
                Revoke
              </button>
            </li>
          ))}
          {tokens.length === 0 && <li>none</li>}
        </ul>
        <button onClick={() => open({ kind: "connect", id: workspace.id })}>Connect an agent</button>{" "}
        {tokens.length > 0 && (
          <button title="Another token beside this one; revoke the old one when the new one is used" onClick={() => void rotate()}>
            New token
          </button>
        )}
      </dd>
    </>
  );
}
