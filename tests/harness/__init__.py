# SPDX-License-Identifier: Apache-2.0
"""Runs the real programs for the tests: daemon, client and simulator, and the wires between them.

Nothing here sleeps for a fixed time: whatever a test waits for is an event (a reply, a journal entry, a
process that ends, a call that reached the simulator), and every wait ends at DEADLINE at the latest.
"""

DEADLINE = 30.0
"""Seconds after which a wait has failed. Generous: the programs run with sanitizers, several at a time."""
