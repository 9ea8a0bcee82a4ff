# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of a test's own: issues certificates that are right, and others that are not."""

import subprocess

from harness.tls import Certificate

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
CONFIGURATION = """\
[ca]
default_ca = this
[this]
database = {directory}/index
serial = {directory}/serial
new_certs_dir = {directory}
certificate = {directory}/authority.pem
private_key = {directory}/authority.key
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    def __init__(self, directory):
        directory.mkdir()
        self.directory = directory
        self.bundle = directory / "authority.pem"
        (directory / "index").touch()
        (directory / "serial").write_text("01\n")
        (directory / "configuration").write_text(CONFIGURATION.format(directory=directory))
        openssl("req", "-x509", *NEW_KEY, "-keyout", directory / "authority.key", "-out", self.bundle, "-days", 2,
                "-subj", f"/CN={directory.name}", "-addext", "keyUsage=keyCertSign")

    def issue(self, name, *, host="IP:127.0.0.1", valid=("-days", 2)):
        """A certificate for this host. valid: what `openssl ca` takes, such as -startdate and -enddate."""
        made = Certificate(self.directory / f"{name}.pem", self.directory / f"{name}-key.pem")
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName = {host}\n")
        openssl("req", *NEW_KEY, "-keyout", made.key, "-out", request, "-subj", f"/CN={name}")
        openssl("ca", "-batch", "-notext", "-config", self.directory / "configuration", "-in", request,
                "-out", made.cert, "-extfile", extensions, *valid)
        return made
