# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""The settings files and rings of a store with one device and one replica."""
import os

KINDS = ('account', 'container', 'object')
USERS = {  # account: {user: (key, groups)}
    'test': {'tester': ('testing', '.admin')},
    'other': {'tester': ('testing', '.admin')},
}

SWIFT_CONF = '''\
[swift-hash]
swift_hash_path_suffix = steelyard-tests

[storage-policy:0]
name = Policy-0
default = yes

[swift-constraints]
max_file_size = {max_file_size}
'''

BACKEND_CONF = '''\
[DEFAULT]
swift_dir = {etc}
devices = {data}
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
fallocate_reserve = 0
disable_fallocate = true
db_preallocation = off
conn_timeout = 10
node_timeout = 60
container_update_timeout = 60

[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
'''

PROXY_CONF = '''\
[DEFAULT]
swift_dir = {etc}
bind_ip = 127.0.0.1
bind_port = {port}

[pipeline:main]
pipeline = catch_errors gatekeeper proxy-logging cache listing_formats tempauth container_quotas slo proxy-logging proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
conn_timeout = 10
node_timeout = 60
recoverable_node_timeout = 60
client_timeout = {client_timeout}
client_chunk_size = 1048576
object_chunk_size = 1048576
# One device: an error must not disable it for a minute.
error_suppression_limit = 1000000
error_suppression_interval = 0

[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
paste.filter_factory = steelyard_dict_cache:filter_factory
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:tempauth]
use = egg:swift#tempauth
storage_url_scheme = default
{users}
[filter:container_quotas]
use = egg:swift#container_quotas
[filter:slo]
use = egg:swift#slo
min_segment_size = 1
rate_limit_after_segment = 1000000
'''


def write(path, text, mode=0o644):
    with open(path, 'w') as f:
        os.chmod(path, mode)
        f.write(text)


def write_swift_conf(base, opts):
    etc = os.path.join(base, 'etc')
    os.makedirs(etc, exist_ok=True)
    path = os.path.join(etc, 'swift.conf')
    write(path, SWIFT_CONF.format(**opts))
    return path


def write_settings(base, opts, ports):
    etc, data = os.path.join(base, 'etc'), os.path.join(base, 'data')
    users = ''.join(
        'user_%s_%s = %s %s\n' % (account, user, key, groups)
        for account, who in USERS.items() for user, (key, groups) in who.items())
    write(os.path.join(etc, 'proxy-server.conf'), PROXY_CONF.format(
        etc=etc, port=ports['proxy'], users=users, client_timeout=opts['client_timeout']))
    for kind in KINDS:
        write(os.path.join(etc, kind + '-server.conf'), BACKEND_CONF.format(
            etc=etc, data=data, kind=kind, port=ports[kind]))


def write_rings(base, ports):
    from swift.common.ring import RingBuilder
    for kind in KINDS:
        builder = RingBuilder(2, 1, 0)  # 4 partitions, 1 replica
        builder.add_dev({
            'id': 0, 'region': 1, 'zone': 1, 'weight': 1.0, 'device': 'd1',
            'ip': '127.0.0.1', 'port': ports[kind], 'meta': '',
            'replication_ip': '127.0.0.1', 'replication_port': ports[kind]})
        builder.rebalance(seed=1)
        builder.get_ring().save(os.path.join(base, 'etc', kind + '.ring.gz'))
