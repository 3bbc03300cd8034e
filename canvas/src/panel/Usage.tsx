import { type FormEvent, useEffect, useState } from "react";
import { api } from "../api/client";
import type { Budget, ModelUsage, Workspace } from "../api/types";
import { useView } from "../store/view";
import { dollars } from "../store/words";

const DAYS = 30;
const STATE_WORD = { open: "", warned: "more than 80 % are used up", stopped: "it gets no work" } as const;

/** What its agent takes of models, what that costs, and how much it may. */
export function Usage({ workspace }: { workspace: Workspace }) {
  const [budget, setBudget] = useState<Budget>();
  const [days, setDays] = useState<ModelUsage[]>();
  const [round, setRound] = useState(0);
  const { complain, say } = useView.getState();

  // What it takes is no fact: asked for anew when it becomes busy or idle, and when its budget changed.
  useEffect(() => {
    let wanted = true;
    Promise.all([api.budget(workspace.id), api.usage(workspace.id, DAYS)])
      .then(([known, taken]) => {
        if (!wanted) return;
        setBudget(known);
        setDays(taken);
      })
      .catch(complain);
    return () => {
      wanted = false;
    };
  }, [workspace.id, workspace.active_tasks, workspace.budget_limit, workspace.budget_state, round]);

  const limit = (cents: number | null) =>
    api.limit(workspace.id, cents).then((known) => {
      setBudget(known);
      say(cents === null ? "No limit" : `Up to ${dollars(cents)} a month`);
    }, complain);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    void limit(Math.round(Number(new FormData(form).get("dollars")) * 100)).then(() => form.reset());
  };
  const price = (event: FormEvent<HTMLFormElement>, model: string) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    api.setPrice({ model, input: Number(data.get("input")), output: Number(data.get("output")) }).then(() => setRound((before) => before + 1), complain);
  };

  if (!budget || !days) return <p className="hint">Reading …</p>;
  const share = budget.budget_limit ? Math.min(1, budget.monthly_spend / budget.budget_limit) : 0;
  return (
    <div className="usage">
      <p className="month" data-testid="month">
        <strong>{dollars(budget.monthly_spend)}</strong> this month{budget.budget_limit !== null && ` of ${dollars(budget.budget_limit)}`}
        {budget.state !== "open" && <span className={`pill budget ${budget.state}`}>{STATE_WORD[budget.state]}</span>}
      </p>
      {budget.budget_limit !== null && <meter aria-label="Budget used up" min={0} max={1} high={0.8} optimum={0} value={share} />}
      <form onSubmit={save}>
        <label>
          Budget for a month, $
          <input name="dollars" type="number" min="0" max="1000000" step="0.01" required placeholder={budget.budget_limit === null ? "no limit" : String(budget.budget_limit / 100)} />
        </label>
        <button className="primary">Set</button>
        {budget.budget_limit !== null && (
          <button type="button" onClick={() => void limit(null)}>
            No limit
          </button>
        )}
      </form>
      {budget.unpriced_models.map((model) => (
        <form key={model} className="price" aria-label={`Price of ${model}`} onSubmit={(event) => price(event, model)}>
          <p>
            Nobody said what <span className="mono">{model || "its model"}</span> costs{budget.budget_limit !== null && ", so its budget stops it"}.
          </p>
          <label>
            $ for a million tokens read
            <input name="input" type="number" min="0" max="1000000" step="any" required />
          </label>
          <label>
            written
            <input name="output" type="number" min="0" max="1000000" step="any" required />
          </label>
          <button>Save</button>
        </form>
      ))}
      {days.length === 0 ? (
        <p className="hint">Its agent has asked no model in the last {DAYS} days.</p>
      ) : (
        <table aria-label={`The last ${DAYS} days`}>
          <thead>
            <tr>
              <th>Day</th>
              <th>Model</th>
              <th>Calls</th>
              <th>Read</th>
              <th>Written</th>
              <th>Cost</th>
            </tr>
          </thead>
          <tbody>
            {days.map((day) => (
              <tr key={`${day.day} ${day.model}`}>
                <td>{day.day}</td>
                <td className="mono">{day.model}</td>
                <td>{day.calls}</td>
                <td>{day.input_tokens.toLocaleString()}</td>
                <td>{day.output_tokens.toLocaleString()}</td>
                <td>{day.cost === null ? "?" : dollars(day.cost)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
