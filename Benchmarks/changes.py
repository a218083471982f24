"""The duration of an UPDATE with the HAProxy driver, without and with a reload."""

import copy
import re
import socket
import tempfile
import time
from pathlib import Path

import gearman
import haproxy
from harness import median, note, number, percentile, ratio, table, times

KINDS = ("weight", "drain", "disable", "enable", "address")
CYCLES = 40  # runtime changes per round
SIZES = ((2, 15), (1000, 7))  # nodes per load balancer, reloads of each side per round
GOAL_MS, GOAL_RATIO = 10, 1.1


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def message(count):
    """Two load balancers of `count` nodes each, which do not listen and are not checked."""
    # Short, because larger jobs stall on loopback; see README.md.
    nodes = [{"id": str(n), "address": f"127.0.{1 + n // 250}.{1 + n % 250}", "port": 9} for n in range(count)]
    monitor = {"type": "CONNECT", "delay": 86400, "timeout": 5, "attempts": 1000}
    return {"hpcs_action": "UPDATE", "loadbalancers": [
        {"protocol": protocol, "address": "127.0.0.1", "port": free_port(), "monitor": monitor,
         "options": {"client_timeout": 30000}, "nodes": copy.deepcopy(nodes)}
        for protocol in ("HTTP", "TCP")
    ]}


class Agent(haproxy.Master):
    """A worker with the HAProxy driver; a DELETE ends HAProxy, which would outlive it."""

    def __init__(self, bench, driver="haproxy"):
        super().__init__(tempfile.mkdtemp(dir=bench.scratch))
        function = "bench-" + self.directory.name
        self.bench = bench
        self.process = bench.start(f"Steelyard, {driver} driver", [
            bench.steelyard, "worker", "--driver", driver, "--gearman", f"127.0.0.1:{bench.port}",
            "--function", function, "--state-dir", self.directory, "--log-level", "error",
        ])
        self.process.wait_ready()
        self.client = gearman.Client(bench.port, function)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.client.require({"hpcs_action": "DELETE"})
        finally:
            self.client.close()
            self.bench.stop(self.process)
            super().stop()

    def time(self, message):
        payload = gearman.encoded(message)
        begin = time.perf_counter()
        self.client.require(payload)
        return time.perf_counter() - begin


def change(message, kind, cycle):
    for balancer in message["loadbalancers"]:
        node = balancer["nodes"][0]
        if kind == "weight":
            node["weight"] = 2 + cycle % 2
        elif kind == "address":
            node["address"] = f"127.0.{200 + cycle % 2}.1"
        else:
            node["condition"] = {"drain": "DRAINING", "disable": "DISABLED", "enable": "ENABLED"}[kind]


def run_runtime(bench):
    results, reloads = {}, 0
    for round in range(1, bench.rounds + 1):
        note(f"changes without a reload: round {round} of {bench.rounds}")
        with Agent(bench) as agent, Agent(bench, "noop") as idle:
            wanted = message(2)
            both = {"HAProxy": agent, "noop": idle}
            for worker in both.values():
                worker.time(wanted)
            taken = {(name, kind): [] for name in both for kind in KINDS}
            for cycle in range(CYCLES):
                for kind in KINDS:
                    change(wanted, kind, cycle)
                    for name, worker in both.items():
                        taken[name, kind].append(worker.time(wanted))
            reloads += agent.reloads()
        for name in both:
            taken[name, "all"] = [value for kind in KINDS for value in taken[name, kind]]
        for key, values in taken.items():
            results.setdefault(key, []).append((percentile(values, 50), percentile(values, 99)))

    rows = []
    for kind in (*KINDS, "all"):
        mine, noop = results["HAProxy", kind], results["noop", kind]
        rows.append([
            kind, *(number(median(value[i] for value in mine) * 1e3, 2) for i in (0, 1)),
            *(number(median(value[i] for value in noop) * 1e3, 2) for i in (0, 1)),
        ])
    p99 = median(value[1] for value in results["HAProxy", "all"]) * 1e3
    return [
        "## Changes without a reload", "",
        f"From submission to reply, one client, 2 × 2 nodes, {CYCLES} of each kind in each of "
        f"{bench.rounds} round(s); medians of the rounds. The noop driver gets the same messages in turn.", "",
        *table(["change", "p50 ms", "p99 ms", "noop driver: p50 ms", "noop driver: p99 ms"], rows), "",
        f"Reloads: {reloads} (aim: 0). p99 of all: {number(p99, 2)} ms (aim: below {GOAL_MS}).",
    ]


def run_reloads(bench, count, repeats):
    results = [], [], []
    for round in range(1, bench.rounds + 1):
        note(f"changes with a reload, 2 × {count:,} nodes: round {round} of {bench.rounds}")
        with Agent(bench) as agent:
            wanted = message(count)
            agent.time(wanted)
            texts = reference_texts(agent, bench, wanted)
            reference = haproxy.Reference(*texts.pop("where"), texts[30000])
            try:
                taken = [], [], []
                for place in range(repeats):
                    timeout = 30000 + (place + 1) % 2
                    for balancer in wanted["loadbalancers"]:
                        balancer["options"]["client_timeout"] = timeout
                    sides = [lambda: taken[0].append(agent.time(wanted)),
                             lambda: taken[1].append(reference.replace(texts[timeout])),
                             lambda: taken[2].append(reference.replace(texts[timeout], carrying=True))]
                    for side in sides if place % 2 else sides[::-1]:
                        side()
                        time.sleep(0.05)  # the old worker ends
                if agent.reloads() != repeats:
                    raise SystemExit(f"{agent.reloads()} reloads instead of {repeats}")
            finally:
                reference.stop()
        for result, values in zip(results, taken):
            result.append(values)
    return results


def reference_texts(agent, bench, wanted):
    """The agent's file for a separate HAProxy, with either timeout."""
    directory = Path(tempfile.mkdtemp(dir=bench.scratch))
    text = (agent.directory / "haproxy.cfg").read_text().replace(str(agent.directory), str(directory))
    ports = [free_port() for _ in wanted["loadbalancers"]]
    for balancer, port in zip(wanted["loadbalancers"], ports):
        text = text.replace(f"bind 127.0.0.1:{balancer['port']}\n", f"bind 127.0.0.1:{port}\n")
    texts = {timeout: re.sub(r"timeout client \d+ms", f"timeout client {timeout}ms", text)
             for timeout in (30000, 30001)}
    return texts | {"where": (directory, ports[0])}


def run(bench):
    if not bench.steelyard:
        return ["## Changes of HAProxy", "", "Not measured without Steelyard."]
    report = run_runtime(bench)
    rows = []
    for count, repeats in SIZES:
        results = run_reloads(bench, count, repeats)
        medians = [[median(values) for values in rounds] for rounds in results]
        row = [f"2 × {count:,}"]
        for rounds, each in zip(results, medians):
            p99 = percentile([value for values in rounds for value in values], 99)
            row.append(f"{number(median(each) * 1e3, 1)} / {number(p99 * 1e3, 1)}")
        rows.append(row + [times(ratio(medians[0], other)) for other in medians[1:]])
    return report + [
        "", "## Changes with a reload", "",
        "From submission to reply of UPDATEs that change `client_timeout`, against a script with its own "
        "HAProxy and the same file: `haproxy -c`, `reload` on the master's socket, `show proc` "
        "every 3 ms until a new worker runs, and a connection. A careful script also carries over the checks' "
        "results with `show servers state`, and waits for the new worker's answer, like Steelyard. "
        f"One after the other in turn, {' and '.join(str(repeats) for _, repeats in SIZES)} of each in each of "
        f"{bench.rounds} round(s). Ratios are of the rounds' medians (aim: at most {GOAL_RATIO}).", "",
        *table(["nodes", "Steelyard: p50 / p99 ms", "script: p50 / p99 ms", "careful script: p50 / p99 ms",
                "÷ script", "÷ careful script"], rows),
    ]
