# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""The example driver with one fault, which the arguments name: faulty.py EXAMPLE_FOLDER FAULT [FILE].

A fault of a change shows in each apply whose config_version is 666.
"""
import os
import signal
import sys
import threading
import time

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import driver  # noqa: E402

FAULT = sys.argv[2]
BAD_VERSION = 666


def raw(text):
    sys.stdout.write(text)
    sys.stdout.flush()


class Faulty(driver.Program):
    def initialize(self, params):
        if FAULT == "wrong-version":
            return {**super().initialize(params), "protocol_version": 2}
        if FAULT == "prints-environment":
            print("environment " + " ".join(sorted(os.environ)), file=sys.stderr, flush=True)
        if FAULT == "silent-start":
            time.sleep(60)
        if FAULT == "flood":
            def flood():
                while True:
                    os.write(2, b"flood \x1b[31m \xff\n" * 1000)
            threading.Thread(target=flood, daemon=True).start()
        if FAULT == "few-capabilities":
            return {**super().initialize(params), "capabilities": ["dance"]}
        return super().initialize(params)

    def status(self, params):
        if FAULT == "malformed-status":
            return {"status": "serving", "nodes": [{"id": 7}]}
        return super().status(params)

    def handle(self, request):
        if request["method"] == "apply" and request["params"].get("config_version") == BAD_VERSION:
            return getattr(self, FAULT.replace("-", "_"), super().handle)(request)
        return super().handle(request)

    def crash(self, request):
        print("what a pity", file=sys.stderr, flush=True)
        os._exit(3)

    def crash_after_commit(self, request):
        self.device.change("apply", request["params"])
        os._exit(3)

    def garbage(self, request):
        raw("hello\x1b[31m world\n")

    def no_message(self, request):
        raw('{"id":%d,"result":{}}\n' % request["id"])

    def endless_line(self, request):
        while True:
            raw("x" * 65536)

    def silence(self, request):
        pass

    def progress_forever(self, request):
        while True:
            self.progress(request["id"])
            time.sleep(0.05)

    def slow_with_progress(self, request):
        for _ in range(10):
            self.progress(request["id"])
            time.sleep(0.1)
        super().handle(request)

    def notification_flood(self, request):
        while True:
            raw('{"jsonrpc":"2.0","method":"dance"}\n' * 100)

    def answers_twice(self, request):
        super().handle(request)
        self.send({"id": request["id"], "result": {}})

    def unknown_id(self, request):
        self.send({"id": 123456, "result": {}})

    def asks(self, request):
        self.send({"id": 1, "method": "apply", "params": {}})

    def closes_output(self, request):
        os.close(1)
        time.sleep(60)

    def refuses(self, request):
        data = {"code": "rejected", "field": {"load_balancer": 0, "node": 1, "name": "port"}}
        if request["params"]["loadbalancers"][0]["port"] == 1:
            data = {"code": "dance", "field": {"load_balancer": 7, "name": "port"}}
        message = "is\n\x1b[31m wrong" + "!" * 10000
        self.send({"id": request["id"], "error": {"code": 1, "message": message, "data": data}})


class OneAtATime(Faulty):
    def run(self):
        for line in sys.stdin:
            request = driver.json.loads(line)
            if request["method"] == "apply" and request["params"].get("config_version") == BAD_VERSION:
                time.sleep(2)
            driver.Program.handle(self, request)


class Deaf(Faulty):
    """Reads nothing after the first apply."""

    def run(self):
        for line in sys.stdin:
            request = driver.json.loads(line)
            driver.Program.handle(self, request)
            if request["method"] == "apply":
                time.sleep(60)


class Recording(Faulty):
    """No fault: writes each line that it reads and sends to a file."""

    def record(self, direction, line):
        with open(sys.argv[3], "a", encoding="utf-8") as file:
            file.write(direction + " " + line)

    def send(self, message):
        self.record("←", driver.json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")) + "\n")
        super().send(message)

    def run(self):
        for line in sys.stdin:
            self.record("→", line)
            driver.Program.handle(self, driver.json.loads(line))


if FAULT == "fails-to-start":
    print("there is no\x07 licence", file=sys.stderr)
    sys.exit(9)
if FAULT == "stays":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
{"one-at-a-time": OneAtATime, "deaf": Deaf, "records": Recording}.get(FAULT, Faulty)().run()
while FAULT == "stays":
    time.sleep(60)
