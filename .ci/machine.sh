#!/usr/bin/env bash
# Installs what the suites need beyond Node, where the machine does not have it (Debian, as root).
set -euo pipefail

packages=()
command -v java >/dev/null || packages+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || packages+=(maven)
python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3 python3-venv python3-pip)
if ((${#packages[@]} > 0)); then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
command -v uv >/dev/null || python3 -m pip install -q --root-user-action=ignore --break-system-packages uv

for tool in java mvn python3 uv; do printf '%-8s %s\n' "$tool" "$(command -v "$tool")"; done
