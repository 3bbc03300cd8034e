#!/usr/bin/env bash
# A Docker engine for tests: the one that TEST_DOCKER_HOST names, or one of our own with its own data and socket, stopped afterwards.
# Sourced by test.sh, which ends it.

ENGINE_DIR=""
ENGINE_BRIDGE=""

# Starts an engine where none is named and one can be had; sets TEST_DOCKER_HOST and the images' prefix.
engine_up() {
  local tries
  [ -z "${TEST_DOCKER_HOST:-}" ] || return 0
  [ "$(id -u)" -eq 0 ] || { echo "an engine of our own needs root; name one: TEST_DOCKER_HOST=unix:///var/run/docker.sock"; return 1; }
  for program in dockerd docker iptables ip busybox; do
    ensure_package "$program" || { echo "$program cannot be installed"; return 1; }
  done
  ENGINE_DIR="$(mktemp -d /tmp/molecule-engine.XXXXXX)"
  # A bridge of its own: docker0 may be another engine's, and an engine without a bridge would take it away.
  ENGINE_BRIDGE="moltest$((RANDOM % 10000))"
  ip link add name "$ENGINE_BRIDGE" type bridge && ip addr add 172.28.255.1/24 dev "$ENGINE_BRIDGE" && ip link set "$ENGINE_BRIDGE" up
  dockerd --data-root "$ENGINE_DIR/data" --exec-root "$ENGINE_DIR/exec" --pidfile "$ENGINE_DIR/pid" --host "unix://$ENGINE_DIR/docker.sock" \
    --bridge "$ENGINE_BRIDGE" >"$ENGINE_DIR/log" 2>&1 &
  for tries in $(seq 150); do
    if [ -S "$ENGINE_DIR/docker.sock" ] && DOCKER_HOST="unix://$ENGINE_DIR/docker.sock" docker version >/dev/null 2>&1; then
      export TEST_DOCKER_HOST="unix://$ENGINE_DIR/docker.sock"
      return 0
    fi
    sleep 0.2
  done
  echo "dockerd did not come up:"
  tail -n 20 "$ENGINE_DIR/log"
  return 1
}

# Debian's names for what has another one.
ensure_package() {
  case "$1" in
    dockerd | docker) command -v dockerd >/dev/null 2>&1 && command -v docker >/dev/null 2>&1 || install_package docker.io ;;
    busybox) { command -v busybox >/dev/null 2>&1 && ! ldd "$(command -v busybox)" >/dev/null 2>&1; } || install_package busybox-static ;;
    ip) command -v ip >/dev/null 2>&1 || install_package iproute2 ;;
    *) command -v "$1" >/dev/null 2>&1 || install_package "$1" ;;
  esac
}

install_package() { (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1") >>"$RESULTS/apt.log" 2>&1; }

# Stops the engine that engine_up started, and removes what it kept.
engine_down() {
  [ -n "$ENGINE_DIR" ] || return 0
  if [ -s "$ENGINE_DIR/pid" ]; then
    local pid
    pid="$(cat "$ENGINE_DIR/pid")"
    kill "$pid" 2>/dev/null
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  fi
  [ -z "$ENGINE_BRIDGE" ] || ip link del "$ENGINE_BRIDGE" 2>/dev/null
  # What an engine mounts below its own directory stays when it ends.
  awk -v below="$ENGINE_DIR/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l 2>/dev/null
  rm -rf "$ENGINE_DIR"
}
