# Sourced: root file systems cut from the machine's own packages, and imported as images.

make_root() { # $1 = directory: shell, coreutils and the C library
  rm -rf "$1"
  mkdir -p "$1"/{usr/{bin,sbin,lib,lib64,local/bin},etc,tmp,var/tmp,run,root,proc,sys,dev}
  chmod 1777 "$1/tmp" "$1/var/tmp"
  local folder
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$1/$folder"; done
  dpkg -L libc6 libc-bin bash dash coreutils mawk grep sed findutils hostname procps libtinfo6 |
    grep -vE '^/(usr/share|etc|var|usr/lib/x86_64-linux-gnu/gconv)' |
    while read -r path; do [ -d "$path" ] || echo "${path#/}"; done | take "$1"
  ln -sf mawk "$1/usr/bin/awk"
  ln -sf dash "$1/usr/bin/sh"
  printf 'root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/bash\n' >"$1/etc/passwd"
  printf 'root:x:0:\napp:x:1000:\n' >"$1/etc/group"
  echo 'hosts: files dns' >"$1/etc/nsswitch.conf"
  find "$1/usr/bin" "$1/usr/sbin" -type f | take_libraries "$1"
}

take() { # stdin: paths of the machine, without their first slash; $1 = root
  { tar -C / --no-recursion -cf - -T - 2>/dev/null || true; } | tar -C "$1" --keep-directory-symlink -xf -
}

take_libraries() { # stdin: ELF files; $1 = root that gets the libraries they need
  { xargs -r ldd 2>/dev/null || true; } |
    awk '$2 == "=>" && $3 ~ /^\/(usr\/)?lib/ { print $3 }' | sort -u |
    while read -r path; do
      echo "${path#/}"
      path=$(readlink -f "$path")
      echo "${path#/}"
    done | sort -u | take "$1"
}

import() { # $1 = root, $2 = image; the rest: Dockerfile instructions
  local root=$1 image=$2 changes=() instruction
  shift 2
  for instruction in 'LABEL topline.stand-in=true' "$@"; do changes+=(--change "$instruction"); done
  tar -C "$root" --numeric-owner --owner=0 --group=0 -cf - . | docker import "${changes[@]}" - "$image" >/dev/null
  rm -rf "$root"
}
