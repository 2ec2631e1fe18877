#!/usr/bin/env bash
# Proves both ways of building, on copies of the tree that leave nothing behind:
#   1. the stand-in way: restores from the lock files in locks/, with the stand-ins as projects;
#   2. the full-feed way: packs the stand-ins, so that a temporary feed has every package the published ones ask for, and builds
#      the whole solution against it. No stand-in is compiled, and the solution still builds with this folder deleted.
# Ends with one line, "both feeds: passed" or "both feeds: FAILED: why". Exit 0 or 1. Needs the .NET SDK and git.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false NUGET_PACKAGES=$work/packages
unset UseGrpcContracts

fail() {
  [ -f "$work/log" ] && grep -E 'error|FAILED|Failed ' "$work/log" | sort -u | head -20
  echo "both feeds: FAILED: $1"
  exit 1
}
step() { echo "both feeds: $1"; }
quietly() { "$@" > "$work/log" 2>&1; }
copy_tree() { # The tracked and the new files as they are now, without what git ignores.
  mkdir -p "$1"
  (cd "$root" && git ls-files -z --cached --others --exclude-standard \
    | while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done | tar --null -T - -cf -) | tar -xf - -C "$1"
}
resolved_as() { # resolved_as TREE PROJECT package|project: how Grpc.Core.Api was resolved for that project
  grep -A1 '"Grpc.Core.Api/2.85.0": {' "$1/artifacts/obj/$2/project.assets.json" | grep -q "\"type\": \"$3\""
}

# The configuration in force at the repository, under the same names, and the temporary feed before them.
write_nuget_config() {
  mkdir -p "$work/feed"
  {
    echo '<configuration><packageSources><clear /><add key="stand-ins" value="'"$work/feed"'" />'
    (cd "$root" && dotnet nuget list source --format detailed) | sed -n '/\[Enabled\]/{s/^ *[0-9]*\. *\(.*\) \[Enabled\].*/\1/;N;s/\n */\t/;s/&/\&amp;/g;p}' \
      | while IFS=$'\t' read -r name url; do echo "<add key=\"$name\" value=\"$url\" />"; done
    echo '</packageSources></configuration>'
  } > "$work/nuget.config"
}

# A package under the id and version the solution asks for, with the assembly of the newest version a partial feed has.
pack_protobuf() {
  local version
  version=$(sed -n 's/.*Include="Google.Protobuf" Version="\([^"]*\)".*/\1/p' "$root/Directory.Packages.props")
  mkdir -p "$work/protobuf"
  cat > "$work/protobuf/Google.Protobuf.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <Version>$version</Version>
    <IncludeBuildOutput>false</IncludeBuildOutput>
    <NoWarn>NU5128</NoWarn>
  </PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="Google.Protobuf" Version="[3.25.1]" />
    <None Include="$NUGET_PACKAGES/google.protobuf/3.25.1/lib/net5.0/*.dll" Pack="true" PackagePath="lib/net5.0" />
  </ItemGroup>
</Project>
EOF
  dotnet pack "$work/protobuf" -o "$work/feed"
}

write_nuget_config

step 'restoring the stand-in way from its lock files'
copy_tree "$work/partial"
quietly dotnet restore "$work/partial/ClawGrpc.sln" --locked-mode -p:UseGrpcContracts=true || fail 'the lock files do not restore; run dotnet restore --force-evaluate and commit eng/grpc-contracts/locks'
resolved_as "$work/partial" ClawGrpc.Protos project || fail 'ClawGrpc.Protos does not use the stand-in project'

step 'packing the stand-ins into a temporary feed'
for project in Grpc.Core.Api Grpc.Net.Common Grpc.AspNetCore.Server.ClientFactory; do
  quietly dotnet pack "$work/partial/eng/grpc-contracts/$project" -o "$work/feed" -p:UseGrpcContracts=true || fail "$project does not pack"
done
quietly pack_protobuf || fail 'Google.Protobuf does not pack'

step 'building the whole solution against that feed'
copy_tree "$work/full"
quietly dotnet build "$work/full/ClawGrpc.sln" -p:UseGrpcContracts=false || fail 'the solution does not build on a full feed'
resolved_as "$work/full" ClawGrpc.Protos package || fail 'ClawGrpc.Protos does not use the package'
grep -q 'grpc-contracts' "$work/log" && fail 'the build went into eng/grpc-contracts'
compiled=$(cd "$work/full/artifacts" && find . -path '*/obj/Grpc.*' -o -path '*/bin/Grpc.*' | head -1)
[ -z "$compiled" ] || fail "a stand-in was compiled: $compiled"

step 'running the contract tests on that build'
quietly dotnet test "$work/full/tests/ClawGrpc.Contracts.Tests" --no-build -p:UseGrpcContracts=false || fail 'the contract tests fail on a full feed'

step 'building once more with eng/grpc-contracts deleted'
rm -rf "$work/full/eng/grpc-contracts"
quietly dotnet build "$work/full/ClawGrpc.sln" || fail 'the solution does not build without eng/grpc-contracts'

echo 'both feeds: passed'
