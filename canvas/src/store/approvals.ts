import { create } from "zustand";
import { api } from "../api/client";
import type { PendingApproval } from "../api/types";
import { useFleet } from "./fleet";
import { useView } from "./view";

/** What waits for a person to decide, as the server said last; read anew whenever a fact says that it changed. */
interface Approvals {
  pending: readonly PendingApproval[];
}

export const useApprovals = create<Approvals>()(() => ({ pending: [] }));

/** Keeps up with the server from now on; the returned function ends it. What is known stays while it cannot be reached. */
export function followApprovals(): () => void {
  let asked = 0;
  const look = () => {
    const mine = ++asked;
    api
      .pendingApprovals()
      .then((pending) => mine === asked && useApprovals.setState({ pending }))
      .catch(useView.getState().complain);
  };
  return useFleet.subscribe((fleet, before) => {
    if (fleet.approvalsSeq !== before.approvalsSeq) look();
  });
}
