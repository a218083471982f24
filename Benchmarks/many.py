"""A hundred load balancers of fifty nodes on one device: changes of one of them, STATS, and METRICS of each."""

import json
import socket
import tempfile
import time
from pathlib import Path

import changes
import haproxy
from certificates import Authority
from harness import median, note, number, percentile, ratio, table, times

BALANCERS, NODES = 100, 50
REPEATS = 10  # of each change, per round
METRICS, STATS = {"hpcs_action": "METRICS"}, {"hpcs_action": "STATS"}


def message(certificate):
    """HTTP, TCP and TERMINATED_HTTPS in turn, with a policy to a pool; the nodes do not listen and are not checked."""
    monitor = {"type": "CONNECT", "delay": 86400, "timeout": 5, "attempts": 1000}
    balancers = []
    for place in range(BALANCERS):
        balancer = {
            "id": f"lb-{place}", "address": f"127.0.0.{place + 1}", "port": 0, "monitor": monitor,
            "protocol": ("HTTP", "TCP", "TERMINATED_HTTPS")[place % 3],
            "nodes": [{"id": str(n), "address": f"127.1.{place}.{n + 1}", "port": 9} for n in range(NODES)],
        }
        with socket.create_server((balancer["address"], 0)) as free:
            balancer["port"] = free.getsockname()[1]
        if balancer["protocol"] == "TERMINATED_HTTPS":
            balancer["default_tls_container_data"] = certificate
        if balancer["protocol"] == "HTTP":
            balancer["pools"] = [{"id": "other", "algorithm": "ROUND_ROBIN", "nodes": []}]
            balancer["l7policies"] = [{"action": "REDIRECT_TO_POOL", "redirect_pool_id": "other", "rules": [
                {"type": "PATH", "compare_type": "STARTS_WITH", "value": "/other"}]}]
        balancers.append(balancer)
    return {"hpcs_action": "UPDATE", "loadbalancers": balancers}


def weight(wanted, place):
    wanted["loadbalancers"][48]["nodes"][7]["weight"] = 2 + place % 2


def pool(wanted, place):
    wanted["loadbalancers"][48]["pools"][0]["algorithm"] = ("LEAST_CONNECTIONS", "ROUND_ROBIN")[place % 2]


def receive(balancer, count):
    """Sends requests that HAProxy answers itself, without a node; returns the bytes of the answers."""
    received = 0
    for _ in range(count):
        with socket.create_connection((balancer["address"], balancer["port"]), timeout=10) as client:
            client.sendall(b"GET /other HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
            while data := client.recv(65536):
                received += len(data)
    return received


def exact(agent, wanted):
    """Compares METRICS with the bytes that clients have received; returns how many load balancers it is wrong for."""
    agent.client.require(METRICS)
    expected = {}
    for place, balancer in enumerate(wanted["loadbalancers"]):
        if balancer["protocol"] == "HTTP":
            expected[balancer["id"]] = receive(balancer, place % 5 + 1)
    reply = json.loads(agent.client.require(METRICS))
    found = {entry["id"]: entry["bytes_out"] for entry in reply["loadBalancers"] if "id" in entry}
    return sum(found.get(name) != count for name, count in expected.items()), len(expected)


def run(bench):
    if not bench.steelyard:
        return ["## Many load balancers", "", "Not measured without Steelyard."]
    authority = Authority(Path(tempfile.mkdtemp(dir=bench.scratch)))
    pair = [authority.container("c", host) for host in ("a.test", "b.test")]

    def certificate(wanted, place):
        wanted["loadbalancers"][50]["default_tls_container_data"] = pair[(place + 1) % 2]

    kinds = {"weight of a node": weight, "certificate": certificate, "algorithm of a pool": pool}
    rounds, reloads, wrong, compared, firsts, memory = [], dict.fromkeys(kinds, 0), 0, 0, [], []
    for round in range(1, bench.rounds + 1):
        note(f"many load balancers: round {round} of {bench.rounds}")
        with changes.Agent(bench) as agent, changes.Agent(bench, "noop") as idle:
            wanted = message(pair[0])
            firsts.append(agent.time(wanted))
            idle.time(wanted)
            values = {}
            for kind, change in kinds.items():
                before = agent.reloads()
                for place in range(REPEATS):
                    change(wanted, place)
                    for worker, name in ((agent, "HAProxy"), (idle, "noop")):
                        values.setdefault((kind, name), []).append(worker.time(wanted))
                reloads[kind] += agent.reloads() - before
            for question in (STATS, METRICS):
                for _ in range(REPEATS):
                    for worker, name in ((agent, "HAProxy"), (idle, "noop")):
                        values.setdefault((question["hpcs_action"], name), []).append(worker.time(question))
            memory.append(agent.process.memory_kb()[0])
            errors, count = exact(agent, wanted)
            wrong, compared = wrong + errors, compared + count
            values["script"] = reload_alone(agent, bench, wanted)
            rounds.append(values)

    def column(key):
        return [number(median(f(values[key]) for values in rounds) * 1e3, 1) for f in (median, slowest)]

    def slowest(values):
        return percentile(values, 99)

    rows = [[name, *column((name, "HAProxy")), *column((name, "noop")),
             number(reloads[name]) if name in reloads else "–"] for name in (*kinds, "STATS", "METRICS")]
    script = [median(values["script"]) for values in rounds]
    mine = [median(values["algorithm of a pool", "HAProxy"]) for values in rounds]
    return [
        f"## {BALANCERS} load balancers of {NODES} nodes", "",
        f"The first UPDATE takes {number(median(firsts) * 1e3)} ms. Then UPDATEs that change one thing, {REPEATS} of each in "
        f"each of {bench.rounds} round(s), and as many STATS and METRICS; medians of the rounds, in ms. The noop driver gets the same "
        "messages in turn.", "",
        *table(["message", "p50", "p99", "noop driver: p50", "noop driver: p99", "reloads"], rows), "",
        f"A script with its own HAProxy and the same file (`haproxy -c`, `reload`, `show servers state`) takes "
        f"{number(median(script) * 1e3, 1)} ms for its reload; Steelyard {times(ratio(mine, script))} as long.", "",
        f"METRICS differ from the bytes that clients received for {wrong} of {compared} load balancers. "
        f"Private memory of the agent: {number(median(memory) / 1024, 1)} MB.",
    ]


def reload_alone(agent, bench, wanted):
    """Reloads of a script, with the agent's file."""
    directory = Path(tempfile.mkdtemp(dir=bench.scratch))
    text = (agent.directory / "haproxy.cfg").read_text()
    for balancer in wanted["loadbalancers"]:
        bind = f"bind {balancer['address']}:{balancer['port']}"
        # The agent's HAProxy has these ports.
        text = text.replace(bind, bind.replace("127.0.0.", "127.0.1."))
    text = text.replace(f"{agent.directory}/admin.sock", f"{directory}/admin.sock")
    text = text.replace(f"{agent.directory}/servers.state", f"{directory}/servers.state")
    text = text.replace(f"{agent.directory}/peers.sock", f"{directory}/peers.sock")
    first = wanted["loadbalancers"][0]
    reference = haproxy.Reference(directory, first["port"], text)
    reference.address = first["address"].replace("127.0.0.", "127.0.1.")
    try:
        values = []
        for place in range(REPEATS):
            other = text if place % 2 else text.replace("timeout client 30000ms", "timeout client 30001ms")
            values.append(reference.replace(other, carrying=True))
            time.sleep(0.05)  # the old worker ends
        return values
    finally:
        reference.stop()
