import { useState } from "react";
import { api } from "../api/client";
import type { PendingApproval } from "../api/types";
import { useApprovals } from "../store/approvals";
import { useView } from "../store/view";
import { Modal } from "./Modal";

/** Everything that waits for a person, whoever asked. */
export function Approvals() {
  const pending = useApprovals((all) => all.pending);
  return (
    <Modal title="Approvals" className="approvals">
      <h2>To approve</h2>
      {pending.length === 0 && <p className="hint">Nobody waits for a decision.</p>}
      {pending.map((one) => (
        <ApprovalCard key={one.id} approval={one} named />
      ))}
    </Modal>
  );
}

/** A question to a person, with its two answers. */
export function ApprovalCard({ approval, named = false }: { approval: PendingApproval; named?: boolean }) {
  const [deciding, setDeciding] = useState(false);
  const { complain, select, open } = useView.getState();
  const decide = (decision: "approved" | "denied") => {
    setDeciding(true);
    api
      .decide(approval.workspace_id, approval.id, decision)
      .catch(complain)
      .finally(() => setDeciding(false));
  };
  const context = Object.keys(approval.context).length > 0 ? JSON.stringify(approval.context, null, 1) : "";
  return (
    <section className="approval-card" aria-label={`Approval: ${approval.action}`}>
      {named && (
        <button
          className="link"
          onClick={() => {
            open(undefined);
            select(approval.workspace_id, "chat");
          }}
        >
          {approval.workspace_name}
        </button>
      )}
      <p className="action">{approval.action}</p>
      {approval.reason && <p className="hint">{approval.reason}</p>}
      {context && <pre>{context}</pre>}
      <footer>
        <small>until {new Date(approval.expires_at).toLocaleString()}</small>
        <button disabled={deciding} onClick={() => decide("denied")}>
          Deny
        </button>
        <button className="primary" disabled={deciding} onClick={() => decide("approved")}>
          Approve
        </button>
      </footer>
    </section>
  );
}
