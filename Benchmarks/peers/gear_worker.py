"""The peer: a typical Python worker based on PyPI's `gear`.

It processes a message like Libra's worker: it parses the JSON, reads the fields of an
UPDATE, adds the response and writes the JSON. It drives no load balancer.

`gear` leaves Nagle's algorithm on and writes a reply in two pieces, so every job waits
for a delayed acknowledgement. `--nodelay` sets TCP_NODELAY, as its authors might have: then the
comparison is with Python, not with an oversight.

    gear_worker.py HOST PORT FUNCTION [--nodelay]
"""

import json
import socket
import sys

import gear


class NoDelayWorker(gear.Worker):
    def _onConnect(self, conn):
        conn.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super()._onConnect(conn)


def update(message):
    """Reads the same fields as Libra's worker; a missing field raises KeyError."""
    for lb in message.get("loadBalancers") or message["loadbalancers"]:
        if lb["protocol"] not in ("HTTP", "TCP", "GALERA"):
            raise ValueError("protocol")
        servers = []
        for node in lb["nodes"]:
            port = int(node["port"])
            if not 0 < port < 65536:
                raise ValueError("port")
            servers.append((node["address"], port, node.get("weight"), node.get("condition")))


def answer(payload):
    message = json.loads(payload)
    try:
        action = message["hpcs_action"]
        if action == "UPDATE":
            update(message)
        elif action == "DISCOVER":
            message["version"] = "1.0"
            message["release"] = "1.0.alpha"
        else:
            raise ValueError("hpcs_action")
        message["hpcs_response"] = "PASS"
    except (KeyError, TypeError, ValueError) as error:
        message["hpcs_response"] = "FAIL"
        message["hpcs_error"] = str(error)
    return json.dumps(message).encode()


def main():
    host, port, function, *options = sys.argv[1:]
    worker = (NoDelayWorker if "--nodelay" in options else gear.Worker)("bench")
    worker.addServer(host, int(port))
    worker.waitForServer()
    worker.registerFunction(function)
    print("ready", flush=True)
    while True:
        job = worker.getJob()
        job.sendWorkComplete(answer(job.arguments))


main()
