"""Certificates for tests, made by openssl."""

import subprocess
from pathlib import Path


def sign(folder: Path, name: str, by: str = "") -> str:
    """Makes NAME.pem and NAME.key for localhost, signed by another or as a CA of its own; returns the path of NAME.pem."""
    signer = ("-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-addext", "basicConstraints=CA:FALSE") if by else ()
    command = (
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", f"{name}.key", "-out", f"{name}.pem", *signer),
    )
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    return str(folder / f"{name}.pem")
