# SPDX-License-Identifier: Apache-2.0
"""A certificate for the simulator."""

import subprocess
from collections import namedtuple

Certificate = namedtuple("Certificate", "cert key")


def make_certificate(directory):
    """For 127.0.0.1, vouching for itself; paths of the two PEM files."""
    made = Certificate(directory / "cert.pem", directory / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", made.key, "-out", made.cert, "-days", "2", "-subj", "/CN=trailstop-sim",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return made
