// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/// Has every block of memory that is larger than this be a mapping of its own, always: by itself, the allocator takes to
/// keeping such blocks once some were freed.
static inline void steelyard_map_blocks_larger_than(int size) {
    mallopt(M_MMAP_THRESHOLD, size);
}

// Swift's Glibc module leaves <sys/eventfd.h> out.

/// A descriptor that is readable once 8 bytes were written to it; closed on exec, and never blocking. -1 sets errno.
static inline int steelyard_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Swift cannot call syscall(), which is variadic, and its Glibc module leaves <sys/pidfd.h> out.

/// A descriptor for a process: readable once the process has ended, and never another process's. -1 sets errno.
static inline int steelyard_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/// Sends a signal to the process that the descriptor was opened for, and to no other. -1 sets errno.
static inline int steelyard_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

// In glibc since 2.34, in a part of its header that Swift's module leaves out.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// Has the new process begin without any descriptor of this number or above. Returns an error number, or 0.
static inline int steelyard_spawn_close_from(posix_spawn_file_actions_t *actions, int from) {
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
}
