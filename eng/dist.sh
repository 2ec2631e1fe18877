#!/bin/sh
# Makes what is handed out of the native programs, in artifacts/dist: an archive, a Debian package, what they are made of, and
# SHA256SUMS of all that lies there. The same programs and commit give the same bytes.
set -eu
cd "$(dirname "$0")/.."
umask 022
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
version=$(sed -n 's#.*<Version>\(.*\)</Version>.*#\1#p' Directory.Build.props)
dist=artifacts/dist
stage=artifacts/dist-stage
case $(uname -m) in
    x86_64) platform=linux-x64 debian=amd64 ;;
    aarch64) platform=linux-arm64 debian=arm64 ;;
    *) platform=linux-$(uname -m) debian=$(uname -m) ;;
esac
rm -rf "$stage"
mkdir -p "$dist"

name=clawgrpc-$version-$platform
eng/install.sh "/$name" "$stage"
# In an archive the programs stand where they are put; the unit is for /usr/local.
sed "s#/$name/bin#/usr/local/bin#" "$stage/$name/lib/systemd/system/clawgrpc.service" >"$stage/unit"
cp "$stage/unit" "$stage/$name/lib/systemd/system/clawgrpc.service"
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=gnu \
    --directory "$stage" "$name" | gzip -n -9 >"$dist/$name.tar.gz"

/usr/bin/python3 eng/sbom.py "$version" src/ClawGrpc.Cli/packages.lock.json src/ClawGrpc.Server/packages.lock.json \
    artifacts/native/*.lock.json >"$dist/clawgrpc-$version.cdx.json"

package=$stage/debian
eng/install.sh /usr "$package"
# Debian's own places, and its form of man pages.
mkdir -p "$package/usr/share/zsh/vendor-completions" "$package/DEBIAN"
mv "$package/usr/share/zsh/site-functions/_claw" "$package/usr/share/zsh/vendor-completions/_claw"
rmdir "$package/usr/share/zsh/site-functions"
gzip -n -9 "$package/usr/share/man/man1/claw.1" "$package/usr/share/man/man8/clawgrpc.8"
mv "$package/usr/share/doc/clawgrpc/LICENSE" "$package/usr/share/doc/clawgrpc/copyright"
cat >"$package/DEBIAN/control" <<END
Package: clawgrpc
Version: $version
Architecture: $debian
Maintainer: ClawGrpc <clawgrpc@localhost>
Depends: libc6 (>= 2.35), libssl3 | libssl3t64, ca-certificates
Section: net
Priority: optional
Installed-Size: $(du -ks "$package/usr" | cut -f1)
Description: holds the Claude credentials of a fleet of agents
 A gRPC server, clawgrpc, and its command line, claw. The unit clawgrpc.service
 is installed and not started.
END
find "$package" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zgzip --build "$package" "$dist/clawgrpc_${version}_$debian.deb" >/dev/null
rm -rf "$stage"

cd "$dist"
rm -f SHA256SUMS
sums=$(find . -maxdepth 1 -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum)
echo "$sums" | tee SHA256SUMS
