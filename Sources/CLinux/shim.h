// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// Swift cannot call syscall(), which is variadic, and its Glibc module leaves <sys/pidfd.h> out.

/// A descriptor for a process: readable once the process has ended, and never another process's. -1 sets errno.
static inline int steelyard_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/// Sends a signal to the process that the descriptor was opened for, and to no other. -1 sets errno.
static inline int steelyard_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}
