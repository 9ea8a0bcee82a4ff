# SPDX-License-Identifier: Apache-2.0
"""An independent judge: each endpoint is the one that botocore resolves from the rule set of its service."""

import json
import os
import subprocess

import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

from harness import DEADLINE

LOADER = Loader()
PARTITIONS = LOADER.load_data("partitions")
REGIONS = [region for partition in PARTITIONS["partitions"] for region in partition["regions"]
           if not region.endswith("-global")]
UNKNOWN_REGIONS = ["us-east-99", "eu-nowhere-1", "us-gov-north-1", "cn-south-1"]
WAYS = [(fips, dualstack) for fips in (False, True) for dualstack in (False, True)]


def by_botocore(service, region, fips, dualstack):
    """None: botocore knows of no such endpoint there."""
    rules = LOADER.load_service_model(service, "endpoint-rule-set-1")
    parameters = {"Region": region, "UseFIPS": fips, "UseDualStack": dualstack}
    if "UseGlobalEndpoint" in rules["parameters"]:
        parameters["UseGlobalEndpoint"] = False
    try:
        return EndpointProvider(rules, PARTITIONS).resolve_endpoint(**parameters).url
    except EndpointProviderError:
        return None


@pytest.fixture
def resolved(build, tmp_path):
    """What --check shows: a target and a notification for each region, in each way."""
    text = ""
    for region in REGIONS + UNKNOWN_REGIONS:
        for fips, dualstack in WAYS:
            keys = (f"region = {region}\nuse-fips-endpoint = {'yes' if fips else 'no'}\n"
                    f"use-dualstack-endpoint = {'yes' if dualstack else 'no'}\n")
            name = f"{region}_{fips:d}{dualstack:d}"
            text += f"[target {name}]\n{keys}[notify {name}]\nevent-bus = default\n{keys}"
    config = tmp_path / "t.conf"
    config.write_text(text)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    output = subprocess.run([build / "trailstopd", "--check", "--config", config], env=environment, check=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=DEADLINE).stdout
    document = json.loads(output)
    return {kind: {section["name"]: section for section in document[kind]} for kind in ("targets", "notify")}


@pytest.mark.parametrize("service, kind, member", [
    ("cloudtrail", "targets", "endpoint"), ("logs", "targets", "logsEndpoint"), ("sts", "targets", "stsEndpoint"),
    ("events", "notify", "endpoint"), ("sts", "notify", "stsEndpoint")])
def test_botocore_agrees_with_every_endpoint(resolved, service, kind, member):
    expected = {f"{region}_{fips:d}{dualstack:d}": by_botocore(service, region, fips, dualstack)
                for region in REGIONS + UNKNOWN_REGIONS for fips, dualstack in WAYS}
    known = {name: url for name, url in expected.items() if url}
    assert len(known) > 100
    assert {name: resolved[kind][name][member] for name in known} == known
