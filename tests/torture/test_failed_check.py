# SPDX-License-Identifier: Apache-2.0
"""Each allocation and each descriptor that trailstopd --check needs, or a start that has to fail, is not there once: it
prints all that it prints otherwise, or says that something is wrong."""

import pytest

from harness.sim import Sim
from runs import Runs, problem_of

WHOLE = """[daemon]
operators = root @root
[target default]
region = us-east-1
role-arn = arn:aws:iam::111122223333:role/r
[target other]
region = eu-west-1
[guard g]
older-than = 1h
source = s3://*
[queue q]
url = https://sqs.eu-west-1.amazonaws.com/123456789012/requests
outcome-url = https://sqs.eu-west-1.amazonaws.com/123456789012/outcomes
[notify n]
event-bus = b
region = us-east-1
"""
COMMANDS = {
    "check": ["--check"], "explain": ["--check", "--explain"], "start": ["--log", "text"],
    "start with a log as JSON": ["--log", "json"], "version": ["--version"]}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("text", [WHOLE, WHOLE + "[guard none]\n"], ids=["whole", "wrong"])
def test_what_a_check_needs_is_not_there(build, tmp_path, words, text):
    if "--log" in words and text == WHOLE:
        return  # it would serve
    config = tmp_path / "trailstopd.conf"
    config.write_text(text)
    runs = Runs(build, tmp_path, [build / "trailstopd", "--config", config, *words], HOME=str(tmp_path), **Sim.ENVIRONMENT)
    usual = runs.run(places=True)
    assert usual.returncode == (text != WHOLE and words != ["--version"])
    runs.check_each(runs.run, lambda result: problem_of(result, usual))
    runs.end()
