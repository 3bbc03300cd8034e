#!/usr/bin/env bash
# Builds the images of our own agents. Called by ./molecule images, which found the JDK and built the agent.
set -euo pipefail

HOME_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=../molecule
source "$HOME_DIR/molecule"

RUNTIMES=(echo hermes langgraph command)
# Runtimes that are programs of others', by the npm packages that they come in.
declare -A PACKAGES=([claude-code]=@anthropic-ai/claude-code [gemini-cli]=@google/gemini-cli [codex]=@openai/codex)
PLATFORM_IMAGE="${PLATFORM_IMAGE:-ghcr.io/molecule-ai/platform:latest}"
PREFIX="${WORKSPACE_IMAGE_PREFIX:-ghcr.io/molecule-ai/workspace-}"
# The day every file in an image is of, so that the same input is the same content: that of the build (see pom.xml).
EPOCH="$(sed -n 's/.*<project.build.outputTimestamp>\(.*\)<.*/\1/p' "$HOME_DIR/pom.xml")"

local_base=false
again=false
with_platform=false
for argument in "$@"; do
  case "$argument" in
    --local-base) local_base=true ;;
    --again) again=true ;;
    --platform) with_platform=true ;;
    claude-code | gemini-cli | codex) RUNTIMES+=("$argument") ;;
    *) fail "images: there is no option and no program $argument; --help lists them" 64 ;;
  esac
done

need docker "apt-get install docker.io"
docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || fail "no Docker engine answers at ${DOCKER_HOST:-unix:///var/run/docker.sock}. Start it: systemctl start docker"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# What an image is made of, as one name: its files, the JDK it is linked from, and this recipe.
source_of() { # file...
  { cat "$@" "${BASH_SOURCE[0]}"; printf "%s" "${JDK_IMAGE:-} ${BASE_IMAGE:-} ${TOOLS_IMAGE:-} ${NODE_IMAGE:-}"
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
  for lib in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2 libgcc_s.so.1 libstdc++.so.6; do
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

# The same with this machine's Node.js, for programs that are written for it.
make_local_node() {
  need node "apt-get install nodejs"
  mkdir -p "$work/node/nodejs/bin"
  with_libraries "$work/node" "$(command -v node)"
  cp -L "$(command -v node)" "$work/node/nodejs/bin/node"
  cp -a "$work/base/." "$work/node/"
  import_root "$work/node" molecule-local/node:latest
}

# Where an npm package is, of the version that our own tests run: beside them, or fetched.
package_of() { # package
  local place="$HOME_DIR/interop/node_modules" version
  if [ ! -d "$place/$1" ]; then
    need npm "apt-get install npm"
    version="$(sed -n "s|.*\"$1\": \"\(.*\)\".*|\1|p" "$HOME_DIR/interop/package.json")"
    place="$work/npm/node_modules"
    [ -d "$place/$1" ] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work/npm" "$1@$version" >&2 || fail "npm does not have $1@$version"
  fi
  printf '%s\n' "$place"
}

# Puts a program of others' where the image finds it: with what it needs, in bin/ by its name.
program() { # runtime directory
  local modules arch
  modules="$(package_of "${PACKAGES[$1]}")"
  case "$(uname -m)" in aarch64 | arm64) arch=arm64 ;; *) arch=x64 ;; esac
  mkdir -p "$2/bin"
  case "$1" in
    claude-code) cp "$modules/@anthropic-ai/claude-code-linux-$arch/claude" "$2/bin/claude" ;;
    codex) cp "$modules/@openai/codex-linux-$arch"/vendor/*/bin/codex "$2/bin/codex" ;;
    gemini-cli)
      cp -r "$modules/@google/gemini-cli/bundle" "$2/bundle"
      ln -s ../bundle/gemini.js "$2/bin/gemini"
      ;;
  esac
}

build_image() { # image recipe source context argument...
  local image="$1" recipe="$2" source="$3" context="$4" arguments=() name
  if $again; then arguments+=(--no-cache); fi
  shift 4
  find "$context" -exec touch -h -d "$EPOCH" {} +
  for name in JDK_IMAGE BASE_IMAGE TOOLS_IMAGE; do
    [ -z "${!name:-}" ] || arguments+=(--build-arg "$name=${!name}")
  done
  docker build -q --network none --force-rm -f "$recipe" "${arguments[@]}" "$@" --build-arg SOURCE="$source" \
    --build-arg REVISION="$(git -C "$HOME_DIR" rev-parse --short HEAD 2>/dev/null || echo unknown)" -t "$image" "$context"
}

based=false
# Builds an image unless what it is made of is what it was made of.
image() { # image recipe source context argument...
  if ! $again && [ "$(docker image inspect --format '{{index .Config.Labels "ai.molecule.source"}}' "$1" 2>/dev/null)" = "$3" ]; then
    printf '  %s is up to date\n' "$1" >&2
    return
  fi
  if $local_base && ! $based; then
    step "making bases of this machine's JDK and C library" make_local_bases
    JDK_IMAGE=molecule-local/jdk:latest BASE_IMAGE=molecule-local/base:latest TOOLS_IMAGE=molecule-local/tools:latest
    based=true
    case " ${RUNTIMES[*]} " in *" gemini-cli "*) step "making a base with this machine's Node.js" make_local_node ;; esac
  fi
  step "building $1" build_image "$@"
  docker image inspect --format "  {{.Id}}  {{.Size}} bytes" "$1" >&2
}

# What lasts belongs to the agent's user.
private_directories() { mkdir -p "$@" && chmod 700 "$@"; }

for runtime in "${RUNTIMES[@]}"; do
  recipe="$HOME_DIR/images/workspace/Dockerfile"
  context="$work/workspace-$runtime"
  private_directories "$context/home/configs" "$context/home/workspace"
  mkdir -p "$context/program"
  cp "$AGENT_JAR" "$context/agent.jar"
  if [ -n "${PACKAGES[$runtime]:-}" ]; then program "$runtime" "$context/program"; fi
  mapfile -t files < <(find "$context/program" -type f | sort)
  arguments=(--build-arg RUNTIME="$runtime")
  if [ "$runtime" = gemini-cli ]; then arguments+=(--build-arg BASE_IMAGE="${NODE_IMAGE:-$($local_base && echo molecule-local/node:latest || echo gcr.io/distroless/nodejs22-debian12:latest)}"); fi
  image "$PREFIX$runtime:latest" "$recipe" "$(source_of "$AGENT_JAR" "$recipe" "${files[@]}")" "$context" "${arguments[@]}"
  rm -rf "$context"
done

if $with_platform; then
  recipe="$HOME_DIR/images/platform/Dockerfile"
  context="$work/platform"
  private_directories "$context/home/data"
  mkdir -p "$context/app"
  cp "$PLATFORM_JAR" "$context/app/molecule-platform.jar"
  cp "$AGENT_JAR" "$context/app/molecule-agent.jar"
  cp -r "$(dirname "$PLATFORM_JAR")/lib" "$context/app/lib"
  image "$PLATFORM_IMAGE" "$recipe" "$(source_of "$PLATFORM_JAR" "$AGENT_JAR" "$recipe")" "$context"
fi
