#!/usr/bin/env python3
# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""Sends each message once to a device, with the good and the bad replies that a control plane has to deal with.

    tour.py HOST:PORT FUNCTION

It changes the device and ends with a DELETE, so use an agent with the driver noop. It exits with 0 if each reply is as
expected.
"""
import sys

from steelyard_client import Device, Failed, Meter


def update(version, port=80):
    return {
        "hpcs_action": "UPDATE",
        "config_version": version,
        "loadbalancers": [{
            "id": "15",
            "protocol": "HTTP",
            "port": 8080,
            "monitor": {"type": "HTTP", "delay": 5, "timeout": 2, "attempts": 2, "path": "/"},
            "nodes": [{"id": "web-1", "address": "192.0.2.10", "port": port},
                      {"id": "web-2", "address": "192.0.2.11", "port": 80, "backup": True}],
        }],
    }


def refused(device, message, code, field=None):
    try:
        device.send(message)
    except Failed as failure:
        assert (failure.code, failure.field) == (code, field), f"{failure.code} {failure.field}: {failure}"
        print(f"{message['hpcs_action']}: FAIL, as expected: {failure}")
    else:
        raise AssertionError(f"{message} was accepted")


def main(server, function):
    host, port = server.rsplit(":", 1)
    device = Device(function, [(host, int(port))])
    print("DISCOVER:", device.send({"hpcs_action": "DISCOVER"})["version"])

    device.send(update(2))
    refused(device, update(1), "stale_version", "config_version")
    refused(device, update(3, port=0), "invalid_field", "loadbalancers[0].nodes[0].port")

    stats = device.send({"hpcs_action": "STATS"})
    assert stats["config_version"] == 2
    for node in stats["nodes"]:
        print("STATS:", node["load_balancer_id"], node["id"], node["status"], node.get("reason", ""))

    meter = Meter()
    for _ in range(2):
        meter.add(device.send({"hpcs_action": "METRICS"}))
    print("METRICS:", meter.bytes_out)

    device.send({"hpcs_action": "SUSPEND"})
    assert device.send({"hpcs_action": "STATS"})["status"] == "SUSPENDED"
    device.send({"hpcs_action": "ENABLE"})

    diagnostics = device.send({"hpcs_action": "DIAGNOSTICS"})
    print("DIAGNOSTICS:", diagnostics["network"], diagnostics["gearman"])

    archive = {
        "hpcs_action": "ARCHIVE", "hpcs_object_store_type": "swift", "hpcs_object_store_basepath": "logs",
        # Nothing listens there, so the store cannot be reached.
        "hpcs_object_store_endpoint": "http://127.0.0.1:1/v1/account", "hpcs_object_store_token": "token",
        "loadbalancers": [{"id": "15", "protocol": "HTTP"}],
    }
    try:
        device.send(archive, progress=lambda done, of: print(f"ARCHIVE: {done} of {of}"))
    except Failed as failure:
        # `store_forbidden` if the agent may not send there.
        assert failure.code in ("store_unavailable", "store_forbidden"), failure.code
        print("ARCHIVE: FAIL, as expected:", failure)
    else:
        raise AssertionError("an ARCHIVE to a closed port has passed")

    device.send({"hpcs_action": "DELETE"})
    refused(device, {"hpcs_action": "STATS"}, "deleted")
    device.close()
    print("all replies are as expected")


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
