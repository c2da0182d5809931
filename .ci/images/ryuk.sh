#!/usr/bin/env bash
# Stands in for Ryuk: see ryuk/main.go.
set -euo pipefail
. ./root.sh
root=$WORK/ryuk
go=$(command -v go || ls /usr/local/go/bin/go 2>/dev/null) || {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends golang-go
  go=$(command -v go)
}
rm -rf "$root"
mkdir -p "$root"/{bin,tmp,var/run}
(cd ryuk && GOTOOLCHAIN=local CGO_ENABLED=0 "$go" build -trimpath -ldflags '-s -w' -o "$root/bin/ryuk" .)
import "$root" "$1" 'LABEL org.testcontainers.ryuk=true' 'ENTRYPOINT ["/bin/ryuk"]' 'EXPOSE 8080'
