#!/usr/bin/env bash
# Makes ready what the suites over containers need: a Docker daemon, and the images. Run again, it does nothing.
#
# An image that is not there is pulled; where none can be pulled, a stand-in is built from the machine's own packages:
# the real LocalStack from PyPI, the real DynamoDB Local from Maven Central, a reaper that speaks Ryuk's protocol,
# busybox. Stand-ins bear the label `topline.stand-in`, so that nobody takes them for the originals.
#
# A daemon that this starts is left running, its process id in `$TOPLINE_IMAGES/dockerd.pid`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/images"

export WORK=${TOPLINE_IMAGES:-/var/tmp/topline-images}
LOCALSTACK=localstack/localstack:4.14.0
DYNAMODB=amazon/dynamodb-local:3.3.1
RYUK=testcontainers/ryuk:0.14.0
ALPINE=alpine:3.14
mkdir -p "$WORK"

say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }
is_up() { docker info >/dev/null 2>&1; }
is_here() { docker image inspect "$1" >/dev/null 2>&1; }

start_daemon() { # --bip: testcontainers looks for the bridge's gateway
  setsid dockerd --bip=172.17.0.1/16 "$@" >"$WORK/dockerd.log" 2>&1 </dev/null &
  local pid=$!
  echo "$pid" >"$WORK/dockerd.pid"
  for _ in $(seq 1 240); do
    is_up && return 0
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.25
  done
  return 1
}

if ! command -v dockerd >/dev/null; then
  say "installing Docker"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io >"$WORK/apt.log" 2>&1
fi
if ! is_up; then
  start_daemon || start_daemon --storage-driver=vfs || { tail -5 "$WORK/dockerd.log"; exit 1; }
  say "dockerd $(docker info -f '{{.ServerVersion}}, {{.Driver}}')"
fi

obtain() { # $1 = image, $2 = the script that builds its stand-in
  if is_here "$1"; then
    say "$1 is here"
  elif timeout 120 docker pull -q "$1" >/dev/null 2>&1; then
    say "$1 pulled"
  else
    bash "$2" "$1" >"$WORK/$(basename "$2" .sh).log" 2>&1 || { tail -20 "$WORK/$(basename "$2" .sh).log"; return 1; }
    say "$1 stood in for"
  fi
}

waiting=()
obtain "$LOCALSTACK" ./localstack.sh & waiting+=($!)
obtain "$DYNAMODB" ./dynamodb.sh & waiting+=($!)
obtain "$RYUK" ./ryuk.sh & waiting+=($!)
obtain "$ALPINE" ./alpine.sh & waiting+=($!)
for job in "${waiting[@]}"; do wait "$job"; done
