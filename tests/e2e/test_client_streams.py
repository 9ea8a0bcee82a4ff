# SPDX-License-Identifier: Apache-2.0
"""Standard input, output and error of trailstopctl: that do not block, that nobody reads, that are full."""

import fcntl
import json
import os
import resource
import subprocess

import pytest

from harness import DEADLINE
from harness.fake import import_id, make_job
from harness.pipes import wait_until_full, wait_until_read
from harness.played import ctl, daemon, on_terminal

MANY = [make_job(number, "stopped", reason=300 * "x") for number in range(2000)]


@pytest.fixture
def pipe():
    """Reader and writer, both closed at the end."""
    ends = [open(fd, mode, buffering=0) for fd, mode in zip(os.pipe(), ("rb", "wb"))]
    yield ends
    for end in ends:
        end.close()


def send_many(daemon):
    session = daemon.accept()
    session.call("ListJobs")
    session.reply({"jobs": MANY})


def job_ids(lines):
    """Of a table of jobs."""
    assert lines[0].split()[0] == "JOB"
    return [line.split()[0] for line in lines[1:]]


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_output_that_does_not_block_is_whole(ctl, daemon, pipe, arguments):
    reader, writer = pipe
    os.set_blocking(writer.fileno(), False)
    process = ctl.start(*arguments, "jobs", stdout=writer)
    send_many(daemon)
    wait_until_full(reader)
    assert not os.get_blocking(writer.fileno())  # it is shared with us, and ours to change
    writer.close()
    output = reader.read().decode()
    assert process.communicate(timeout=DEADLINE)[1] == "" and process.returncode == 0
    if arguments:
        assert json.loads(output) == {"jobs": MANY}
    else:
        assert job_ids(output.splitlines()) == [job["id"] for job in MANY]


def test_messages_that_do_not_block_are_whole(ctl, daemon, pipe):
    reader, writer = pipe
    os.set_blocking(writer.fileno(), False)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    numbers = range(100)
    process = ctl.start("stop", "--no-wait", *map(import_id, numbers), stderr=writer)
    writer.close()
    session = daemon.accept()
    for number in numbers:
        assert session.call("Stop") == {"importId": import_id(number)}
    for number in numbers:
        session.reply({"limit": 1}, error="QueueFull")
    wait_until_full(reader)
    lines = reader.read().decode().splitlines()
    assert process.wait(timeout=DEADLINE) == 1
    assert [line.split(": ")[1] for line in lines] == [import_id(number) for number in numbers]


def test_ids_from_an_input_that_does_not_block(ctl, daemon, pipe):
    reader, writer = pipe
    os.set_blocking(reader.fileno(), False)
    process = ctl.start("stop", "--no-wait", "-", stdin=reader)
    for number in range(3):
        writer.write(f"{import_id(number)}\n".encode())
        wait_until_read(writer)
    writer.close()
    session = daemon.accept()
    for number in range(3):
        assert session.call("Stop") == {"importId": import_id(number)}
        session.reply({"job": make_job(number, "queued")})
    assert process.communicate(timeout=DEADLINE) == ("job_0\njob_1\njob_2\n", "") and process.returncode == 0


def test_a_terminal_that_does_not_block_shows_all(on_terminal, daemon):
    terminal = on_terminal("jobs", columns=1000, rows=10000, blocking=False, TERM="dumb")
    send_many(daemon)
    assert terminal.finish() == 0
    assert job_ids(terminal.screen()) == [job["id"] for job in MANY]


# A reader that is gone


def test_it_ends_quietly_when_nobody_reads(ctl, daemon):
    reader, writer = os.pipe()
    process = subprocess.Popen([ctl.binary, "watch"], env=ctl.environment, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    session = daemon.accept()
    session.call("Watch")
    os.close(reader)
    session.update(make_job(1, "polling"))
    _, errors = process.communicate(timeout=DEADLINE)
    assert (process.returncode, errors) == (1, "")


def test_it_says_that_output_is_lost(ctl, daemon):
    with open("/dev/full", "w") as full:
        process = ctl.start("stop", "--no-wait", import_id(0), stdout=full)
    session = daemon.accept()
    session.call("Stop")
    session.reply({"job": make_job(0, "queued")})
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1 and "No space left" in errors


@pytest.mark.parametrize("command", [["help"], ["statistics"]])
def test_it_says_that_a_file_may_not_grow(ctl, daemon, tmp_path, command):
    with open(tmp_path / "output", "w") as output:
        process = ctl.start(*command, stdout=output,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    if command == ["statistics"]:
        session = daemon.accept()
        session.call("GetStatistics")
        session.reply({"statistics": {"outages": 1}})
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1 and "File too large" in errors
