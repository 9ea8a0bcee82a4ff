# SPDX-License-Identifier: Apache-2.0
"""One scripted life of the daemon in which something fails: start, a stop followed to its end, of which a queue is sent
the outcome, the end of the daemon.
Who asks for the stop, and what has to hold afterwards, whatever failed, is said in ask() and judge()."""

import json
import shutil
import signal
import subprocess
import time

from faults import FULL, Faults
from harness import DEADLINE
from harness.ctl import Ctl
from harness.daemon import Daemon, queue, target
from harness.sim import Sim

CLIENT_DEADLINE = 4 * DEADLINE
"""A client connects again for 30 s, and a job waits seconds after a failure; only a client that waits for ever takes
longer than this."""


class Life:
    """A daemon of its own on a simulator that many lives share; used once."""

    def __init__(self, build, sim, directory, runtime):
        directory.mkdir()
        runtime.mkdir()
        self.build, self.sim, self.directory, self.runtime = build, sim, directory, runtime
        self.daemon = Daemon(build, directory, runtime, dict(Sim.ENVIRONMENT))
        self.faults = Faults(build, directory, below=self.daemon.state)
        self.wrong = []  # sentences
        self.replies = []
        self.configure()

    def configure(self):
        self.sim.add_queue("ended")
        self.daemon.configure({"default": target(self.sim)}, notifies={
            "ops": {"queue-url": self.sim.queue("ended")["url"], "region": "us-east-1"}})

    def live(self, **fault):
        """fault: as for Faults.environment(). Returns what was wrong."""
        import_id = self.sim.add()
        self.daemon.spawn(env=self.faults.environment(
            sanitizers=f"log_path={self.directory}/sanitizer", **fault))
        ready = self.daemon.notifications.wait("READY=1")
        if not ready:
            self.ended_by_itself("before it served")
            self.daemon.start()
        self.ask(import_id)
        self.end_daemon()
        self.wrong += list(self.daemon.sanitizer_reports())
        self.judge(import_id)
        return self.wrong

    def ask(self, import_id):
        """trailstopctl stop, beside which the daemon is started again whenever it ended, as systemd does."""
        ctl = Ctl(self.build, self.daemon.socket, self.directory)
        client = ctl.start("--json", "stop", import_id)
        for _ in range(int(CLIENT_DEADLINE / 0.25)):
            try:
                output, _ = client.communicate(timeout=0.25)  # only to look after the daemon meanwhile
                break
            except subprocess.TimeoutExpired:
                self.keep_running()
        else:
            client.kill()
            output, _ = client.communicate()
            self.wrong.append("trailstopctl waits for ever")
        self.replies = [json.loads(line) for line in output.splitlines()]
        if client.returncode == 0 and self.status_of(import_id) != "STOPPED":
            self.wrong.append(f"trailstopctl exited with 0, and the import is {self.status_of(import_id)}")

    def keep_running(self):
        if not self.daemon.running:
            self.ended_by_itself("while it served")
            self.daemon.start()

    def ended_by_itself(self, when):
        status = self.daemon.wait()
        if status < 0:
            self.wrong.append(f"{when}, the daemon ended by {signal.Signals(-status).name}")
        elif status == 0:
            self.wrong.append(f"{when}, the daemon ended with exit status 0")

    def end_daemon(self):
        if not self.daemon.running:
            self.ended_by_itself("after it served")
            return
        self.daemon.signal(signal.SIGTERM)
        try:
            status = self.daemon.wait()
        except subprocess.TimeoutExpired:
            self.daemon.process.kill()
            self.daemon.wait()
            self.wrong.append("SIGTERM does not end the daemon")
            return
        if status < 0:
            self.wrong.append(f"at its end, the daemon ended by {signal.Signals(-status).name}")

    def status_of(self, import_id):
        return next(entry["ImportStatus"] for entry in self.sim.control("imports") if entry["ImportId"] == import_id)

    def judge(self, _import_id):
        """Nothing that was acknowledged is lost, and a daemon that nothing fails for brings it to its end and sends its
        outcome."""
        acknowledged = {reply["job"]["id"] for reply in self.replies if "job" in reply}
        if not acknowledged:
            return
        self.daemon.start()
        for job in acknowledged:
            try:
                *_, last = [reply["job"] for reply in self.daemon.connect().call_more("Watch", {"ids": [job]})]
            except Exception as error:  # whatever it is, it is what was wrong
                self.wrong.append(f"an acknowledged job cannot be followed: {error!r}")
            else:
                if last["state"] != "stopped":
                    self.wrong.append(f"an acknowledged job ended as {last['state']}: {last.get('lastError')}")
        try:
            self.sim.wait_until(lambda: acknowledged <= self.outcomes())
        except AssertionError:
            self.wrong.append(f"of {acknowledged}, the outcomes of {self.outcomes()} were sent")
        self.daemon.terminate()

    def outcomes(self):
        return {body["detail"]["job"]["id"] for body in self.sim.bodies("ended")}

    def explain(self):
        """For people: what the daemon said, and where the call was that failed."""
        trace = self.faults.trace
        return self.daemon.journal.text() + (trace.read_text() if trace.exists() else "")

    def close(self):
        if self.daemon.running:
            self.daemon.process.kill()
            self.daemon.wait()
        self.daemon.notifications.close()
        self.faults.close()


class QueueLife(Life):
    """The same, and a message of a queue asks for the stop; its outcome goes to another queue and to a bus."""

    def configure(self):
        self.requests, self.told = f"requests-{self.directory.name}", f"outcomes-{self.directory.name}"
        for name in (self.requests, self.told):
            self.sim.add_queue(name)
        self.daemon.configure(
            {"default": target(self.sim)},
            queues={"q": queue(self.sim, self.requests, visibility="30s", wait_time="1s",
                               outcome_url=self.sim.queue(self.told)["url"])},
            notifies={"n": {"event-bus": self.directory.name, "region": "us-east-1", "endpoint-url": self.sim.url}})

    def ask(self, import_id):
        """Until the message is done with, the daemon is started again whenever it ended."""
        self.sim.send({"importId": import_id}, self.requests)
        end = time.monotonic() + CLIENT_DEADLINE
        while not self.is_done():
            if time.monotonic() > end:
                self.wrong.append(f"the message is never done with: {self.sim.messages(self.requests)}")
                return
            time.sleep(0.1)
            self.keep_running()

    def is_done(self):
        return not self.sim.messages(self.requests) and self.is_told()

    def is_told(self):
        """On the bus; to the queue of outcomes it was before the message was deleted."""
        return any(event["EventBusName"] == self.directory.name for event in self.sim.events())

    def judge(self, import_id):
        """The import is stopped, and each destination was told."""
        if self.status_of(import_id) != "STOPPED":
            self.wrong.append(f"the message is done with, and the import is {self.status_of(import_id)}")
        states = [body["detail"]["job"]["state"] for body in self.sim.bodies(self.told)]
        if "stopped" not in states:
            self.wrong.append(f"the message is done with, and its outcomes are {states}")


class Lives:
    """Makes lives of a kind one after the other, and keeps the directories of those in which something was wrong."""

    def __init__(self, build, directory, runtime, kind=Life):
        self.build, self.directory, self.runtime, self.kind = build, directory, runtime, kind
        self.number = 0
        self.failures = []
        self.sim = Sim(build, directory)

    def live(self, **fault):
        self.number += 1
        life = self.kind(self.build, self.sim, self.directory / f"life{self.number}", self.runtime / str(self.number))
        try:
            wrong = life.live(**fault)
        finally:
            life.close()
        if wrong:
            self.failures.append(f"{fault}: " + "\n".join(wrong) + "\n" + life.explain())
        else:
            shutil.rmtree(life.directory)
        return life

    def calls(self, kind):
        """The calls of that kind in a life in which nothing fails: all in full, else the first from each place."""
        self.number += 1
        life = self.kind(self.build, self.sim, self.directory / f"life{self.number}", self.runtime / str(self.number))
        try:
            assert life.live(places=True) == [], life.wrong
            return range(1, life.faults.calls(kind) + 1) if FULL else life.faults.places(kind)
        finally:
            life.close()

    def check(self):
        self.sim.close()
        assert not self.failures, f"{len(self.failures)} lives went wrong\n" + "\n\n".join(self.failures)
