#!/usr/bin/env bash
# Runs the demo for two rounds on a fresh directory and checks that the team did its work and that nothing is left.
set -euo pipefail
HOME_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
env -u OPENAI_API_KEY -u OPENAI_BASE_URL -u ANTHROPIC_API_KEY -u ANTHROPIC_BASE_URL -u GEMINI_API_KEY -u GEMINI_BASE_URL -u MODEL -u DATABASE_URL -u ADMIN_TOKEN -u PLATFORM_URL DATA_DIR="$work/data" PORT=0 CONTAINER_BACKEND=process DEMO_ROUNDS=2 DEMO_PACE=0 "$HOME_DIR/molecule" demo >"$work/demo.log" 2>&1 || { cat "$work/demo.log"; exit 1; }
cat "$work/demo.log"
expect() { grep -q "$1" "$work/demo.log" || { echo "ERROR: expected in the demo: $1"; exit 1; }; }
expect '^SCRIPTED: '
expect 'asked Researcher to find sources on quiet fans: completed'
expect 'asked Writer to write about quiet fans: completed'
expect 'Orchestrator asks you: may I "Publish a briefing on quiet fans"?'
expect 'Orchestrator: Published a briefing on paper that lasts'
expect '5 calls of scripted'
for _ in $(seq 50); do
  pgrep -f "$work/data" >/dev/null || exit 0
  sleep 0.2
done
echo 'ERROR: the demo left processes behind'
pgrep -fa "$work/data"
exit 1
