#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What rings are to be: the rules at the head of balancer/maglev.c as a program, for comparison.

With exact fractions, sets and sorting where the C code has bitmaps and rounds of integers; slow,
and written to be believed. Called with the driver's path it compares random rings and exits 1 at
the first that differ; with --seed and --rings it does so again.
"""
import argparse
import random
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from math import floor

WORD = 1 << 64
END_SLOTS = 64
PACE_PLACES = 1 << 20


def mix(key, seed):
    """carom_mix() of bpf/abi.h."""
    value = key ^ seed
    value = ((value ^ value >> 32) * 0x9E3779B97F4A7C15) % WORD
    value = ((value ^ value >> 32) * 0xBB67AE8584CAA73B) % WORD
    return value ^ value >> 32


@dataclass
class Backend:
    identity: int
    weight: int
    ordinal: int


class Walker:
    """A backend on its way over the ring."""

    def __init__(self, backend, share, slot_count):
        value = mix(backend.identity, 0)
        self.backend = backend
        self.lacks = share
        self.at = value % slot_count  # the slot of its next step
        self.skip = value >> 32 | 1
        self.slot_count = slot_count

    def step(self):
        slot = self.at
        self.at = (self.at + self.skip) % self.slot_count
        return slot

    def steps_until_on(self, slot):
        return (slot - self.at) * pow(self.skip, -1, self.slot_count) % self.slot_count + 1


def ideal_shares(backends, slot_count):
    """Identity to ideal share; of those that get the minimum, exactly one."""
    minimal = set()
    while True:
        others = [backend for backend in backends if backend.identity not in minimal]
        weight = sum(backend.weight for backend in others)
        left = slot_count - len(minimal)
        ideals = {other.identity: Fraction(other.weight * left, weight) for other in others}
        below = {identity for identity, ideal in ideals.items() if ideal < 1}
        if not below:
            return ideals | {identity: Fraction(1) for identity in minimal}
        minimal |= below


def shares(backends, slot_count):
    ideals = ideal_shares(backends, slot_count)
    result = {identity: floor(ideal) for identity, ideal in ideals.items()}
    over = slot_count - sum(result.values())
    by_fraction = sorted(ideals, key=lambda identity: (floor(ideals[identity]) - ideals[identity],
                                                       identity))
    for identity in by_fraction[:over]:
        result[identity] += 1
    return result


def paces(walkers):
    average = sum(walker.backend.weight for walker in walkers) // len(walkers)
    return [walker.backend.weight * PACE_PLACES // average for walker in walkers]


def run_round(ring, lined_up, number):
    for walker, pace in lined_up:
        steps = (number + 1) * pace // PACE_PLACES - number * pace // PACE_PLACES
        for _ in range(steps if walker.lacks else 0):
            slot = walker.step()
            if walker.lacks and slot not in ring:
                ring[slot] = walker.backend.ordinal
                walker.lacks -= 1


def race(ring, walkers, slot_count):
    while slot_count - len(ring) > END_SLOTS:
        walkers = [walker for walker in walkers if walker.lacks]
        lined_up = list(zip(walkers, paces(walkers)))
        least = sum(pace for _, pace in lined_up) // 2
        number = 0
        while slot_count - len(ring) > END_SLOTS:
            run_round(ring, lined_up, number)
            number += 1
            if sum(pace for walker, pace in lined_up if walker.lacks) < least:
                break


def fill(backends, bits):
    """The ring as a list of ordinals."""
    slot_count = 1 << bits
    wanting = sorted((backend for backend in backends if backend.weight),
                     key=lambda backend: backend.identity)
    share = shares(wanting, slot_count)
    walkers = [Walker(backend, share[backend.identity], slot_count) for backend in wanting]
    ring = {}
    race(ring, walkers, slot_count)
    for slot in range(slot_count):
        if slot not in ring:
            soonest = min((walker for walker in walkers if walker.lacks),
                          key=lambda walker: Fraction(walker.steps_until_on(slot),
                                                      walker.backend.weight))
            ring[slot] = soonest.backend.ordinal
            soonest.lacks -= 1
    return [ring[slot] for slot in range(slot_count)]


def random_weights(rng, count):
    kind = rng.choice(("equal", "close", "wide", "extreme", "some zero"))
    if kind == "equal":
        return [rng.randint(1, 65535)] * count
    if kind == "close":
        return [rng.randint(90, 110) for _ in range(count)]
    if kind == "wide":
        return [rng.randint(1, 65535) for _ in range(count)]
    if kind == "extreme":
        return [rng.choice((1, 65535)) for _ in range(count)]
    return [1] + [rng.choice((0, 1, 10)) for _ in range(count - 1)]


def random_backends(rng, bits):
    count = min(int(2 ** rng.uniform(0, 12)), 1 << bits)
    ordinals = rng.sample(range(4096), count)
    return [Backend(rng.getrandbits(64), weight, ordinal)
            for weight, ordinal in zip(random_weights(rng, count), ordinals)]


def ring_of_driver(driver, backends, bits):
    lines = [f"{bits} {len(backends)}"]
    lines += [f"{item.identity} {item.weight} {item.ordinal}" for item in backends]
    done = subprocess.run([driver], input="\n".join(lines), capture_output=True, text=True,
                          check=True)
    return [int(word) for word in done.stdout.split()]


def first_difference(expected, found):
    if len(expected) != len(found):
        return f"{len(expected)} slots expected, {len(found)} found"
    for slot, (want, have) in enumerate(zip(expected, found)):
        if want != have:
            return f"slot {slot}: ordinal {want} expected, {have} found"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("driver")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rings", type=int, default=60)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for number in range(options.rings):
        # Each size from 256 to 131,072; the large ones, which take seconds, less often.
        bits = 8 + number % 10 if number % 3 == 0 else 8 + number % 5
        backends = random_backends(rng, bits)
        difference = first_difference(fill(backends, bits),
                                      ring_of_driver(options.driver, backends, bits))
        if difference:
            sys.exit(f"ring {number} of seed {options.seed}, {len(backends)} backends on "
                     f"2^{bits} slots: {difference}")
    print(f"{options.rings} rings agree")


if __name__ == "__main__":
    main()
