# SPDX-License-Identifier: BSD-2-Clause
"""The cases of the script `api`: what the control path costs, at a small and at a large size.

The network is that of tests/lab/host.py; all backends are behind the peer, which is their gateway,
so each is a next hop of its own and they share one neighbour. To be run in a sandbox, with the
environment's CAROM_BUILD naming what to run. Each case is a list of samples: a latency is one
request's, a rate is that of one run of half a second.
"""

import argparse
import copy
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "lab"))

import host  # noqa: E402
from host import BUILD, CONFIG, SOCKET, Caromd  # noqa: E402

PROGRAMS = BUILD / "tests/bench"
BODIES = Path("/run/bodies")
START_TIMEOUT_S = 60
RUN_MS = 500
RUNS = 4
WRITERS = 16

SMALL_VIPS = 16
LARGE_VIPS = 4096
BACKENDS = 16
PACKET_VIP = "192.0.2.53"
SHARED_BACKEND = "10.0.0.1"

WRITE_RATE_TARGET = 2000
CHANGE_TARGET_MS = 5
LOAD_TARGET_MS = 2000
SCRAPE_TARGET_MS = 50
FILL_TARGET_MS = 1.5
PUBLISH_TARGET_MS = 1

LARGE_READS = ("/v1/status", "/v1/config", "/v1/vips", "/v1/stats", "/v1/drops", "/metrics")
MANY_READERS = 40
BESIDE_MS = 12000
BESIDE_DELAY_S = 0.5
BESIDE_ONE_TARGET_MS = 50
BESIDE_MANY_TARGET_MS = 200


class Report:
    """Rows of {case, value, unit, min, median, target}; the value is the median."""

    def __init__(self, as_json):
        self.as_json = as_json
        self.rows = []

    def add(self, case, unit, samples, target=None):
        row = {"case": case, "value": round(statistics.median(samples), 3), "unit": unit,
               "min": round(min(samples), 3), "median": round(statistics.median(samples), 3),
               "target": target}
        self.rows.append(row)
        if not self.as_json:
            if len(self.rows) == 1:
                print(f"{'case':<50}{'unit':>6}{'min':>12}{'median':>12}{'target':>10}")
            print(f"{case:<50}{unit:>6}{row['min']:>12}{row['median']:>12}"
                  f"{'' if target is None else target:>10}", flush=True)

    def end(self):
        if self.as_json:
            print(json.dumps(self.rows, indent=2))


def milliseconds(microseconds):
    return [each / 1000 for each in microseconds]


def run_program(name, *arguments):
    done = subprocess.run([PROGRAMS / name, *map(str, arguments)], stdout=subprocess.PIPE,
                          text=True, timeout=START_TIMEOUT_S, check=True)
    return json.loads(done.stdout)


def body_file(name, body):
    BODIES.mkdir(exist_ok=True)
    path = BODIES / name
    path.write_text(json.dumps(body))
    return path


def ask(method, target, *bodies, clients=1, count=0, duration_ms=0):
    """What bench_api_client says."""
    return run_program("bench_api_client", SOCKET, clients, count, duration_ms, method, target,
                       *bodies)


# ---- configs ----

def backend_address(number):
    return f"10.{128 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def make_vip(number):
    backends = {f"backend-{place:02}": {"address": backend_address(number * BACKENDS + place)}
                for place in range(1, BACKENDS)}
    return {
        "address": f"198.18.{number >> 8}.{number & 255}", "port": 443, "protocol": "tcp",
        "backends": backends | {"backend-00": {"address": SHARED_BACKEND}},
    }


def make_vips(count):
    return {f"vip-{number}": make_vip(number) for number in range(count)}


def packet_vip(first_weight):
    """Without tracking, so that packets follow their slot at once."""
    return {"address": PACKET_VIP, "port": 53, "protocol": "udp", "tracking": "never",
            "backends": {"first": {"address": SHARED_BACKEND, "weight": first_weight},
                         "second": {"address": "10.128.0.1"}}}


def make_config(vips, state_dir=None):
    config = copy.deepcopy(host.BASE)
    config["node"]["limits"] = {"vips": LARGE_VIPS + 1, "backends": LARGE_VIPS * BACKENDS + 2,
                                "slots": (LARGE_VIPS + 1) * 4096, "flows": 262144}
    if state_dir:
        config["node"]["state_dir"] = str(state_dir)
    config["vips"] = vips
    return config


# ---- a caromd ----

class Daemon:
    """One that is ready, while the context lasts; its data plane goes with it."""

    def __init__(self, balancer, vips, state_dir=None):
        self.balancer = balancer
        CONFIG.write_text(json.dumps(make_config(vips, state_dir)))

    def __enter__(self):
        began = time.monotonic()
        self.caromd = Caromd(self.balancer)
        host.wait_until(lambda: "info: ready: " in self.caromd.log.read_text()
                        or self.caromd.process.poll() is not None, "readiness",
                        self.caromd.log.read_text)
        self.start_ms = (time.monotonic() - began) * 1000
        self.caromd.wait_for("info: ready: ")
        return self

    def __exit__(self, *_):
        self.caromd.end(15)
        self.balancer.run(host.CAROMD, "--config", CONFIG, "--detach")

    def program(self):
        (number, _, _), = self.balancer.xdp("eth0")
        return number


# ---- the parts ----

def measure_rings(report, _balancer, _folders):
    times = run_program("bench_api_rings")
    for name, samples in times.items():
        target = {"fill": FILL_TARGET_MS, "publish": PUBLISH_TARGET_MS}.get(name.split(",")[0])
        report.add(f"ring of 65,536 slots x 1,000 backends: {name}", "ms", milliseconds(samples),
                   target)


def measure_writes(report, size, where, clients, rate_target=None):
    """Each client has a VIP of its own, and gives the backend that all VIPs share one weight after
    the other, each time another one than it has."""
    runs = []
    for number in range(RUNS):
        weights = (10 * clients + 2 * number, 10 * clients + 2 * number + 1)
        bodies = [body_file(f"weight-{weight}", {"address": SHARED_BACKEND, "weight": weight})
                  for weight in weights]
        runs.append(ask("PUT", "/v1/vips/vip-@/backends/backend-00", *bodies, clients=clients,
                        duration_ms=RUN_MS))
    what = f"{size}, {where}, {clients} client{'s' if clients > 1 else ''}"
    report.add(f"{what}: weight changes", "1/s",
               [run["replies"] / run["seconds"] for run in runs], rate_target)
    report.add(f"{what}: one weight change", "ms",
               milliseconds(each for run in runs for each in run["latencies_us"]),
               CHANGE_TARGET_MS if clients == 1 else None)


def measure_reads(report, size, clients):
    runs = [ask("GET", "/v1/vips/vip-@", clients=clients, duration_ms=RUN_MS)
            for _ in range(RUNS)]
    report.add(f"{size}, {clients} clients: reads of a VIP", "1/s",
               [run["replies"] / run["seconds"] for run in runs])


def measure_packet(report, size, daemon, count):
    bodies = [json.dumps({"address": SHARED_BACKEND, "weight": weight}) for weight in (0, 1)]
    times = run_program("bench_api_packet", SOCKET, daemon.program(), count, PACKET_VIP,
                        "/v1/vips/packet/backends/first", *bodies)
    report.add(f"{size}: from a PUT to the first packet that sees it", "ms",
               milliseconds(times["latencies_us"]), CHANGE_TARGET_MS)


def measure_small(report, balancer, folders):
    vips = make_vips(SMALL_VIPS) | {"packet": packet_vip(1)}
    for where, folder in folders.items():
        with Daemon(balancer, vips, folder and folder / "small") as daemon:
            for clients in (1, WRITERS):
                target = WRITE_RATE_TARGET if folder and clients == WRITERS else None
                measure_writes(report, "small", where, clients, target)
            if folder:
                continue
            measure_reads(report, "small", WRITERS)
            measure_packet(report, "small", daemon, 200)


def measure_large_load(report, balancer, vips):
    """From the file; then by one PUT, from nothing, three times."""
    starts = []
    for _ in range(3):
        with Daemon(balancer, vips) as daemon:
            starts.append(daemon.start_ms)
    report.add("large: load from the file, start to ready", "ms", starts, LOAD_TARGET_MS)
    with Daemon(balancer, {}):
        run = ask("PUT", "/v1/config", body_file("large", {"vips": vips}),
                  body_file("empty", {"vips": {}}), count=6)
    report.add("large: load by one PUT", "ms", milliseconds(run["latencies_us"][::2]),
               LOAD_TARGET_MS)


def measure_large(report, balancer, folders):
    vips = make_vips(LARGE_VIPS)
    measure_large_load(report, balancer, vips)
    vips["packet"] = packet_vip(1)
    for where, folder in folders.items():
        with Daemon(balancer, vips, folder and folder / "large") as daemon:
            measure_writes(report, "large", where, 1)
            measure_writes(report, "large", where, WRITERS)
            if folder:
                continue
            measure_reads(report, "large", WRITERS)
            measure_packet(report, "large", daemon, 100)
            scrapes = ask("GET", "/metrics", count=20)
            report.add("large: scrape of /metrics", "ms", milliseconds(scrapes["latencies_us"]),
                       SCRAPE_TARGET_MS)


def measure_beside(report, reader, target_ms, clients=1):
    """What a client that asks for /healthz all the time waits at worst."""
    with subprocess.Popen([PROGRAMS / "bench_api_client", SOCKET, "1", "0", str(BESIDE_MS), "GET",
                           "/healthz"], stdout=subprocess.PIPE, text=True) as poller:
        time.sleep(BESIDE_DELAY_S)
        run = ask("GET", reader, clients=clients, count=clients)
        times, _ = poller.communicate(timeout=START_TIMEOUT_S)
    report.add(f"large: {clients} x {reader}", "ms", milliseconds(run["latencies_us"]))
    report.add(f"large: worst /healthz beside {clients} x {reader}", "ms",
               milliseconds([max(json.loads(times)["latencies_us"])]), target_ms)


def measure_readers(report, balancer, _folders):
    vips = make_vips(LARGE_VIPS)
    with Daemon(balancer, vips):
        for reader in LARGE_READS:
            measure_beside(report, reader, BESIDE_ONE_TARGET_MS)
        for reader in LARGE_READS:
            measure_beside(report, reader, BESIDE_MANY_TARGET_MS, MANY_READERS)


def make_network():
    peer, balancer = host.make_network()
    host.run("ip", "-n", balancer.name, "route", "add", "10.128.0.0/12", "via", "10.0.0.1")
    return peer, balancer


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/api")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help="rings, small, large, readers")
    options = parser.parse_args()
    parts = {"rings": measure_rings, "small": measure_small, "large": measure_large,
             "readers": measure_readers}
    if unknown := set(options.parts) - set(parts):
        parser.error(f"no part {', '.join(unknown)}; there are: {', '.join(parts)}")
    report = Report(options.json)
    _, balancer = make_network()
    disk = Path(tempfile.mkdtemp(prefix="bench-api-", dir=BUILD))
    try:
        memory = Path(tempfile.mkdtemp(dir="/run"))
        for name in options.parts or parts:
            parts[name](report, balancer, {"nothing stored": None, "on tmpfs": memory,
                                           "on disk": disk})
    finally:
        shutil.rmtree(disk)
    report.end()


if __name__ == "__main__":
    main()
