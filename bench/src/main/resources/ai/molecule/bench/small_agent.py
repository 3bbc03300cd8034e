# An agent of a few megabytes: registers, beats, answers its check. Hundreds of it run where hundreds of JVMs would not.
import http.server, json, os, threading, time, urllib.request

PLATFORM = os.environ["PLATFORM_URL"].rstrip("/")
WORKSPACE = os.environ["WORKSPACE_ID"]


def call(path, token, body):
    request = urllib.request.Request(PLATFORM + path, json.dumps(body).encode(), {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


class Check(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Check)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(os.environ["WORKSPACE_CONFIG_PATH"] + "/.auth_token") as file:
    token = call("/registry/register", file.read().strip(), {"id": WORKSPACE, "agent_card": {"name": "small"}})["auth_token"]
while True:
    time.sleep(30)
    call("/registry/heartbeat", token, {"workspace_id": WORKSPACE})
