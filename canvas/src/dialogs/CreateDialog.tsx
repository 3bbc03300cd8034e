import { type FormEvent, useEffect, useState } from "react";
import { api } from "../api/client";
import type { BackendOffer, Connection, Runtime, WorkspaceDraft } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { Connect } from "./ConnectDialog";
import { Modal } from "./Modal";

const TIERS = [
  { tier: 1, size: "256 MB · ½ CPU" },
  { tier: 2, size: "512 MB · 1 CPU" },
  { tier: 3, size: "2 GB · 2 CPU" },
  { tier: 4, size: "4 GB · 4 CPU" },
] as const;

export function CreateDialog({ parent }: { parent: string | undefined }) {
  const [external, setExternal] = useState(false);
  const [tier, setTier] = useState<1 | 2 | 3 | 4>(2);
  const [runtime, setRuntime] = useState("echo");
  const [runtimes, setRuntimes] = useState<Runtime[]>([]);
  const able = runtimes.find((one) => one.id === runtime)?.backends ?? [];
  const [backend, setBackend] = useState<Runtime["backends"][number]>();
  const [offers, setOffers] = useState<BackendOffer[]>([]);
  const offer = offers.find((one) => (backend ? one.name === backend : one.standard));
  const [problem, setProblem] = useState<string>();
  const [connection, setConnection] = useState<Connection>();
  const byId = useFleet((fleet) => fleet.byId);
  const { open, select } = useView.getState();

  useEffect(() => {
    Promise.all([api.runtimes(), api.backends()])
      .then(([known, open]) => {
        setRuntimes(known);
        setOffers(open);
      })
      .catch((refused: unknown) => setProblem(String(refused)));
  }, []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const draft: WorkspaceDraft = {
      name: text("name"),
      role: text("role"),
      tier,
      external,
      ...(external ? { runtime: "external" } : { runtime, ...(backend ? { backend } : {}) }),
      ...(!external && text("model") ? { model: text("model") } : {}),
      ...(!external && text("region") ? { metadata: { region: text("region") } } : {}),
      max_concurrent_tasks: 1,
      ...(external && text("url") ? { url: text("url") } : {}),
      ...(text("parent") ? { parent_id: text("parent") } : {}),
    };
    try {
      const created = await api.create(draft);
      select(created.id, "details");
      if (created.connection) setConnection(created.connection);
      else open(undefined);
    } catch (refused) {
      setProblem(refused instanceof Error ? refused.message : String(refused));
    }
  };

  if (connection) return <Connect connection={connection} />;
  return (
    <Modal title="New workspace">
      <form onSubmit={(event) => void submit(event)}>
        <h2>New workspace</h2>
        <label>
          Name
          <input name="name" required maxLength={255} autoFocus placeholder="Researcher" />
        </label>
        <label>
          Role
          <input name="role" maxLength={1000} placeholder="Finds and reads sources" />
        </label>
        <fieldset className="choice">
          <legend>Where its agent runs</legend>
          <label className={external ? "" : "chosen"}>
            <input type="radio" checked={!external} onChange={() => setExternal(false)} />
            Here <small>started for you</small>
          </label>
          <label className={external ? "chosen" : ""}>
            <input type="radio" checked={external} onChange={() => setExternal(true)} />
            Elsewhere <small>by yourself</small>
          </label>
        </fieldset>
        {external ? (
          <label>
            Agent's URL <small>leave it out: the agent connects by itself</small>
            <input name="url" type="url" placeholder="https://agent.example.com" />
          </label>
        ) : (
          <>
            <label>
              Runtime
              <select name="runtime" value={runtime} onChange={(event) => setRuntime(event.target.value)}>
                {runtimes.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.id}
                  </option>
                ))}
              </select>
            </label>
            {runtime !== "echo" && (
              <label>
                Model <small>its key is a secret, such as OPENAI_API_KEY</small>
                <input name="model" maxLength={200} pattern="[A-Za-z0-9._:\/@+~\-]*" placeholder="openai:gpt-5-mini" />
              </label>
            )}
            <label>
              Backend
              <select name="backend" value={backend ?? ""} onChange={(event) => setBackend(able.find((name) => name === event.target.value))}>
                <option value="">the usual one</option>
                {able.map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            {offer && offer.regions.length > 0 && (
              <label>
                Region
                <select name="region" defaultValue="">
                  <option value="">the usual one</option>
                  {offer.regions.map((region) => (
                    <option key={region.code} value={region.code}>
                      {region.code} · {region.name}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <fieldset className="choice">
              <legend>Size</legend>
              {TIERS.map((one) => (
                <label key={one.tier} className={tier === one.tier ? "chosen" : ""}>
                  <input type="radio" checked={tier === one.tier} onChange={() => setTier(one.tier)} />T{one.tier} <small>{one.size}</small>
                  <Price perHour={offer?.prices.find((price) => price.tier === one.tier)?.usd_per_hour} />
                </label>
              ))}
            </fieldset>
          </>
        )}
        <label>
          Parent
          <select name="parent" defaultValue={parent ?? ""}>
            <option value="">none</option>
            {Object.values(byId).map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <div className="buttons">
          <button type="button" onClick={() => open(undefined)}>
            Cancel
          </button>
          <button className="primary">Create</button>
        </div>
      </form>
    </Modal>
  );
}

/** About what a tier costs while its agent runs. */
function Price({ perHour }: { perHour: number | undefined }) {
  return perHour === undefined ? null : (
    <small className="price" title="about, while its agent runs, by the list; without volume and traffic">
      ${perHour.toFixed(4)}/h
    </small>
  );
}
