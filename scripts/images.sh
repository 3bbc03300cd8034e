#!/usr/bin/env bash
# Builds the images of our own agents. Called by ./molecule images, which found the JDK and built the agent.
set -euo pipefail

HOME_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=../molecule
source "$HOME_DIR/molecule"

RUNTIMES=(echo)
PREFIX="${WORKSPACE_IMAGE_PREFIX:-ghcr.io/molecule-ai/workspace-}"
# The day every file in an image is of, so that the same input is the same content: that of the build (see pom.xml).
EPOCH="$(sed -n 's/.*<project.build.outputTimestamp>\(.*\)<.*/\1/p' "$HOME_DIR/pom.xml")"

local_base=false
again=false
for argument in "$@"; do
  case "$argument" in
    --local-base) local_base=true ;;
    --again) again=true ;;
    *) fail "images: there is no option $argument; --help lists them" 64 ;;
  esac
done

need docker "apt-get install docker.io"
docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || fail "no Docker engine answers at ${DOCKER_HOST:-unix:///var/run/docker.sock}. Start it: systemctl start docker"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# What an image is made of, as one name: the agent, the JDK it is linked from, and this recipe.
source_of() {
  { cat "$AGENT_JAR" "$HOME_DIR/images/workspace/Dockerfile" "${BASH_SOURCE[0]}"; printf '%s' "$1 ${JDK_IMAGE:-} ${BASE_IMAGE:-} ${TOOLS_IMAGE:-}"
    if $local_base; then cat "$JAVA_HOME/release"; fi; } | sha256sum | cut -d ' ' -f 1
}

# Copies a program or library with every library it needs to the same place below a directory.
with_libraries() { # directory file...
  local directory="$1" file
  shift
  for file in "$@" $(ldd "$@" 2>/dev/null | grep -o '/[^ ]*' | grep -v ':$' | grep -v "^$JAVA_HOME" | sort -u); do
    mkdir -p "$directory$(dirname "$file")"
    cp -L "$file" "$directory$file"
  done
}

import_root() { # directory image
  find "$1" -exec touch -h -d "$EPOCH" {} +
  tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner -cf - . | docker import --change 'ENV PATH=/opt/jdk/bin:/usr/bin:/bin' - "$2" >/dev/null
}

# Bases from this machine alone: its JDK, its C library, its busybox. No registry is asked.
make_local_bases() {
  local busybox libc=() lib
  busybox="$(command -v busybox || true)"
  [ -n "$busybox" ] && ! ldd "$busybox" >/dev/null 2>&1 || fail "a static busybox is missing. Install it: apt-get install busybox-static"
  mkdir -p "$work/base/etc" "$work/base/tmp" "$work/base/usr/bin" "$work/jdk/opt/jdk" "$work/jdk/tmp" "$work/tools/bin"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nagent:x:10001:10001:agent:/workspace:/usr/bin/sh\n' >"$work/base/etc/passwd"
  printf 'root:x:0:\nagent:x:10001:\n' >"$work/base/etc/group"
  printf 'hosts: files dns\n' >"$work/base/etc/nsswitch.conf"
  chmod 1777 "$work/base/tmp" "$work/jdk/tmp"
  for lib in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
    libc+=("$(ldconfig -p | sed -n "s/.*$lib .*x86-64.* => //p;s/.*$lib .*AArch64.* => //p" | head -n 1)")
  done
  with_libraries "$work/base" "$JAVA_HOME/lib/server/libjvm.so" "$JAVA_HOME/lib/libnet.so" ${libc[@]}
  rm -rf "${work:?}/base/usr/lib/jvm"
  cp -a "$work/base/." "$work/jdk/"
  cp "$busybox" "$work/tools/bin/busybox"
  tar -hC "$JAVA_HOME" --exclude=src.zip --exclude='*.jsa' -cf - . | tar -C "$work/jdk/opt/jdk" -xf -
  import_root "$work/base" molecule-local/base:latest
  import_root "$work/jdk" molecule-local/jdk:latest
  import_root "$work/tools" molecule-local/tools:latest
  JDK_IMAGE=molecule-local/jdk:latest BASE_IMAGE=molecule-local/base:latest TOOLS_IMAGE=molecule-local/tools:latest
}

build_image() { # runtime image source
  local context="$work/context" arguments=() name
  mkdir -p "$context/home/configs" "$context/home/workspace"
  chmod 700 "$context/home/configs" "$context/home/workspace"
  cp "$AGENT_JAR" "$context/agent.jar"
  find "$context" -exec touch -h -d "$EPOCH" {} +
  for name in JDK_IMAGE BASE_IMAGE TOOLS_IMAGE; do
    [ -z "${!name:-}" ] || arguments+=(--build-arg "$name=${!name}")
  done
  docker build -q --force-rm -f "$HOME_DIR/images/workspace/Dockerfile" "${arguments[@]}" --build-arg RUNTIME="$1" --build-arg SOURCE="$3" \
    --build-arg REVISION="$(git -C "$HOME_DIR" rev-parse --short HEAD 2>/dev/null || echo unknown)" -t "$2" "$context"
}

based=false
for runtime in "${RUNTIMES[@]}"; do
  image="$PREFIX$runtime:latest"
  source="$(source_of "$runtime")"
  if ! $again && [ "$(docker image inspect --format '{{index .Config.Labels "ai.molecule.source"}}' "$image" 2>/dev/null)" = "$source" ]; then
    printf '  %s is up to date\n' "$image" >&2
    continue
  fi
  if $local_base && ! $based; then
    step "making bases of this machine's JDK and C library" make_local_bases
    JDK_IMAGE=molecule-local/jdk:latest BASE_IMAGE=molecule-local/base:latest TOOLS_IMAGE=molecule-local/tools:latest
    based=true
  fi
  step "building $image" build_image "$runtime" "$image" "$source"
  docker image inspect --format "  {{.Id}}  {{.Size}} bytes" "$image" >&2
done
