"""A remote agent that needs nothing but Python: it joins, fetches its messages and answers them, from behind any NAT.

    PLATFORM_URL=https://molecule.example.com ENROLMENT=mol_enr_... python3 remote_agent.py
"""
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request

PLATFORM = os.environ["PLATFORM_URL"].rstrip("/")
STATE = pathlib.Path(os.environ.get("STATE", ".")) / "remote_agent.json"


def call(method, path, token, body=None):
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(PLATFORM + path, data, headers, method=method), timeout=90) as answer:
        return json.load(answer)


def join():
    """Registers once; later starts find the token."""
    if STATE.exists():
        return json.loads(STATE.read_text())
    answer = call("POST", "/registry/register", os.environ["ENROLMENT"], {"agent_card": {"name": "Python"}, "delivery_mode": "poll"})
    me = {"id": answer["workspace_id"], "token": answer["auth_token"]}
    STATE.touch(mode=0o600)
    STATE.write_text(json.dumps(me))
    return me


def work(text, secrets):
    return text.upper() + f" ({len(secrets)} secrets)"


me = join()
base, token = "/workspaces/" + me["id"], me["token"]
print("joined as", me["id"], flush=True)
while True:
    try:
        for message in call("GET", base + "/inbox?wait=30", token)["messages"]:
            secrets = call("GET", base + "/secrets/values", token)
            reply = {"lease": message["lease"], "text": work(message["text"], secrets)}
            call("POST", f"{base}/inbox/{message['id']}", token, reply)
    except urllib.error.HTTPError as refused:
        if refused.code in (401, 403, 410):
            sys.exit("sent away: " + refused.read().decode())
        time.sleep(2)
    except OSError as unreachable:
        print("the platform cannot be reached:", unreachable, flush=True)
        time.sleep(2)
