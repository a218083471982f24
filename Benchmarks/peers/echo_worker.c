// The limit: a minimal worker on libgearman.
//
// One connection, one thread, no JSON: each reply is the request's bytes with
// `,"hpcs_response":"PASS"` inserted before the last brace. The difference to a real worker
// is the cost of that worker's own code; the rest is libgearman, gearmand and
// the kernel.
//
//     echo_worker HOST PORT FUNCTION

#define _GNU_SOURCE  // memrchr
#include <libgearman-1.0/gearman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gearman_return_t answer(gearman_job_st *job, void *context) {
    (void)context;
    static const char field[] = ",\"hpcs_response\":\"PASS\"";
    static char *reply;  // reused: an allocation per job would not be libgearman's cost
    static size_t capacity;

    const char *request = gearman_job_workload(job);
    size_t size = gearman_job_workload_size(job);
    const char *brace = size ? memrchr(request, '}', size) : NULL;
    if (brace == NULL) {
        return GEARMAN_FATAL;
    }

    size_t needed = size + sizeof field - 1;
    if (needed > capacity) {
        char *grown = realloc(reply, needed);
        if (grown == NULL) {
            return GEARMAN_FATAL;
        }
        reply = grown;
        capacity = needed;
    }
    size_t head = (size_t)(brace - request);
    memcpy(reply, request, head);
    memcpy(reply + head, field, sizeof field - 1);
    memcpy(reply + head + sizeof field - 1, brace, size - head);

    gearman_return_t sent = gearman_job_send_complete(job, reply, needed);
    return gearman_failed(sent) ? GEARMAN_ERROR : GEARMAN_SUCCESS;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: %s HOST PORT FUNCTION\n", argv[0]);
        return 64;
    }
    gearman_worker_st *worker = gearman_worker_create(NULL);
    if (worker == NULL
        || gearman_failed(gearman_worker_add_server(worker, argv[1], (in_port_t)atoi(argv[2])))
        || gearman_failed(gearman_worker_define_function(
               worker, argv[3], strlen(argv[3]), gearman_function_create(answer), 0, NULL))) {
        fprintf(stderr, "echo_worker: cannot set up\n");
        return 1;
    }

    // libgearman connects and registers only in gearman_worker_work. After a first call
    // with a short timeout, it is registered: it got a job, or there was none.
    gearman_worker_set_timeout(worker, 50);
    gearman_return_t rc = gearman_worker_work(worker);
    if (gearman_failed(rc) && rc != GEARMAN_TIMEOUT) {
        fprintf(stderr, "echo_worker: %s\n", gearman_worker_error(worker));
        return 1;
    }
    puts("ready");
    fflush(stdout);

    gearman_worker_set_timeout(worker, -1);
    for (;;) {
        if (gearman_failed(gearman_worker_work(worker))) {
            usleep(100000);  // libgearman does not back off if its server is down
        }
    }
}
