# SPDX-License-Identifier: BSD-2-Clause
"""Certificate authorities, and what they issue, made by openssl in a folder of their own."""

from dataclasses import dataclass
from pathlib import Path

from host import run

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
EXPIRED = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z")
VALID = ("-days", "2")

CONFIG = """
[ca]
default_ca = default
[default]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = policy
unique_subject = no
[policy]
commonName = supplied
[extensions]
basicConstraints = CA:FALSE
{extensions}
"""


@dataclass
class Certificate:
    pem: Path
    key: Path


class Authority:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.pem, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        (self.folder / "index").touch()
        run("openssl", "req", "-x509", *KEY, "-keyout", self.key, "-out", self.pem, "-days", "2",
            "-subj", f"/CN={self.folder.name}")

    def issue(self, name, alternatives="", purpose="", period=VALID):
        """alternatives: as "DNS:web.example.org,IP:10.0.0.2"; purpose: as "serverAuth"."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request, config = self.folder / f"{name}.csr", self.folder / f"{name}.cnf"
        config.write_text(CONFIG.format(folder=self.folder, extensions="\n".join(
            [f"subjectAltName = {alternatives}"] * bool(alternatives)
            + [f"extendedKeyUsage = {purpose}"] * bool(purpose))))
        run("openssl", "req", "-new", *KEY, "-keyout", made.key, "-out", request,
            "-subj", f"/CN={name}")
        made.key.chmod(0o600)
        run("openssl", "ca", "-batch", "-notext", "-config", config, "-extensions", "extensions",
            "-cert", self.pem, "-keyfile", self.key, "-in", request, "-out", made.pem, *period)
        return made
