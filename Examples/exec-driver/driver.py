#!/usr/bin/env python3
# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""A driver program for Steelyard's exec driver, using only Python's standard library.

It reads JSON-RPC 2.0 requests from standard input, one object per line, and writes the responses to standard output. It
stores the device's state in a file and balances no load: each place where a real driver uses its own proxy is marked
"YOUR PROXY". Its standard error goes to the agent's log.
"""
import itertools
import json
import os
import socket
import sys
import threading
import time

NAME, VERSION = "example", "1.0"
CODES = {  # the protocol's error codes and their numbers
    "not_configured": 1001, "deleted": 1002, "not_running": 1003, "rejected": 1004, "address_in_use": 1005,
    "unsupported": 1006, "timed_out": 1007, "unavailable": 1008, "state_unreadable": 1009, "state_unwritable": 1010,
    "log_unavailable": 1011, "cancelled": 1012,
}
NOTHING = {"phase": "not_configured", "loadbalancers": [], "config_version": None, "since_us": None}


class Failure(Exception):
    """A failed request: a code of the protocol, a message, and the field at fault, if any."""

    def __init__(self, code, message, field=None):
        super().__init__(message)
        self.code, self.field = code, field


def now_us():
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def kind(balancer):
    """The kind under which a load balancer's bytes and log lines are counted."""
    return "http" if balancer["protocol"] in ("HTTP", "TERMINATED_HTTPS") else "tcp"


def keys(balancers):
    """The name of each load balancer: its kind, and its id if the device has others of its kind."""
    kinds = [kind(b) for b in balancers]
    needs_ids = len(balancers) > 1 and (
        len(balancers) > 2 or kinds[0] == kinds[1] or any(b["protocol"] == "GALERA" for b in balancers))
    return [{"protocol": k, **({"id": b["id"]} if needs_ids else {})} for k, b in zip(kinds, balancers)]


class Device:
    """The device's state, stored in a file. Changes run one at a time; reading does not wait for them."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "state.json")
        self.log_path = os.path.join(folder, "traffic.log")
        try:
            with open(self.path, encoding="utf-8") as file:
                self.state = json.load(file)
        except FileNotFoundError:
            self.state = dict(NOTHING)
        except (OSError, ValueError) as error:
            raise Failure("state_unreadable", f"cannot read {self.path}: {error}")
        # YOUR PROXY: find the running one, or start it, and make it serve self.state. The state file is decisive: after
        # a crash during a change, it contains either the new or the old state.

    def commit(self, **changes):
        """Replaces the state file atomically, which commits the change."""
        state = {**self.state, **changes}
        try:
            with open(self.path + ".new", "w", encoding="utf-8") as file:
                json.dump(state, file)
                file.flush()
                os.fsync(file.fileno())
            os.rename(self.path + ".new", self.path)
        except OSError as error:
            raise Failure("state_unwritable", f"cannot write {self.path}: {error}")
        self.state = state

    def require_configured(self):
        if self.state["phase"] == "deleted":
            raise Failure("deleted", "the load balancer was deleted; send an UPDATE")
        if self.state["phase"] == "not_configured":
            raise Failure("not_configured", "no load balancer is configured; send an UPDATE")

    def require_free_ports(self, wanted):
        """Binds each new port; the error names the field at fault."""
        held = {(b.get("address"), b["port"]) for b in self.state["loadbalancers"]}
        for index, balancer in enumerate(wanted):
            address, port = balancer.get("address"), balancer["port"]  # no address means all
            if (address, port) in held:
                continue
            family = socket.AF_INET if address and "." in address else socket.AF_INET6
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if not address:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                try:
                    probe.bind((address or "::", port))
                    probe.listen()
                except OSError as error:
                    raise Failure("address_in_use", f"is {port}; listening on it failed: {error.strerror}",
                                  {"load_balancer": index, "name": "port"})

    def plan(self, change, params):
        """The state after a change, without making it; raises the change's errors."""
        if change == "apply":
            self.require_free_ports(params["loadbalancers"])
            phase = "suspended" if self.state["phase"] == "suspended" else "serving"
            return {"phase": phase, "loadbalancers": params["loadbalancers"],
                    "config_version": params.get("config_version"), "since_us": self.state["since_us"] or now_us()}
        if change == "delete":
            return {**NOTHING, "phase": "deleted"}
        self.require_configured()
        return {**self.state, "phase": {"suspend": "suspended", "enable": "serving"}[change]}

    def change(self, change, params):
        planned = self.plan(change, params)
        # YOUR PROXY: render its configuration, check it, reload, and wait until it serves. If it does not, restore the
        # old configuration and raise Failure. Report progress if it takes long.
        self.commit(**planned)
        if change == "delete":
            try:
                os.unlink(self.log_path)
            except FileNotFoundError:
                pass
        return {}


class Program:
    """The methods of the protocol, by name."""

    def __init__(self):
        self.device = None
        self.changes = threading.Lock()
        self.output = threading.Lock()
        self.logs = {}
        self.log_numbers = itertools.count(1)

    def send(self, message):
        line = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")) + "\n"
        with self.output:
            sys.stdout.write(line)
            sys.stdout.flush()

    def progress(self, request_id):
        """Requests more time for a request."""
        self.send({"method": "progress", "params": {"id": request_id}})

    def initialize(self, params):
        if params["protocol_version"] != 1:
            raise Failure("unsupported", "this program supports version 1 of the exec protocol")
        self.device = Device(params["state_dir"])
        return {"protocol_version": 1, "name": NAME, "version": VERSION,
                "capabilities": ["usage", "log", "preview", "proxy_status"]}

    def preview(self, params):
        before, after = self.device.state, self.device.plan(params["change"], params)
        names = [n for n in ("phase", "loadbalancers", "config_version") if before[n] != after[n]]
        return {"difference": "\n".join(f"{n}: {json.dumps(before[n])} becomes {json.dumps(after[n])}" for n in names)}

    def status(self, _):
        state = self.device.state
        if state["phase"] != "serving":
            return {"status": state["phase"]}
        # YOUR PROXY: get the state of each node.
        states = {"ENABLED": "UP", "DISABLED": "DISABLED", "DRAINING": "DRAINING"}
        nodes = []
        for balancer in state["loadbalancers"]:
            owner = {"protocol": balancer["protocol"]}
            if "id" in balancer:
                owner["load_balancer_id"] = balancer["id"]
            for pool in [balancer, *balancer.get("pools", [])]:  # the default pool, and the others
                place = owner if pool is balancer else {**owner, "pool_id": pool["id"]}
                nodes += [{"id": n["id"], "status": states[n["condition"]], **place} for n in pool["nodes"]]
        return {"status": "serving", "nodes": nodes}

    def proxy_status(self, _):
        # YOUR PROXY: its name in lower-case letters, and its version.
        return {"name": "example", "version": VERSION} if self.device.state["phase"] == "serving" else None

    def configuration_version(self, _):
        return {"config_version": self.device.state["config_version"]}

    def usage(self, _):
        self.device.require_configured()
        state, start, end = self.device.state, self.device.state["since_us"], now_us()
        # YOUR PROXY: the bytes sent to clients since start_us.
        entries = [{**key, "bytes_out": 0} for key in keys(state["loadbalancers"])]
        return {"start_us": start, "end_us": max(start, end), "mark": end, "entries": entries}

    def commit(self, params):
        with self.changes:
            since = self.device.state["since_us"]
            if since is not None and params["end_us"] > since:
                self.device.commit(since_us=params["end_us"])
        return {}

    def open_log(self, _):
        if self.device.state["phase"] == "deleted":
            raise Failure("deleted", "there are no logs: the load balancer was deleted; send an UPDATE")
        number = next(self.log_numbers)
        # An open file remains readable after a DELETE.
        path = self.device.log_path if os.path.exists(self.device.log_path) else os.devnull
        file = open(path, "rb")
        self.logs[number] = file, os.fstat(file.fileno()).st_size
        return {"log": number, "byte_count": self.logs[number][1]}

    def read_log(self, params):
        (file, size), offset = self.logs[params["log"]], params["offset"]
        file.seek(offset)
        piece = file.read(min(1 << 19, size - offset))
        if offset + len(piece) < size and b"\n" in piece:
            piece = piece[:piece.rindex(b"\n") + 1]
        offset += len(piece)
        lines = piece.splitlines(keepends=True)
        # YOUR PROXY: its lines; here, the first word of each line is http or tcp, or with an id http-ID or tcp-ID.
        found = {"http": [], "tcp": []}
        for line in lines:
            name = line.split(b" ", 1)[0].decode(errors="replace")
            if name.startswith(("http-", "tcp-")) or name in found:
                found.setdefault(name, []).append(line)
        texts = {name: b"".join(own).decode(errors="replace") for name, own in found.items()}
        result = {"offset": offset, "end": offset >= size, "examined": len(lines),
                  "http": texts.pop("http"), "tcp": texts.pop("tcp")}
        if texts:
            result["load_balancers"] = [{"protocol": name.partition("-")[0], "id": name.partition("-")[2], "text": text}
                                        for name, text in texts.items()]
        return result

    def close_log(self, params):
        self.logs.pop(params["log"])[0].close()

    def handle(self, request):
        """Answers one request."""
        method, params = request["method"], request["params"]
        try:
            if method in ("apply", "suspend", "enable", "delete"):
                with self.changes:
                    result = self.device.change(method, params)
            elif method in ("initialize", "preview", "status", "proxy_status", "configuration_version", "usage",
                            "commit", "open_log", "read_log", "close_log"):
                result = getattr(self, method)(params)
            else:
                raise Failure("unsupported", f"unknown method {method}")
            answer = {"result": result}
        except Failure as failure:
            data = {"code": failure.code, **({"field": failure.field} if failure.field else {})}
            answer = {"error": {"code": CODES[failure.code], "message": str(failure), "data": data}}
        except Exception as error:  # a bug in this program: the request fails, the program continues
            print(f"{method}: {error!r}", file=sys.stderr, flush=True)
            answer = {"error": {"code": CODES["unavailable"], "message": f"{method} failed: {error!r}"}}
        if "id" in request:  # a notification has no id and gets no answer
            self.send({"id": request["id"], **answer})

    def run(self):
        """Handles requests until the end of standard input; changes on threads, so that status does not wait."""
        for line in sys.stdin:
            request = json.loads(line)
            if request["method"] in ("apply", "suspend", "enable", "delete", "preview"):
                threading.Thread(target=self.handle, args=(request,)).start()
            else:
                self.handle(request)


if __name__ == "__main__":
    Program().run()
