#!/bin/sh
# Installs missing Debian packages: eng/debian.sh PACKAGE... Runs apt-get as root or by sudo without a password, and says so.
# If it cannot, it exits with code 3 and the reason on stderr.
set -eu

missing=
for package in "$@"; do
    if ! dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "cannot install$missing: no apt-get here" >&2
    exit 3
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root='sudo -n'
else
    echo "cannot install$missing: neither root nor sudo without a password" >&2
    exit 3
fi

echo "apt-get: installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    # shellcheck disable=SC2086 # Words on purpose: a command prefix and a list of packages.
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$log" 2>&1
}
# If the first try fails, the package lists may be absent or old: update them and try again.
if ! install && ! { $as_root apt-get update -qq >"$log" 2>&1 && install; }; then
    tail -n 5 "$log" >&2
    echo "cannot install$missing: apt-get failed" >&2
    exit 3
fi
