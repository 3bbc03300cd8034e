#!/usr/bin/env bash
# Runs the demo for four rounds on a fresh directory and checks that everyone answered and that nothing is left.
set -euo pipefail
HOME_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
env -u DATABASE_URL -u ADMIN_TOKEN -u PLATFORM_URL DATA_DIR="$work/data" PORT=0 CONTAINER_BACKEND=process DEMO_ROUNDS=4 DEMO_PACE=0 "$HOME_DIR/molecule" demo >"$work/demo.log" 2>&1 || { cat "$work/demo.log"; exit 1; }
cat "$work/demo.log"
grep -q 'Researcher *-> Three sources on quiet fans' "$work/demo.log" || { echo 'ERROR: the researcher did not answer'; exit 1; }
grep -q 'Laptop agent *-> What is on your desk?' "$work/demo.log" || { echo 'ERROR: the external agent did not answer'; exit 1; }
for _ in $(seq 50); do
  pgrep -f "$work/data" >/dev/null || exit 0
  sleep 0.2
done
echo 'ERROR: the demo left processes behind'
pgrep -fa "$work/data"
exit 1
