# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""The store's processes."""
import json
import os


def start_time(pid):
    """The start time of process `pid`, or None if it has ended."""
    try:
        with open('/proc/%d/stat' % pid) as f:
            fields = f.read().rpartition(')')[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in 'ZX' else int(fields[19])


def running(base):
    """The state of the store in folder `base` if it runs, else None."""
    try:
        with open(os.path.join(base, 'run', 'state.json')) as f:
            state = json.load(f)
    except FileNotFoundError:
        return None
    return state if start_time(state['pid']) == state['started'] else None
