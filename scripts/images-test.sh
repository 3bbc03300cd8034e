#!/usr/bin/env bash
# The agent's image, built anew from the same sources, holds the same files, but for the JVM's cache, which no two runs of the JVM write
# alike; and it has at most 100 MB.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=../molecule
source ./molecule
find_jdk

: "${TEST_DOCKER_HOST:?names the Docker engine}"
export DOCKER_HOST="$TEST_DOCKER_HOST"
work="$(mktemp -d)"
trap 'rm -rf "$work"; docker rmi molecule-test-again/workspace-echo:latest >/dev/null 2>&1 || true' EXIT

# Every file of an image: what it is, whose, and what is in it.
contents() { # image
  local root="$work/root" container
  mkdir "$root"
  container="$(docker create "$1")"
  docker export "$container" | tar -xf - -C "$root"
  docker rm "$container" >/dev/null
  rm "$root/opt/molecule/agent.aot"
  (cd "$root" && find . -printf '%p %y %m %U:%G %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum)
  chmod -R u+rwX "$root" && rm -rf "$root"
}

contents molecule-test/workspace-echo:latest >"$work/first"
WORKSPACE_IMAGE_PREFIX=molecule-test-again/workspace- bash scripts/images.sh --local-base --again
contents molecule-test-again/workspace-echo:latest >"$work/second"
[ "$(wc -l <"$work/first")" -gt 300 ] || { echo "Expected the files of an image, but found $(wc -l <"$work/first") lines"; exit 1; }
diff "$work/first" "$work/second" || { echo "Expected the same files, but found an ERROR: those above differ"; exit 1; }

size="$(docker image inspect --format '{{.Size}}' molecule-test/workspace-echo:latest)"
[ "$size" -le 100000000 ] || { echo "Expected at most 100 MB, but found an ERROR: $size bytes"; exit 1; }
echo "the same files, $size bytes"
