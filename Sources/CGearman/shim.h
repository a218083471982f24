// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <libgearman/gearman.h>

// How many clients wait for the job of that unique id; -1 where the server does not say. The status is a union, which
// Swift would read without a name for its parts.
static inline int64_t steelyard_gearman_waiting_clients(gearman_client_st *client, const char *unique, size_t length) {
    const gearman_status_t status = gearman_client_unique_status(client, unique, length);
    if (gearman_failed(gearman_status_return(status)) || !gearman_status_is_known(status)) {
        return -1;
    }
    return (int64_t)status.status_.mesg_.client_count;
}
