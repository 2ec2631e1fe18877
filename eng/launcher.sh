#!/bin/sh
# Runs @APP@ as it was built in this folder: same arguments, same process, same signals. `make build` writes it into bin/. What
# `make native` made is preferred, as long as nothing was built after it.
set -eu

# The file that a path leads to, through any number of symbolic links.
follow() {
    path=$1
    while [ -L "$path" ]; do
        target=$(readlink "$path")
        case $target in
            /*) path=$target ;;
            *) path=${path%/*}/$target ;;
        esac
    done
}

case $0 in
    */*) follow "$0" ;;
    *) follow "$(command -v "$0")" ;;
esac
root=$(cd -P "${path%/*}/.." && pwd)
built=$root/artifacts/bin/@PROJECT@/release
app=$built/@APP@
native=$root/artifacts/programs/@APP@

if [ ! -x "$app" ]; then
    echo "@APP@: not built; run \`make build\` in $root" >&2
    exit 127
fi

# The file of `make native`, but only while the build that it was made from is still the last one: its time is that of its start.
is_current() {
    [ -x "$native" ] || return 1
    for part in "$built"/*.dll; do
        # shellcheck disable=SC3013 # Not of POSIX, but of every sh that is in use.
        [ ! "$part" -nt "$native" ] || return 1
    done
}
if is_current; then
    exec "$native" "$@"
fi

# The program looks for .NET in the usual places only; one that is merely on the PATH has to be named.
if [ -z "${DOTNET_ROOT:-}" ] && dotnet=$(command -v dotnet); then
    follow "$dotnet"
    if [ -d "${path%/*}/host/fxr" ]; then
        DOTNET_ROOT=$(cd -P "${path%/*}" && pwd)
        export DOTNET_ROOT
    fi
fi
exec "$app" "$@"
