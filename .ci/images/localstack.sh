#!/usr/bin/env bash
# LocalStack itself, from PyPI, on a Python of the machine that can be moved: one of pyenv's.
set -euo pipefail
. ./root.sh
version=${1##*:}
root=$WORK/localstack
site=$root/opt/code/localstack/site

python=
versions=${PYENV_ROOT:-$HOME/.pyenv}/versions
for candidate in "${TOPLINE_IMAGE_PYTHON:-}" "$versions"/3.13.*/bin/python3 "$versions"/3.1[12].*/bin/python3; do
  if [ -x "$candidate" ]; then python=$candidate && break; fi
done
if [ -z "$python" ]; then
  echo "No Python of pyenv's (3.11 to 3.13) was found: name one in TOPLINE_IMAGE_PYTHON." >&2
  exit 1
fi
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
release=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

make_root "$root"
mkdir -p "$root/opt/python" "$site"
lib=lib/python$release
tar -C "$prefix" -cf - --exclude="$lib/site-packages" --exclude="$lib/test" --exclude="$lib/idlelib" \
  --exclude="$lib/tkinter" --exclude="$lib/ensurepip" --exclude="$lib/turtledemo" --exclude='config-*' --exclude='*.a' \
  --exclude='_tkinter*' --exclude='*.opt-[12].pyc' "bin/python$release" lib | tar -C "$root/opt/python" -xf -
ln -sf "python$release" "$root/opt/python/bin/python3"
"$python" -m pip install -q --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
  --target "$site" -c localstack-constraints.txt "localstack-core[base-runtime]==$version" jinja2 tzdata

# Below Python 3.13 a type of LocalStack's is not one ("Lock | None"); above, the line changes nothing.
api=$site/localstack/packages/api.py
if ! grep -q '^from __future__' "$api"; then
  sed -i '1i from __future__ import annotations' "$api"
  rm -f "$site"/localstack/packages/__pycache__/api.*
fi

{
  echo "$prefix/bin/python$release"
  find "$root/opt/python" "$site" -name '*.so*' -type f
} | take_libraries "$root"
mkdir -p "$root"/etc/localstack/init/{boot,start,ready,shutdown}.d "$root"/var/lib/localstack "$root"/usr/lib/localstack
printf '#!/bin/bash\nexec python3 -m localstack.runtime.main\n' >"$root/usr/local/bin/docker-entrypoint.sh"
chmod +x "$root/usr/local/bin/docker-entrypoint.sh"
import "$root" "$1" 'ENV PATH=/opt/python/bin:/usr/local/bin:/usr/bin:/bin' 'ENV LD_LIBRARY_PATH=/opt/python/lib' \
  'ENV PYTHONHOME=/opt/python' 'ENV PYTHONPATH=/opt/code/localstack/site' 'ENV PYTHONUNBUFFERED=1' \
  'ENV DISABLE_EVENTS=1' 'ENV SKIP_SSL_CERT_DOWNLOAD=1' 'ENV DNS_ADDRESS=0' 'WORKDIR /opt/code/localstack' \
  'EXPOSE 4566' 'VOLUME /var/lib/localstack' 'ENTRYPOINT ["docker-entrypoint.sh"]'
