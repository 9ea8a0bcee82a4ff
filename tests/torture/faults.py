# SPDX-License-Identifier: Apache-2.0
"""What faults.c, preloaded into a program, makes fail: planned before the program starts, or while it runs."""

import mmap
import os
import struct

KINDS = ("memory", "descriptor", "write", "sync")
NUMBER = struct.Struct("=Q")
FULL = os.environ.get("TORTURE") == "full"


class Faults:
    """One program's; directory is where its files are."""

    def __init__(self, build, directory, below=None):
        self.library, self.below = build / "tests/torture/faults.so", below
        self.shared, self.trace, self.places_file = (directory / name for name in ("counts", "trace", "places"))
        self.shared.write_bytes(bytes(3 * len(KINDS) * NUMBER.size))
        with self.shared.open("r+b") as file:
            self.numbers = mmap.mmap(file.fileno(), 0)

    def environment(self, places=False, sanitizers=None, **fault):
        """For the program. fault: kind, at, calls and error, as faults.c has them; none: it only counts."""
        asan = "verify_asan_link_order=0:detect_leaks=0"  # what the dynamic linker keeps from us looks like a leak
        return {
            "LD_PRELOAD": str(self.library), "FAULT_COUNTS": str(self.shared), "FAULT_TRACE": str(self.trace),
            **({"FAULT_PLACES": str(self.places_file)} if places else {}),
            **({"FAULT_BELOW": str(self.below)} if self.below else {}),
            "ASAN_OPTIONS": f"{asan}:{sanitizers}" if sanitizers else asan,
            **{f"FAULT_{name.upper()}": str(value) for name, value in fault.items()}}

    def calls(self, kind):
        """How many calls of that kind there were."""
        return NUMBER.unpack_from(self.numbers, KINDS.index(kind) * NUMBER.size)[0]

    def places(self, kind):
        """Which calls of that kind were the first from a place of the program, in a run with places=True."""
        lines = (line.split() for line in self.places_file.read_text().splitlines())
        return [int(number) for name, number in lines if name == kind]

    def plan(self, kind, at, calls=1):
        """Lets calls fail in the program that runs; at=0: none."""
        offset = (len(KINDS) + 2 * KINDS.index(kind)) * NUMBER.size
        NUMBER.pack_into(self.numbers, offset + NUMBER.size, calls)
        NUMBER.pack_into(self.numbers, offset, at)

    def close(self):
        self.numbers.close()


class FaultyDaemon:
    """The base of daemons in which calls fail; those set the attributes `daemon` and `faults`."""

    def close(self):
        self.daemon.journal.strays.clear()  # of libevent, which warns of missing memory by itself
        self.daemon.close()
        self.faults.close()


def sample(numbers, wanted):
    """All of these in full, else so many, spread evenly."""
    if FULL or len(numbers) <= wanted:
        return list(numbers)
    return [numbers[i * (len(numbers) - 1) // (wanted - 1)] for i in range(wanted)]
