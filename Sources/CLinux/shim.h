// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/// Makes the allocator map each block larger than this separately; by default, it keeps such blocks once some have been
/// freed.
static inline void steelyard_map_blocks_larger_than(int size) {
    mallopt(M_MMAP_THRESHOLD, size);
}

// Swift cannot call ioctl(), which is variadic.

/// Returns the columns of a terminal; 0 if the descriptor is not a terminal or does not report its size.
static inline int steelyard_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// Swift's Glibc module lacks <sys/eventfd.h>.

/// Returns a nonblocking, close-on-exec descriptor that is readable after 8 bytes are written to it. -1 sets errno.
static inline int steelyard_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Swift cannot call syscall(), which is variadic, and its Glibc module lacks <sys/pidfd.h>.

/// Returns a pidfd: readable once the process has ended, and never valid for another process. -1 sets errno.
static inline int steelyard_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/// Sends a signal to the process of the pidfd, and to no other. -1 sets errno.
static inline int steelyard_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

// vfork rather than posix_spawn: the child needs its own descriptor limit, and the parent the error of execve.

/// Starts a program in a child process that inherits only the arguments of this function.
///
/// Every signal has its default action in the child and none is blocked. Descriptors above 2 are closed.
///
/// - Parameters:
///   - directory: The working directory; NULL for this process's.
///   - input, output, error: The standard streams; each descriptor must be above 2.
///   - descriptors: The descriptor limit; NULL for this process's.
///   - failure: Receives an error number if the result is -1.
static __attribute__((noinline)) pid_t steelyard_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *directory,
    int input, int output, int error, int starts_session, int ends_with_thread, const struct rlimit *descriptors, int *failure
) {
    // The child runs in this process's memory until execve: no signal handler may run there.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    volatile int reason = 0;
    const pid_t parent = getpid();
    pid_t child = vfork();
    if (child == 0) {
        // The parent may have ended before the call; the child then has another parent.
        if (ends_with_thread && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)) _exit(127);
        struct sigaction standard;
        memset(&standard, 0, sizeof standard);
        standard.sa_handler = SIG_DFL;
        for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, NULL);
        // A seccomp filter may reject this; the program then has this process's limit.
        if (descriptors) setrlimit(RLIMIT_NOFILE, descriptors);
        if ((!starts_session || setsid() >= 0) && dup2(input, 0) >= 0 && dup2(output, 1) >= 0 && dup2(error, 2) >= 0
            && (!directory || chdir(directory) == 0)) {
            // execve closes all descriptors of this process anyway.
            syscall(SYS_close_range, 3u, ~0u, 0u);
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            execve(path, arguments, environment);
        }
        reason = errno;
        _exit(127);
    }
    if (child < 0) reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (reason == 0) return child;
    if (child > 0) while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    *failure = reason;
    return -1;
}

/// Locks a file until its descriptor and all duplicates are closed: exclusively, which requires a writable descriptor,
/// or shared, which requires a readable one. -1 sets errno: EAGAIN if it would have to wait.
static inline int steelyard_lock_file(int descriptor, int is_exclusive, int waits) {
    // F_OFD_SETLK and F_OFD_SETLKW, which glibc declares with _GNU_SOURCE only.
    struct flock lock = { .l_type = is_exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };
    return fcntl(descriptor, waits ? 38 : 37, &lock);
}

/// Frees a range of a file, which then reads as zeros; the file keeps its size. -1 sets errno.
static inline int steelyard_punch_hole(int descriptor, off_t start, off_t count) {
    // FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE, which also need _GNU_SOURCE.
    return (int)syscall(SYS_fallocate, descriptor, 0x03, start, count);
}

/// Limits the number of the allocator's heaps, each of which reserves 64 MB of address space for some threads.
static inline void steelyard_limit_heaps(int count) {
    mallopt(M_ARENA_MAX, count);
}

/// Returns the ID of an ended child without reaping it. 0 if there is none, -1 sets errno.
static inline pid_t steelyard_ended_child(void) {
    siginfo_t information;
    information.si_pid = 0;
    return waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0 ? information.si_pid : -1;
}

/// Returns whether the kernel reparents orphaned descendants to this process.
static inline int steelyard_adopts_orphans(void) {
    int subreaper = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0);
    return subreaper || getpid() == 1;
}

/// Creates a pipe: its reading end and its writing end, closed by execve. -1 sets errno.
static inline int steelyard_pipe(int ends[2], int is_nonblocking) {
    return (int)syscall(SYS_pipe2, ends, O_CLOEXEC | (is_nonblocking ? O_NONBLOCK : 0));
}

/// Duplicates a descriptor above those of the standard streams. -1 sets errno.
static inline int steelyard_duplicate_above_standard(int descriptor) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

// Only one Swift file uses the declarations below, so that there is a single variable.
static int steelyard_signal_pipe = -1;

static void steelyard_note_signal(int signal) {
    int before = errno;
    unsigned char byte = (unsigned char)signal;
    if (write(steelyard_signal_pipe, &byte, 1) < 0) {}
    errno = before;
}

/// Makes a signal write its number, a byte, to a pipe, and have no other effect. -1 sets errno.
static inline int steelyard_catch_signal(int signal, int pipe) {
    steelyard_signal_pipe = pipe;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = steelyard_note_signal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    return sigaction(signal, &action, NULL);
}

/// Sends a datagram on a connected socket, with a descriptor unless that is negative. -1 sets errno.
static inline ssize_t steelyard_send_with_descriptor(int socket, const void *bytes, size_t count, int descriptor) {
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr header; } control;
    memset(&control, 0, sizeof control);
    struct iovec part = { .iov_base = (void *)bytes, .iov_len = count };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (descriptor >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// struct ucred needs GNU sources.

/// The user and the process at the other end of a connected Unix socket, as they were when it was connected. -1 sets errno.
static inline int steelyard_peer(int socket, uid_t *user, pid_t *process) {
    struct { pid_t process; uid_t user; gid_t group; } peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
    *user = peer.user;
    *process = peer.process;
    return 0;
}
