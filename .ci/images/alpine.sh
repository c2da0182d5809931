#!/usr/bin/env bash
# Stands in for alpine, which testcontainers asks for the way to the host: busybox.
set -euo pipefail
. ./root.sh
root=$WORK/alpine
rm -rf "$root"
mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev}
if [ ! -x /bin/busybox ] || ldd /bin/busybox >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends busybox-static
fi
cp /bin/busybox "$root/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -sf busybox "$root/bin/${applet##*/}"
done
import "$root" "$1" 'CMD ["/bin/sh"]' 'ENV PATH=/bin'
