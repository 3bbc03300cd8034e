#!/usr/bin/env bash
# Brings up a small team and has it work until Ctrl-C, then removes what it made. Called by ./molecule demo.
set -euo pipefail

JAVA="$1" AGENT_JAR="$2" MOLECULE="$3" LLM_JAR="$4"
# A setting: the real variable, or the line in .env, or the default.
setting() {
  local value="${!1:-}"
  [ -n "$value" ] || value="$(sed -n "s/^\\s*\\(export\\s\\+\\)\\?$1=[\"']\\?\\([^\"'#]*\\).*/\\2/p" .env 2>/dev/null | tail -n 1 || true)"
  printf '%s' "${value:-$2}"
}

DATA_DIR="$(setting DATA_DIR .molecule)"
SECONDS_BETWEEN="${DEMO_PACE:-10}"
ROUNDS="${DEMO_ROUNDS:-0}" # 0: until Ctrl-C

work="$(mktemp -d)"
platform_pid="" external_pid="" model_pid="" made=()

finish() {
  # Nothing interrupts the cleaning up.
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  printf '\nRemoving the demo ...\n'
  for id in "${made[@]}"; do api DELETE "/workspaces/$id?confirm=true" >/dev/null 2>&1 || true; done
  [ -z "$external_pid" ] || kill "$external_pid" 2>/dev/null || true
  [ -z "$model_pid" ] || kill "$model_pid" 2>/dev/null || true
  if [ -n "$platform_pid" ]; then
    kill "$platform_pid" 2>/dev/null || true
    wait "$platform_pid" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

api() { # method path [body]
  if [ -n "${3:-}" ]; then
    # What is sent may hold keys: no other user of this machine sees it among the arguments.
    printf '%s' "$3" | curl -fsS -X "$1" -H "@$work/authorization" -H 'Content-Type: application/json' --data-binary @- "$base$2"
  else
    curl -fsS -X "$1" -H "@$work/authorization" -H 'Content-Type: application/json' "$base$2"
  fi
}

running_url() { sed -n 's/^process [0-9]*, //p' "$DATA_DIR/platform.pid" 2>/dev/null || true; }

answers() { [ -n "$1" ] && curl -fsS -o /dev/null --max-time 2 "${1}health" 2>/dev/null; }

base="$(running_url)"
if answers "$base"; then
  printf 'Using the platform at %s\n' "$base"
else
  "$MOLECULE" up >"$work/platform.log" 2>&1 &
  platform_pid=$!
  for _ in $(seq 300); do
    kill -0 "$platform_pid" 2>/dev/null || { cat "$work/platform.log" >&2; exit 69; }
    grep -q 'Stop ' "$work/platform.log" && break
    sleep 0.2
  done
  base="$(running_url)"
fi
base="${base%/}"
token="$(setting ADMIN_TOKEN '')"
install -m 600 /dev/null "$work/authorization"
printf 'Authorization: Bearer %s\n' "${token:-$(cat "$DATA_DIR/admin-token")}" >"$work/authorization"

create() { # name role extra-json
  api POST /workspaces "$(jq -c --arg name "$1" --arg role "$2" '{name: $name, role: $role} + .' <<<"$3")"
}

await_online() {
  local seen=''
  for _ in $(seq 150); do
    seen="$(api GET "/workspaces/$1" | jq -r '.status + " " + .status_reason')"
    case "$seen" in
      online*) return 0 ;;
      degraded*) break ;;
    esac
    sleep 0.2
  done
  printf 'Workspace %s did not come online: %s\n' "$1" "$seen" >&2
  exit 69
}

# What the team thinks with: a model of yours where there is a key or a server, else the emulator.
secrets='{}' model="$(setting MODEL '')" backend='{}'
names=()
[ -z "$(setting OPENAI_API_KEY '')$(setting OPENAI_BASE_URL '')" ] || names+=(OPENAI_API_KEY OPENAI_BASE_URL)
[ -z "$(setting ANTHROPIC_API_KEY '')" ] || names+=(ANTHROPIC_API_KEY ANTHROPIC_BASE_URL)
[ -z "$(setting GEMINI_API_KEY '')" ] || names+=(GEMINI_API_KEY GEMINI_BASE_URL)
for name in "${names[@]}"; do
  value="$(setting "$name" '')"
  case "$value" in http://localhost* | http://127.* | 'http://[::1]'*) backend='{"backend":"process"}' ;; esac
  [ -z "$value" ] || secrets="$(value="$value" jq -c --arg name "$name" '. + {($name): env.value}' <<<"$secrets")"
done
if [ "$secrets" = '{}' ]; then
  env -i PATH="$PATH" PORT=0 "$JAVA" -XX:+UseSerialGC -Xmx128m -jar "$LLM_JAR" >"$work/model.log" 2>&1 &
  model_pid=$!
  for _ in $(seq 100); do
    model_url="$(sed -n 's/.*OPENAI_BASE_URL=\([^ ]*\).*/\1/p' "$work/model.log")"
    [ -z "$model_url" ] || break
    sleep 0.1
  done
  secrets="$(jq -nc --arg url "$model_url" '{OPENAI_BASE_URL: $url}')" model=scripted
  # Containers do not reach a model on this machine.
  backend='{"backend":"process"}'
  printf 'SCRIPTED: there is no key in .env, so the team follows a script, as an emulator of a provider reads it.\n'
  printf 'With OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY (and MODEL) the same team thinks with a real model.\n\n'
elif [ -z "$model" ]; then
  case "$secrets" in
    *ANTHROPIC*) model=anthropic:claude-sonnet-4-5 ;;
    *GEMINI*) model=gemini:gemini-2.5-flash ;;
    *) model=gpt-5-mini ;;
  esac
  printf 'The team thinks with %s; MODEL names another.\n\n' "$model"
fi
thinks="$(jq -c --arg model "$model" --argjson backend "$backend" '{runtime: "hermes", model: $model, secrets: .} + $backend' <<<"$secrets")"

orchestrator="$(create Orchestrator 'Plans, asks others, asks a person before anything is published, and reports' "$(jq -c '. + {tier: 3, canvas: {x: 80, y: 80}}' <<<"$thinks")" | jq -r .id)"
made+=("$orchestrator")
api PUT "/workspaces/$orchestrator/configuration" "$(jq -nc '{files: {
  "config.yaml": "# Comments stay.\nprompt_files: [system-prompt.md]\n",
  "system-prompt.md": "Have your colleagues do what they are there for, and put together what they found."}}')" >/dev/null
researcher="$(create Researcher 'Finds and reads sources' "$(jq -c --arg parent "$orchestrator" '. + {parent_id: $parent}' <<<"$thinks")" | jq -r .id)"
external="$(create Writer 'Writes what was found, from outside the platform' \
  "$(jq -c --arg parent "$orchestrator" '{runtime: "external", model: .model, secrets: .secrets, parent_id: $parent}' <<<"$thinks")")"
writer="$(jq -r .id <<<"$external")"
env -i PATH="$PATH" HOME="$work" "$JAVA" -XX:+UseSerialGC -Xmx128m -jar "$AGENT_JAR" join "$base" \
  --token "$(jq -r .connection.enrolment_token <<<"$external")" --state "$work/writer" --runtime hermes >"$work/agent.log" 2>&1 &
external_pid=$!

for id in "$orchestrator" "$researcher" "$writer"; do await_online "$id"; done
printf 'Three agents are online: Orchestrator with Researcher, which the platform runs, and Writer, which joined over an uplink.\n'
printf 'Watch them at %s (signs you in once). Ctrl-C removes them.\n\n' "$(api POST /signin-links '{}' | jq -r .url)"

send() { # workspace text -> the task's id
  api POST "/workspaces/$1/a2a" "$(jq -nc --arg text "$2" \
    '{jsonrpc: "2.0", id: 1, method: "SendMessage", params: {message: {role: "ROLE_USER", parts: [{text: $text}]}, configuration: {returnImmediately: true}}}')" \
    | jq -r '.result.task.id'
}

state() { api GET "/tasks/$1" | jq -r .state; }

# Waits until a task waits for somebody, or has ended.
settle() { # task
  local now
  for _ in $(seq 600); do
    now="$(state "$1")"
    case "$now" in submitted | working) sleep 0.3 ;; *) break ;; esac
  done
  printf '%s' "$now"
}

# Lets a person decide, on the canvas or here.
decide() { # task
  local asked id key=''
  asked="$(api GET "/workspaces/$orchestrator/approvals" | jq -c --arg task "$1" '[.[] | select(.task_id == $task and .status == "pending")][0] // empty')"
  [ -n "$asked" ] || return 0
  id="$(jq -r .id <<<"$asked")"
  printf '          Orchestrator asks you: may I "%s"?\n' "$(jq -r .action <<<"$asked")"
  if [ -t 0 ] && [ "$ROUNDS" -eq 0 ]; then
    printf '          Decide on the canvas, or press Enter to approve.\n'
    while [ "$(state "$1")" = input-required ]; do
      if read -r -t 1 key; then break; fi
    done
    [ "$(state "$1")" = input-required ] || return 0
  else
    printf '          Nobody is at this terminal; the demo approves it.\n'
  fi
  api POST "/workspaces/$orchestrator/approvals/$id/decide" '{"decision":"approved","decided_by":"the demo"}' >/dev/null || true
}

round=0
while [ "$ROUNDS" -eq 0 ] || [ "$round" -lt "$ROUNDS" ]; do
  case $((round % 3)) in
    0) topic='quiet fans' ;;
    1) topic='paper that lasts' ;;
    2) topic='bridges made of wood' ;;
  esac
  printf '%s  You ask Orchestrator to plan a briefing on %s\n' "$(date +%T)" "$topic"
  task="$(send "$orchestrator" "plan a briefing on $topic")"
  came="$(settle "$task")"
  while [ "$came" = input-required ]; do
    decide "$task"
    sleep 0.5
    came="$(settle "$task")"
  done
  shown="$(api GET "/tasks/$task")"
  jq -r --arg task "$task" --arg researcher "$researcher" \
    '.tree[] | select(.parent_task_id == $task) | "          asked \(if .target_id == $researcher then "Researcher" else "Writer" end) to \(.text): \(.state)"' <<<"$shown"
  printf '%s  Orchestrator: %s\n' "$(date +%T)" \
    "$(api POST "/workspaces/$orchestrator/a2a" "$(jq -nc --arg id "$task" '{jsonrpc: "2.0", id: 1, method: "GetTask", params: {id: $id}}')" \
      | jq -r 'if (.result.artifacts | length) > 0 then [.result.artifacts[].parts[]?.text] | join("") else [.result.status.message.parts[]?.text] | join("") end')"
  jq -r '.usage[] | "          \(.calls) calls of \(.model), \(.input_tokens) tokens read, \(.output_tokens) written\n"' <<<"$shown"
  round=$((round + 1))
  if [ -z "$model_pid" ]; then
    # A real model costs money: nothing happens unless somebody wants it.
    [ -t 0 ] || break
    read -r -p 'Enter for another briefing, Ctrl-C to end. ' _ || break
  else
    sleep "$SECONDS_BETWEEN"
  fi
done
