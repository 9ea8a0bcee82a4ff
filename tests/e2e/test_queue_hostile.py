# SPDX-License-Identifier: Apache-2.0
"""Queues and hosts that make trouble: nothing is lost or hidden by it, and nobody else is held up."""

import pytest

from harness.daemon import queue, target


def request(import_id):
    return {"importId": import_id}


def holding_some(daemon, sim, count=5):
    """The host follows so many imports of the queue, and waits for further messages."""
    ids = [sim.add_endless() for _ in range(count)]
    sim.send_many(map(request, ids))
    for import_id in ids:
        daemon.journal.wait("stop-accepted", import_id=import_id)
    sim.wait_until(lambda: any("answeredUsec" not in call for call in sim.calls("ReceiveMessage")))


@pytest.mark.parametrize("way", ["SIGTERM", "reload"])
def test_what_a_host_gives_back_is_not_hidden_by_the_receive_that_it_gives_up(start_daemon, sim, way):
    sim.settings(polls_outlive_clients=True)
    sim.add_queue()
    daemon = start_daemon(queues={"q": queue(sim)})
    holding_some(daemon, sim)
    if way == "SIGTERM":
        daemon.terminate()
    else:
        daemon.configure({"default": target(sim)})
        daemon.reload()
    sim.wait_queue(in_flight=0, messages=5)
    assert len(daemon.journal.find("job-released")) == 5


def test_what_waits_for_an_outcome_that_is_dropped_is_not_hidden_either(start_daemon, sim):
    sim.settings(polls_outlive_clients=True)
    sim.add_queue()
    sim.add_queue("outcomes")
    sim.fault("error", operation="SendMessage", code="AccessDenied")
    daemon = start_daemon(queues={"q": queue(sim, outcome_url=sim.queue("outcomes")["url"])})
    import_id = sim.add()
    sim.send(request(import_id))
    daemon.journal.wait("import-stopped", import_id=import_id)
    sim.wait_until(lambda: any("answeredUsec" not in call for call in sim.calls("ReceiveMessage")))
    daemon.configure({"default": target(sim)})
    daemon.reload()
    sim.wait_queue(in_flight=0, messages=1, deleted=0)


def test_sigterm_does_not_wait_for_a_receive_where_nothing_is_held(start_daemon, sim):
    sim.add_queue()
    daemon = start_daemon(queues={"q": queue(sim)})
    sim.wait_calls(1, "ReceiveMessage")
    daemon.terminate()
    [call] = sim.calls("ReceiveMessage")
    assert call.get("status", 0) == 0  # its end was never waited for


def test_messages_that_are_too_large_together_do_not_hide_the_others_again_and_again(start_daemon, sim):
    sim.add_queue()
    large = [{"importId": sim.add(), "reason": "x" * 200 * 1024} for _ in range(10)]
    import_id = sim.add()
    sim.send_many([*large[:5], request(import_id), *large[5:]])
    daemon = start_daemon(queues={"q": queue(sim)})
    daemon.journal.wait("outage-began", queue="q")
    sim.end_visibility()
    daemon.journal.wait("import-stopped", import_id=import_id)
    daemon.journal.wait("request-rejected", 10, queue="q")
    assert len(daemon.journal.find("outage-began")) == 1


def test_a_message_that_there_is_no_room_for_after_all_is_given_back_at_once(start_daemon, sim):
    sim.add_queue()
    daemon = start_daemon(daemon={"max-jobs": 1}, queues={"q": queue(sim)})
    sim.wait_calls(1, "ReceiveMessage")
    other, import_id = sim.add_endless(), sim.add()
    daemon.stop(other)
    sim.send(request(import_id))
    sim.wait_queue(received=1, in_flight=0, messages=1)
    sim.finish(other)
    daemon.journal.wait("import-stopped", import_id=import_id)
    sim.wait_queue(messages=0, received=2)


@pytest.mark.parametrize("way", ["reload", "restart"])
def test_a_request_for_a_target_that_is_removed_is_left_to_other_hosts(start_daemon, sim, way):
    sim.add_queue()
    queues = {"q": queue(sim)}
    daemon = start_daemon({"default": target(sim), "gone": target(sim)}, queues=queues)
    import_id = sim.add_endless()
    sim.send({**request(import_id), "target": "gone"})
    daemon.journal.wait("stop-accepted", import_id=import_id)
    daemon.configure({"default": target(sim)}, queues=queues)
    if way == "reload":
        daemon.reload()
    else:
        daemon.kill()
        daemon.start()
    daemon.journal.wait("job-released", import_id=import_id)
    daemon.journal.wait("request-rejected", queue="q")  # it came back, and this host knows no such target
    assert sim.queue()["messages"] == 1 and sim.queue()["deleted"] == 0


def test_sigterm_does_not_wait_for_a_delete_that_fails_and_is_to_be_tried_again(start_daemon, sim):
    sim.add_queue()
    sim.fault("http", operation="DeleteMessage", status=503)
    daemon = start_daemon(calls={"timeout": "10min", "max-attempts": 1}, queues={"q": queue(sim)})
    import_id = sim.add()
    sim.send(request(import_id))
    sim.wait_calls(4, "DeleteMessage")
    daemon.terminate()
    sim.clear_faults()
    daemon.start()
    sim.wait_queue(messages=0, deleted=1)
