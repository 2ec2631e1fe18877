#!/bin/sh
# Installs the native programs with man pages and completion: eng/install.sh PREFIX [DESTDIR]. The files go below DESTDIR/PREFIX.
# shellcheck disable=SC2174 # Folders that are there keep their modes.
set -eu
cd "$(dirname "$0")/.."
prefix=${1:?usage: eng/install.sh PREFIX [DESTDIR]} to=${2:-}${1%/}
native=artifacts/programs

place() {
    mkdir -p -m 755 "$(dirname "$3")"
    install -m "$1" "$2" "$3"
}
place 755 "$native/claw" "$to/bin/claw"
place 755 "$native/clawgrpc" "$to/bin/clawgrpc"
place 644 docs/man/claw.1 "$to/share/man/man1/claw.1"
place 644 docs/man/clawgrpc.8 "$to/share/man/man8/clawgrpc.8"
place 644 LICENSE "$to/share/doc/clawgrpc/LICENSE"
place 644 README.md "$to/share/doc/clawgrpc/README.md"

script=$(mktemp)
trap 'rm -f "$script"' EXIT
# Where each shell looks for completion by itself.
for place in bash:bash-completion/completions/claw zsh:zsh/site-functions/_claw fish:fish/vendor_completions.d/claw.fish; do
    "$native/claw" completion "${place%%:*}" >"$script"
    place 644 "$script" "$to/share/${place#*:}"
done

# The program stands in the unit by its whole path.
sed "s#/usr/bin/clawgrpc#${prefix%/}/bin/clawgrpc#" eng/package/clawgrpc.service >"$script"
place 644 "$script" "$to/lib/systemd/system/clawgrpc.service"
