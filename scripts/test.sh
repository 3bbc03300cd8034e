#!/usr/bin/env bash
# Every check there is, in order; ends with one line of counts. Called by ./molecule test, which found the tools.
set -uo pipefail

HOME_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$HOME_DIR"
# shellcheck source=../molecule
source "$HOME_DIR/molecule"
set +e

export CI="${CI:-}"
RESULTS="$HOME_DIR/target/test-results"
rm -rf "$RESULTS" protocol/target/surefire-reports llm-emulator/target/surefire-reports agent/target/surefire-reports conformance/target/surefire-reports fly-emulator/target/surefire-reports platform/target/surefire-reports bench/target/surefire-reports
mkdir -p "$RESULTS"

# Notes a check that is no test runner of its own: passed, failed or skipped, with a reason.
note() { printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$RESULTS/checks.tsv"; }

check() { # name command...
  local name="$1" began=$SECONDS
  shift
  printf '== %s\n' "$name"
  if ("$@") >"$RESULTS/$name.log" 2>&1; then
    printf '   passed (%s s)\n' "$((SECONDS - began))"
    note passed "$name"
  else
    printf '   FAILED (%s s), the last lines:\n' "$((SECONDS - began))"
    grep -E 'ERROR|FAIL|error' "$RESULTS/$name.log" | grep -v -E 'Re-run|re-run|For more information|After correcting' | tail -n 40 | cut -c1-400
    note failed "$name" "see target/test-results/$name.log"
  fi
}

# Installs a program from Debian where it is missing and may be installed.
ensure() {
  command -v "$1" >/dev/null 2>&1 && return 0
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
  printf '== installing %s from Debian\n' "$1"
  (apt-get update -qq && apt-get install -y -qq "$1") >>"$RESULTS/apt.log" 2>&1
  command -v "$1" >/dev/null 2>&1
}

for tool in curl jq python3; do
  ensure "$tool" || note failed "$tool" "it is missing; install it: apt-get install $tool"
done

canvas_packages
check canvas-types npm --prefix canvas run generate
check canvas-typecheck npm --prefix canvas run typecheck
check canvas-unit npm --prefix canvas exec -- vitest run --root canvas --reporter=json --outputFile="$RESULTS/canvas-unit.json"
check canvas-build npm --prefix canvas run build
check format mvn_quiet -q spotless:check
check agent mvn_quiet -pl protocol,agent -Dmaven.test.skip package
# With them come Claude Code, Gemini CLI and Codex, which the agent's tests run, in images too.
check interop-packages npm --prefix interop ci --no-audit --no-fund
# shellcheck source=engine.sh
source "$HOME_DIR/scripts/engine.sh"
trap engine_down EXIT
# For agents in networks of their own.
for tool in ip iptables; do
  ensure_package "$tool" || note failed "$tool" "it is missing, and cannot be installed"
done
printf '== engine\n'
if engine_up >"$RESULTS/engine.log" 2>&1; then
  check images env DOCKER_HOST="$TEST_DOCKER_HOST" WORKSPACE_IMAGE_PREFIX=molecule-test/workspace- PLATFORM_IMAGE=molecule-test/platform:latest bash "$HOME_DIR/scripts/images.sh" --local-base claude-code gemini-cli codex
  check images-again bash scripts/images-test.sh
elif [ -n "$CI" ]; then
  note failed engine "no Docker engine: $(tail -n 1 "$RESULTS/engine.log")"
else
  note skipped engine "no Docker engine: $(tail -n 1 "$RESULTS/engine.log")"
fi
check java mvn_quiet verify -Dmaven.test.failure.ignore=false --fail-at-end
check fast-start rehearse
check interop npm --prefix interop exec -- vitest run --root interop --reporter=json --outputFile="$RESULTS/interop.json"

if ensure chromium; then
  check browser npm --prefix canvas exec -- vitest run --root canvas --config e2e/vitest.config.ts --reporter=json --outputFile="$RESULTS/browser.json"
elif [ -n "$CI" ]; then
  note failed browser "Chromium is missing; install it: apt-get install chromium"
else
  note skipped browser "Chromium is missing; install it: apt-get install chromium"
fi
if [ -n "${TEST_DOCKER_HOST:-}" ]; then
  check platform-container bash scripts/container-test.sh
fi
check demo bash scripts/demo-test.sh

node scripts/count.mjs "$RESULTS"
