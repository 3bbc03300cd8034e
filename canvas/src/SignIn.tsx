import { type FormEvent, useState } from "react";
import { api } from "./api/client";

export function SignIn({ onSignedIn }: { onSignedIn: () => void }) {
  const [problem, setProblem] = useState<string | undefined>(() =>
    new URLSearchParams(location.search).get("signin") === "expired" ? "That link was used already, or is too old." : undefined,
  );
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    try {
      await api.signIn(token);
      history.replaceState(null, "", "/");
      onSignedIn();
    } catch (refused) {
      setProblem(refused instanceof Error ? refused.message : String(refused));
    }
  };
  return (
    <main className="signin">
      <form onSubmit={(event) => void submit(event)}>
        <img src="/favicon.svg" alt="" width="48" height="48" />
        <h1>Molecule</h1>
        <p>Open the sign-in link that the platform printed when it started, or enter the admin token.</p>
        <label>
          Admin token
          <input name="token" type="password" autoComplete="current-password" required autoFocus />
        </label>
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <button className="primary">Sign in</button>
        <small>It is kept in the data directory, in the file admin-token.</small>
      </form>
    </main>
  );
}
