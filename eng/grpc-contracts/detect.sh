#!/usr/bin/env bash
# Finds out whether the package feed has the published gRPC contract packages, and writes the answer to feed.props beside this
# file, where every project of the repository picks it up. The answer is remembered until the NuGet configuration changes;
# `detect.sh --again` asks anew. UseGrpcContracts=true or false in the environment decides instead of the feed.
# Exit 0: known. Exit 1: the feed could not be asked, and nothing was changed.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd ../.. && pwd)
wanted=(Grpc.Core.Api/2.85.0 Grpc.Net.Common/2.85.0 Grpc.AspNetCore.Server.ClientFactory/2.85.0 Google.Protobuf/3.36.2)

# What the answer depends on: the packages wanted and where NuGet looks for them.
configuration_key() {
  local folder=$root config
  {
    echo "${wanted[*]} ${NUGET_PACKAGES:-}"
    while :; do
      for config in "$folder"/[Nn]u[Gg]et.[Cc]onfig; do [ -f "$config" ] && cat "$config"; done
      [ "$folder" = / ] && break
      folder=$(dirname "$folder")
    done
    cat ~/.nuget/NuGet/*.[Cc]onfig ~/.config/NuGet/*.[Cc]onfig 2>/dev/null || true
  } | cksum | tr ' ' '-'
}

if [ -n "${UseGrpcContracts:-}" ]; then
  echo "gRPC packages: UseGrpcContracts=$UseGrpcContracts, as the environment says"
  exit 0
fi

key=$(configuration_key)
if [ "${1:-}" != --again ] && [ -f feed.props ] && grep -q "key $key " feed.props; then
  echo "gRPC packages: $(sed -n 's/.*<!-- \(.*\), key .*/\1/p' feed.props) (found out before)"
  exit 0
fi

mkdir -p "$root/artifacts"
probe=$(mktemp -d "$root/artifacts/feed-probe.XXXXXX")
trap 'rm -rf "$probe"' EXIT
{
  echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup>'
  for package in "${wanted[@]}"; do echo "<PackageDownload Include=\"${package%/*}\" Version=\"[${package#*/}]\" />"; done
  echo '</ItemGroup></Project>'
} > "$probe/probe.csproj"

restored=0
dotnet restore "$probe/probe.csproj" --no-http-cache -p:ImportDirectoryBuildProps=false -p:ImportDirectoryBuildTargets=false \
  -p:ImportDirectoryPackagesProps=false -p:NuGetAudit=false > "$probe/log" 2>&1 || restored=$?
missing=$(grep -oE 'NU110[123]: [^[]*' "$probe/log" | grep -oE '(Grpc|Google)\.[A-Za-z.]*[A-Za-z]' | sort -u | paste -sd ' ' || true)

if [ "$restored" = 0 ]; then
  use=false answer='published (the feed has all of them)'
elif [ -n "$missing" ] && ! grep -qE 'NU1301|NU1303' "$probe/log"; then
  use=true answer="stand-ins of eng/grpc-contracts (the feed answered and lacks: $missing)"
else
  # Neither "all there" nor a plain "not there": a network or configuration failure must not pass for an incomplete feed.
  echo "gRPC packages: the feed could not be asked, so nothing was decided (UseGrpcContracts=true or false in the environment decides). NuGet said:" >&2
  grep -E 'error|warn' "$probe/log" | sed 's/ \[.*//; s/^[^:]*: /  /' | sort -u | head -5 >&2 || tail -5 "$probe/log" >&2
  exit 1
fi

cat > "$probe/feed.props" <<EOF
<Project>
  <!-- $answer, key $key written by detect.sh -->
  <PropertyGroup>
    <UseGrpcContracts Condition="'\$(UseGrpcContracts)' == ''">$use</UseGrpcContracts>
  </PropertyGroup>
</Project>
EOF
mv "$probe/feed.props" feed.props
echo "gRPC packages: $answer"
