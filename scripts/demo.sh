#!/usr/bin/env bash
# Brings up a small organisation and keeps it busy until Ctrl-C, then removes what it made. Called by ./molecule demo.
set -euo pipefail

JAVA="$1" AGENT_JAR="$2" MOLECULE="$3"
# A setting: the real variable, or the line in .env, or the default.
setting() {
  local value="${!1:-}"
  [ -n "$value" ] || value="$(sed -n "s/^\\s*\\(export\\s\\+\\)\\?$1=[\"']\\?\\([^\"'#]*\\).*/\\2/p" .env 2>/dev/null | tail -n 1 || true)"
  printf '%s' "${value:-$2}"
}

DATA_DIR="$(setting DATA_DIR .molecule)"
SECONDS_BETWEEN="${DEMO_PACE:-3}"
ROUNDS="${DEMO_ROUNDS:-0}" # 0: until Ctrl-C

work="$(mktemp -d)"
platform_pid="" external_pid="" made=()

finish() {
  trap - EXIT INT TERM
  printf '\nRemoving the demo ...\n'
  for id in "${made[@]}"; do api DELETE "/workspaces/$id?confirm=true" >/dev/null 2>&1 || true; done
  [ -z "$external_pid" ] || kill "$external_pid" 2>/dev/null || true
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
  curl -fsS -X "$1" -H "@$work/authorization" -H 'Content-Type: application/json' "$base$2" ${3:+-d "$3"}
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
  api POST /workspaces "$(jq -nc --arg name "$1" --arg role "$2" --argjson extra "$3" '{name: $name, role: $role} + $extra')"
}

await_online() {
  for _ in $(seq 150); do
    [ "$(api GET "/workspaces/$1" | jq -r .status)" != online ] || return 0
    sleep 0.2
  done
  printf 'Workspace %s did not come online\n' "$1" >&2
  exit 69
}

say() { # workspace text -> the answer's text
  api POST "/workspaces/$1/a2a" "$(jq -nc --arg text "$2" \
    '{jsonrpc: "2.0", id: 1, method: "message/send", params: {message: {role: "user", parts: [{kind: "text", text: $text}]}}}')" \
    | jq -r '.error.message // ([.result.artifacts[]?.parts[]?.text] | join(""))'
}

orchestrator="$(create Orchestrator 'Splits the work and asks others' '{"tier":3,"canvas":{"x":80,"y":80}}' | jq -r .id)"
made+=("$orchestrator")
researcher="$(create Researcher 'Finds and reads sources' "{\"parent_id\":\"$orchestrator\"}" | jq -r .id)"
writer="$(create Writer 'Writes what was found' "{\"parent_id\":\"$orchestrator\"}" | jq -r .id)"
external="$(create 'Laptop agent' 'Runs outside the platform, under your desk' '{"runtime":"external","external":true,"canvas":{"x":720,"y":80}}')"
laptop="$(jq -r .id <<<"$external")"
made+=("$laptop")

install -m 600 /dev/null "$work/.auth_token"
jq -r .connection.enrolment_token <<<"$external" >"$work/.auth_token"
env -i PATH="$PATH" WORKSPACE_ID="$laptop" PLATFORM_URL="$base" WORKSPACE_CONFIG_PATH="$work" PORT=0 \
  "$JAVA" -XX:+UseSerialGC -Xmx128m -jar "$AGENT_JAR" >"$work/agent.log" 2>&1 &
external_pid=$!

for id in "$orchestrator" "$researcher" "$writer" "$laptop"; do await_online "$id"; done
printf 'Four agents are online: %s with %s and %s, and %s outside.\n' Orchestrator Researcher Writer 'Laptop agent'
printf 'Watch them at %s (signs you in once). Ctrl-C removes them.\n\n' "$(api POST /signin-links '{}' | jq -r .url)"

round=0
while [ "$ROUNDS" -eq 0 ] || [ "$round" -lt "$ROUNDS" ]; do
  case $((round % 3)) in
    0) to="$researcher" name=Researcher text='slow Three sources on quiet fans' ;;
    1) to="$writer" name=Writer text='slow A paragraph about them' ;;
    2) to="$laptop" name='Laptop agent' text='What is on your desk?' ;;
  esac
  printf '%s  Orchestrator asks %-13s -> %s\n' "$(date +%T)" "$name" "$(say "$orchestrator" "ask $to $text")"
  round=$((round + 1))
  sleep "$SECONDS_BETWEEN"
done
