#!/usr/bin/env bash
# The platform in a container, as compose.yaml runs it but for PostgreSQL, which is the one inside: agents in other containers of the same
# engine reach it and are reached, also by the platform that comes after it; and nothing in it has a right that it does not need.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=../molecule
source ./molecule
find_jdk

: "${TEST_DOCKER_HOST:?names the Docker engine}"
export DOCKER_HOST="$TEST_DOCKER_HOST" WORKSPACE_IMAGE_PREFIX=molecule-test/workspace- PLATFORM_IMAGE=molecule-test/platform:latest
NAME="molecule-test-$$"
TOKEN="the-operators-own-token"
SOCKET="${TEST_DOCKER_HOST#unix://}"

bash scripts/images.sh --local-base --platform
trap 'clean_up' EXIT

clean_up() {
  docker rm -f "$NAME" >/dev/null 2>&1 || true
  docker ps -aq --filter "label=ai.molecule.workspace=${id:-none}" | xargs -r docker rm -f >/dev/null
  docker network ls -q --filter "label=ai.molecule.workspace=${id:-none}" | xargs -r docker network rm >/dev/null
  docker volume ls -q --filter "label=ai.molecule.workspace=${id:-none}" | xargs -r docker volume rm >/dev/null
  docker volume rm "$NAME" >/dev/null 2>&1 || true
  docker network rm "$NAME" >/dev/null 2>&1 || true
}

fail_with() { printf '%s\n' "$1" >&2; docker logs "$NAME" 2>&1 | tail -n 20 >&2; exit 1; }

start_platform() {
  docker run -d --name "$NAME" --read-only --cap-drop ALL --security-opt no-new-privileges:true \
    --tmpfs /tmp:rw,noexec,nosuid,nodev,size=64m --group-add "$(stat -c %g "$SOCKET")" --network "$NAME" -p 127.0.0.1::8080 \
    -v "$NAME:/data" -v "$SOCKET:/var/run/docker.sock" -e ADMIN_TOKEN="$TOKEN" -e CONTAINER_BACKEND=docker \
    -e WORKSPACE_IMAGE_PREFIX="$WORKSPACE_IMAGE_PREFIX" -e DOCKER_SUBNETS=10.246.0.0/16 -e PLATFORM_URL=http://localhost:1 "$PLATFORM_IMAGE" >/dev/null
  url="http://$(docker port "$NAME" 8080/tcp | head -n 1)"
  for _ in $(seq 120); do curl -sf -m 1 "$url/health" >/dev/null && return; sleep 0.5; done
  fail_with "the platform did not come up"
}

api() { curl -sf -m 20 -X "$1" -H "Authorization: Bearer $TOKEN" -d "${3:-}" "$url$2"; }

say() { # text -> the answer's text
  api POST "/workspaces/$id/a2a" '{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"role":"user","messageId":"'"$RANDOM-$RANDOM"'","parts":[{"kind":"text","text":"'"$1"'"}]}}}' \
    | jq -r '.result.artifacts[0].parts[0].text'
}

docker network create "$NAME" >/dev/null
start_platform
id="$(api POST /workspaces '{"name":"beside the platform"}' | jq -r .id)"
for _ in $(seq 100); do [ "$(api GET "/workspaces/$id" | jq -r .status)" = online ] && break; sleep 0.1; done
[ "$(say hello)" = hello ] || fail_with "the agent did not answer"

epoch="$(api GET "/workspaces/$id" | jq -r .epoch)"
docker rm -f "$NAME" >/dev/null
start_platform
[ "$(say again)" = again ] || fail_with "the agent did not answer the next platform"
[ "$(api GET "/workspaces/$id" | jq -r .epoch)" = "$epoch" ] || fail_with "the agent was started again for nothing"
api DELETE "/workspaces/$id" >/dev/null
for _ in $(seq 100); do [ -z "$(docker ps -aq --filter "label=ai.molecule.workspace=$id")" ] && break; sleep 0.1; done
[ -z "$(docker ps -aq --filter "label=ai.molecule.workspace=$id")" ] || fail_with "its container is still there"
echo "the platform in a container serves agents in containers"
