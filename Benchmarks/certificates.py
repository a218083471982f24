"""Certificates of a TLS listener that change under load, and many of them."""

import copy
import hashlib
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import changes
from harness import median, note, number, percentile, table

ROTATIONS = 50  # per round
MANY = 1000


class Authority:
    """Certificates of one key, which is fast to make."""

    def __init__(self, directory):
        self.directory = directory
        self.key = directory / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-out", self.key], check=True, stderr=subprocess.DEVNULL)

    def container(self, name, host):
        certificate = self.directory / f"{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-key", self.key, "-out", certificate, "-days", "90",
                        "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"],
                       check=True, stderr=subprocess.DEVNULL)
        return {"id": name, "certificate": certificate.read_text(), "private_key": self.key.read_text()}


class Handshakes:
    """Clients that connect one after the other until they are stopped."""

    def __init__(self, port, count=2):
        self.port, self.is_stopped = port, False
        self.taken, self.failures = [], []
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        while not self.is_stopped:
            begin = time.perf_counter()
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=10) as plain:
                    with context.wrap_socket(plain, server_hostname="a.test") as client:
                        client.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
                        if not client.recv(16).startswith(b"HTTP/1."):
                            raise OSError("no response")
                self.taken.append(time.perf_counter() - begin)
            except OSError as error:
                self.failures.append(str(error))

    def stop(self):
        self.is_stopped = True
        for thread in self.threads:
            thread.join()


def message(default, others=()):
    return {"hpcs_action": "UPDATE", "loadbalancers": [
        {"protocol": "TERMINATED_HTTPS", "address": "127.0.0.1", "port": changes.free_port(),
         "default_tls_container_data": default, "sni_container_data": list(others), "nodes": []}
    ]}


def run_rotations(bench, authority):
    """Default certificates in turn under handshakes; the noop driver gets the same messages."""
    pair = [authority.container("default", host) | {"id": "default"} for host in ("a.test", "b.test")]
    rounds, failures, requests, reloads = [], 0, 0, 0
    for round in range(1, bench.rounds + 1):
        note(f"certificates: round {round} of {bench.rounds}")
        with changes.Agent(bench) as agent, changes.Agent(bench, "noop") as idle:
            wanted = message(pair[0])
            balancer = wanted["loadbalancers"][0]
            for worker in (agent, idle):
                worker.time(wanted)
            before = agent.reloads()
            clients = Handshakes(balancer["port"])
            try:
                taken = [], []
                for place in range(ROTATIONS):
                    balancer["default_tls_container_data"] = pair[(place + 1) % 2]
                    for worker, values in zip((agent, idle), taken):
                        values.append(worker.time(wanted))
            finally:
                clients.stop()
            reloads += agent.reloads() - before
        failures += len(clients.failures)
        requests += len(clients.taken)
        rounds.append([*(f(values) for values in taken for f in (median, lambda v: percentile(v, 99))),
                       median(clients.taken), percentile(clients.taken, 99)])
    columns = [median(values) * 1e3 for values in zip(*rounds)]
    return [
        "## Certificates that change under load", "",
        f"UPDATEs that replace the default certificate, {ROTATIONS} in each of {bench.rounds} round(s), while two clients connect one "
        "time after the other; medians of the rounds. A load balancer without nodes answers 503.", "",
        *table(["", "p50 ms", "p99 ms"], [
            ["UPDATE, HAProxy", *(number(value, 1) for value in columns[0:2])],
            ["UPDATE, noop driver", *(number(value, 1) for value in columns[2:4])],
            ["handshake and request of a client", *(number(value, 1) for value in columns[4:6])],
        ]), "",
        f"Failed handshakes or requests: {failures} of {failures + requests:,}. Reloads: {reloads}.",
    ]


def run_many(bench, authority):
    """One certificate of many, sent with all keys, and with references for the others."""
    note(f"certificates: {MANY:,} of them")
    others = [authority.container(f"c{place}", f"h{place}.test") for place in range(MANY)]
    spare = authority.container("spare", "spare.test") | {"id": others[-1]["id"]}
    default = authority.container("default", "a.test")
    rows = []
    with changes.Agent(bench) as agent:
        wanted = message(default, others)
        first = agent.time(wanted)
        memory = agent.process.memory_kb()[0]
        before = agent.reloads()
        for title, references in (("all keys", False), ("references for the others", True)):
            values = []
            for place in range(6):
                changed = copy.deepcopy(wanted)
                containers = changed["loadbalancers"][0]["sni_container_data"]
                containers[-1] = spare if place % 2 == 0 else others[-1]
                if references:
                    for index, container in enumerate(containers[:-1]):
                        containers[index] = {"id": container["id"], "sha256": digest(container["certificate"])}
                values.append(agent.time(changed))
            size = len(json.dumps(changed))
            rows.append([title, number(size / 1000), number(median(values) * 1e3, 1), number(max(values) * 1e3, 1)])
        reloads = agent.reloads() - before
    return [
        "", f"## {MANY:,} certificates", "",
        f"The first UPDATE takes {number(first * 1e3)} ms. UPDATEs that then change one certificate, 6 of each:", "",
        *table(["message", "kB", "p50 ms", "slowest ms"], rows), "",
        f"Reloads: {reloads}. Private memory of the agent after the first UPDATE: {number(memory / 1024, 1)} MB.",
    ]


def digest(certificate):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def run(bench):
    if not bench.steelyard:
        return ["## Certificates", "", "Not measured without Steelyard."]
    authority = Authority(Path(tempfile.mkdtemp(dir=bench.scratch)))
    return run_rotations(bench, authority) + run_many(bench, authority)
