#!/usr/bin/env python3
"""Writes what the two programs are made of, as CycloneDX 1.5 JSON: eng/sbom.py VERSION LOCK... > FILE.

From lock files, which name every package with its version and hash, and from the packages' own descriptions. The same input
gives the same bytes: the time is SOURCE_DATE_EPOCH, and the serial number is made from the content.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import sys
import uuid

# What builds the programs and is no part of them.
BUILDS_ONLY = {"Roslynator.Formatting.Analyzers", "Microsoft.CodeAnalysis.BannedApiAnalyzers", "Grpc.Tools"}
BUILDS_ONLY |= {"Microsoft.NET.ILLink.Tasks"}


def packages(locks: list[str]) -> dict[tuple[str, str], str]:
    found = {}
    for lock in locks:
        for group in json.loads(pathlib.Path(lock).read_text())["dependencies"].values():
            for name, entry in group.items():
                if entry["type"] != "Project" and name not in BUILDS_ONLY:
                    found[name, entry["resolved"]] = entry["contentHash"]
    return found


def license_of(name: str, version: str) -> list[dict]:
    """The licence that the package states; none if it only links to one."""
    folder = pathlib.Path(os.environ.get("NUGET_PACKAGES", pathlib.Path.home() / ".nuget/packages"))
    nuspec = folder / name.lower() / version / f"{name.lower()}.nuspec"
    stated = re.search(r'<license type="expression">([^<]+)<', nuspec.read_text("utf-8-sig")) if nuspec.exists() else None
    return [{"expression": stated.group(1)}] if stated else []


def component(name: str, version: str, content_hash: str) -> dict:
    purl = f"pkg:nuget/{name}@{version}"
    made = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if licenses := license_of(name, version):
        made["licenses"] = licenses
    # Of the package without its signature, as NuGet counts it, so not the hash of the file that a feed serves.
    made["properties"] = [{"name": "nuget:contentHash", "value": content_hash}]
    return made


def main() -> None:
    version, *locks = sys.argv[1:]
    moment = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    components = [component(name, of, given) for (name, of), given in sorted(packages(locks).items())]
    content = json.dumps([version, components])
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.UUID(hashlib.sha256(content.encode()).hexdigest()[:32])}",
        "version": 1,
        "metadata": {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": "clawgrpc",
                "name": "clawgrpc",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [{"ref": "clawgrpc", "dependsOn": [each["bom-ref"] for each in components]}],
    }
    print(json.dumps(bom, indent=2))


if __name__ == "__main__":
    main()
