#!/usr/bin/env bash
# Builds the load programs where they are stale and runs them. Called by ./molecule bench, which found the JDK and built the platform.
set -euo pipefail
HOME_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=../molecule
source "$HOME_DIR/molecule"
if stale "$BENCH_JAR" "$HOME_DIR/bench/pom.xml" "$HOME_DIR/bench/src" "$AGENT_JAR"; then
  step "building the load programs" mvn_quiet -pl protocol,agent,bench -Dmaven.test.skip package
fi
exec "$JAVA_HOME/bin/java" -XX:+UseSerialGC -cp "$BENCH_JAR:$HOME_DIR/bench/target/lib/*" ai.molecule.bench.Bench --root "$HOME_DIR" "$@"
