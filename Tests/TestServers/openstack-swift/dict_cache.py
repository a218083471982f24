# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""A replacement for memcached in the proxy's memory."""
import json
import sys
import time as clock
import types


class DictCache:
    def __init__(self):
        self.kept = {}

    def get(self, key, raise_on_error=False):
        value, end = self.kept.get(key, (None, 0))
        if end and end <= clock.time():
            del self.kept[key]
            return None
        return json.loads(value) if value is not None else None

    def set(self, key, value, serialize=True, time=0, min_compress_len=0, raise_on_error=False):
        self.kept[key] = (json.dumps(value), clock.time() + time if time else 0)

    def incr(self, key, delta=1, time=0):
        value = max(0, int(self.get(key) or 0) + int(delta))
        self.set(key, value, time=time)
        return value

    def decr(self, key, delta=1, time=0):
        return self.incr(key, -int(delta), time)

    def delete(self, key, server_key=None):
        self.kept.pop(key, None)

    def set_multi(self, mapping, server_key, serialize=True, time=0, min_compress_len=0):
        for key, value in mapping.items():
            self.set(key, value, time=time)

    def get_multi(self, keys, server_key):
        return [self.get(key) for key in keys]


def provide():
    """Create the module that the proxy's settings name, and return its cache."""
    cache = DictCache()

    def filter_factory(global_conf, **conf):
        def wrap(app):
            def with_cache(env, start_response):
                env['swift.cache'] = cache
                return app(env, start_response)
            return with_cache
        return wrap

    module = types.ModuleType('steelyard_dict_cache')
    module.filter_factory = filter_factory
    sys.modules[module.__name__] = module
    return cache
