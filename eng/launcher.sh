#!/bin/sh
# Runs @APP@ as it was built in this folder: same arguments, same process, same signals. `make build` writes it into bin/.
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
app=$root/artifacts/bin/@PROJECT@/release/@APP@
if [ ! -x "$app" ]; then
    echo "@APP@: not built; run \`make build\` in $root" >&2
    exit 127
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
