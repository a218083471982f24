// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <spawn.h>

// Swift's Glibc module does not contain this header.
#include <sys/pidfd.h>

// glibc declares this function for GNU sources only.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
