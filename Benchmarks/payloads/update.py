"""Prints an UPDATE of about 20 kB: one HTTP load balancer in the format of deployed control planes.

    update.py [NODES]
"""

import json
import sys

count = int(sys.argv[1]) if len(sys.argv) > 1 else 185
nodes = [
    {
        "id": 70000 + n,
        "port": 8080,
        "weight": 1 + n % 10,
        "address": f"10.{20 + n // 250}.7.{1 + n % 250}",
        "condition": "ENABLED",
        "backup": "FALSE",
    }
    for n in range(count)
]
print(json.dumps({
    "hpcs_action": "UPDATE",
    "loadBalancers": [{
        "name": "shop",
        "protocol": "HTTP",
        "algorithm": "ROUND_ROBIN",
        "port": 80,
        "nodes": nodes,
        "monitor": {"type": "HTTP", "delay": 30, "timeout": 30, "attempts": 2, "path": "/health"},
    }],
}))
