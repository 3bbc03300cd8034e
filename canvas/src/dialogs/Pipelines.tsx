import { type FormEvent, useEffect, useState } from "react";
import { api } from "../api/client";
import type { JoinRule, JoinRuleDraft, Run } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { Modal } from "./Modal";

const PACE = 2000;

/** Which pipelines may join, and what became of their runs. */
export function Pipelines() {
  const [rules, setRules] = useState<JoinRule[]>();
  const [made, setMade] = useState<JoinRule>();
  const [making, setMaking] = useState(false);
  const [asked, setAsked] = useState(0);
  const { complain, open } = useView.getState();
  useEffect(() => {
    let wanted = true;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const found = await api.joinRules().catch(() => undefined);
      if (!wanted) return;
      if (found) setRules(found);
      timer = setTimeout(() => void ask(), PACE);
    };
    void ask();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [asked]);
  const make = (draft: JoinRuleDraft) =>
    api
      .makeJoinRule(draft)
      .then((rule) => {
        setMade(rule);
        setMaking(false);
        setAsked(asked + 1);
      })
      .catch(complain);
  return (
    <Modal title="Pipelines" className="wide">
      <h2>Pipelines</h2>
      {made ? (
        <Made rule={made} done={() => setMade(undefined)} />
      ) : making ? (
        <NewRule make={(draft) => void make(draft)} leave={() => setMaking(false)} />
      ) : (
        <>
          <p className="hint">A run of a pipeline that meets one of these rules joins while it works, and is gone when it is over.</p>
          <ul className="rules" aria-label="Join rules">
            {rules?.map((rule) => (
              <Rule key={rule.id} rule={rule} end={() => void api.endJoinRule(rule.id).then(() => setAsked(asked + 1), complain)} />
            ))}
            {rules?.length === 0 && <li>No pipeline may join yet.</li>}
          </ul>
          <div className="buttons">
            <button onClick={() => open(undefined)}>Close</button>
            <button className="primary" onClick={() => setMaking(true)}>
              Let a pipeline in
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}

const who = (rule: JoinRule) =>
  rule.proof === "key"
    ? `by a key, until ${new Date(rule.expires_at ?? "").toLocaleDateString()}`
    : `by identity: ${Object.entries(rule.claims ?? {})
        .map(([claim, patterns]) => `${claim} ${patterns.join(" or ")}`)
        .join(", ")} (${rule.issuer})`;

function Rule({ rule, end }: { rule: JoinRule; end: () => void }) {
  const [runs, setRuns] = useState<Run[]>();
  const { complain } = useView.getState();
  const look = () => (runs ? setRuns(undefined) : void api.runs(rule.id).then(setRuns, complain));
  return (
    <li>
      <div>
        <strong>{rule.name}</strong> <small>{who(rule)}</small>
        <p className="hint">
          {rule.live ?? 0} of at most {rule.live_max} runs here now · {rule.secrets.length ? `gets ${rule.secrets.join(", ")}` : "gets no secrets"}
        </p>
        {runs && (
          <ol className="runs" aria-label={`Runs of ${rule.name}`}>
            {runs.slice(0, 20).map((run) => (
              <li key={run.workspace_id}>
                {run.name}{" "}
                <small>
                  {run.ended_at ? `${run.result || "ended"}: ${run.ended_because || "removed by a person"}, ${new Date(run.ended_at).toLocaleTimeString()}` : run.status}
                </small>
                {run.labels.run_url?.startsWith("https://") && (
                  <>
                    {" "}
                    <a href={run.labels.run_url} target="_blank" rel="noreferrer">
                      run
                    </a>
                  </>
                )}
              </li>
            ))}
            {runs.length === 0 && <li>none yet</li>}
          </ol>
        )}
      </div>
      <button onClick={look}>{runs ? "Hide runs" : "Runs"}</button>
      <button className="danger" title="Nobody joins by it any more; runs that are here stay until they leave" onClick={end}>
        End
      </button>
    </li>
  );
}

function NewRule({ make, leave }: { make: (draft: JoinRuleDraft) => void; leave: () => void }) {
  const workspaces = useFleet((fleet) => fleet.byId);
  const [proof, setProof] = useState<"key" | "identity">("key");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const draft: JoinRuleDraft = {
      name: text("name"),
      live_max: Number(text("live_max")),
      ttl: Number(text("minutes")) * 60,
      secrets: text("secrets").split(/[\s,]+/).filter(Boolean),
    };
    if (text("parent")) draft.parent_id = text("parent");
    if (proof === "identity") {
      draft.issuer = text("issuer");
      draft.claims = { [text("claim")]: text("pattern") };
    }
    make(draft);
  };
  return (
    <form onSubmit={submit}>
      <label>
        Name
        <input name="name" required maxLength={200} placeholder="builds of org/app" />
      </label>
      <fieldset>
        <legend>A run shows</legend>
        <label>
          <input type="radio" name="proof" checked={proof === "key"} onChange={() => setProof("key")} /> a key, which you give to the pipeline
        </label>
        <label>
          <input type="radio" name="proof" checked={proof === "identity"} onChange={() => setProof("identity")} /> the identity token of its CI: no secret to keep
        </label>
      </fieldset>
      {proof === "identity" && (
        <>
          <label>
            Issuer
            <input name="issuer" required defaultValue="github" title="github, gitlab, buildkite, or an https address" />
          </label>
          <label>
            Claim
            <input name="claim" required defaultValue="repository" />
          </label>
          <label>
            Must be
            <input name="pattern" required placeholder="org/app" title="* is any text" />
          </label>
        </>
      )}
      <label>
        Below
        <select name="parent" defaultValue="">
          <option value="">nobody</option>
          {Object.values(workspaces)
            .filter((one) => !one.ephemeral)
            .map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
        </select>
      </label>
      <label>
        Global secrets that it gets
        <input name="secrets" placeholder="NPM_TOKEN, …" />
      </label>
      <label>
        Minutes a run may last
        <input name="minutes" type="number" min={1} max={10080} defaultValue={60} />
      </label>
      <label>
        Runs at once
        <input name="live_max" type="number" min={1} max={10000} defaultValue={20} />
      </label>
      <div className="buttons">
        <button type="button" onClick={leave}>
          Back
        </button>
        <button className="primary" type="submit">
          Make the rule
        </button>
      </div>
    </form>
  );
}

const platform = (rule: JoinRule) => (rule.join_endpoint ?? "").replace(/\/registry\/join$/, "");

function Made({ rule, done }: { rule: JoinRule; done: () => void }) {
  const { say } = useView.getState();
  const token = rule.join_key ?? "$IDENTITY_TOKEN";
  const text = `molecule agent run --platform ${platform(rule)} --token ${token} -- ./build.sh`;
  return (
    <>
      <p>
        {rule.join_key
          ? "The key is shown here once. Keep it among the secrets of your CI, and run what the pipeline does like this:"
          : `Runs join with an identity token made for ${rule.audience}:`}
      </p>
      <pre className="command" data-testid="run-command">
        {text}
      </pre>
      <p className="hint">Ready-made files for GitHub Actions, GitLab CI and Jenkins are in docs/examples.</p>
      <div className="buttons">
        {window.isSecureContext && <button onClick={() => void navigator.clipboard.writeText(text).then(() => say("Copied"))}>Copy</button>}
        <button className="primary" onClick={done}>
          Done
        </button>
      </div>
    </>
  );
}
