// Closed-loop load on a Gearman function, and the time from a worker's exec to its first reply.
//
//     load HOST PORT FUNCTION CLIENTS SECONDS PAYLOADFILE
//         CLIENTS threads, each with its own connection, each sending its next foreground
//         job after the reply to the last one. After 0.5 s of warm-up, prints one line:
//         jobs_per_s=… p50_us=… p99_us=… errors=… jobs=… jobs_all=…
//         `jobs` were answered in the measured SECONDS; `jobs_all` and `errors` also count the
//         warm-up and the last replies (for the worker's CPU time per job).
//
//     load --exec-first N HOST PORT FUNCTION PAYLOADFILE -- COMMAND…
//         N times: queues a job, starts COMMAND (a worker for FUNCTION), waits for the reply,
//         stops the worker. Prints: exec_to_first_ms=… (median) min_ms=… max_ms=… runs=N
//
// A reply without "hpcs_response":"PASS" is an error. Loopback only. Always ends: a job without
// an answer within TIMEOUT_MS ends its client, and an alarm ends the program.

#define _GNU_SOURCE  // memmem
#include <errno.h>
#include <fcntl.h>
#include <libgearman-1.0/gearman.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MS = 10000, MAX_CLIENTS = 1024, MAX_RUNS = 1000 };
static const double WARM_UP = 0.5;

static const char *host, *function;
static in_port_t port;
static char *payload;
static size_t payload_size;

static void die(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pause_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool passed_in(const char *text, size_t size) {
    static const char key[] = "\"hpcs_response\"";
    const char *at = memmem(text, size, key, sizeof key - 1), *end = text + size;
    if (at == NULL) {
        return false;
    }
    at += sizeof key - 1;  // JSON writers use different spaces
    while (at < end && (*at == ' ' || *at == ':')) {
        at++;
    }
    return end - at >= 6 && memcmp(at, "\"PASS\"", 6) == 0;
}

// Workers add the field at the end, so search there first: searching 20 kB of each reply would
// take CPU time from the worker that shares the machine.
static bool passed(const char *text, size_t size) {
    size_t tail = size < 256 ? size : 256;
    return passed_in(text + size - tail, tail) || passed_in(text, size);
}

static gearman_client_st *new_client(void) {
    gearman_client_st *client = gearman_client_create(NULL);
    if (client == NULL || gearman_failed(gearman_client_add_server(client, host, port))) {
        die("cannot create a client");
    }
    gearman_client_set_timeout(client, TIMEOUT_MS);
    return client;
}

static gearman_return_t one_job(gearman_client_st *client, bool *ok) {
    size_t size = 0;
    gearman_return_t rc = GEARMAN_SUCCESS;
    char *reply = gearman_client_do(client, function, NULL, payload, payload_size, &size, &rc);
    *ok = gearman_success(rc) && reply != NULL && passed(reply, size);
    free(reply);
    return rc;
}

// ---- load

struct client {
    pthread_t thread;
    double *latencies;  // of the jobs answered within the measured time
    size_t count, capacity;
    long all, errors;
};

static double measure_from, measure_to;

static void *run_client(void *argument) {
    struct client *self = argument;
    gearman_client_st *gearman = new_client();
    for (double start = now(); start < measure_to; ) {
        bool ok;
        gearman_return_t rc = one_job(gearman, &ok);
        double end = now();
        self->all++;
        if (!ok) {
            self->errors++;
            if (rc == GEARMAN_TIMEOUT) {
                break;  // no answer
            }
            pause_ms(10);  // do not spin if the server is down
        } else if (end >= measure_from && end < measure_to) {
            if (self->count == self->capacity) {
                self->capacity = self->capacity ? self->capacity * 2 : 1 << 16;
                self->latencies = realloc(self->latencies, self->capacity * sizeof(double));
                if (self->latencies == NULL) {
                    die("out of memory");
                }
            }
            self->latencies[self->count++] = end - start;
        }
        start = now();
    }
    gearman_client_free(gearman);
    return NULL;
}

static int load(int clients, double seconds) {
    static struct client all[MAX_CLIENTS];
    alarm((unsigned)(seconds + WARM_UP) + TIMEOUT_MS / 1000 + 20);
    measure_from = now() + WARM_UP;
    measure_to = measure_from + seconds;
    for (int i = 0; i < clients; i++) {
        if (pthread_create(&all[i].thread, NULL, run_client, &all[i]) != 0) {
            die("cannot start a thread");
        }
    }
    size_t jobs = 0;
    long jobs_all = 0, errors = 0;
    for (int i = 0; i < clients; i++) {
        pthread_join(all[i].thread, NULL);
        jobs += all[i].count;
        jobs_all += all[i].all;
        errors += all[i].errors;
    }
    double *latencies = malloc((jobs + 1) * sizeof(double)), *next = latencies;
    if (latencies == NULL) {
        die("out of memory");
    }
    latencies[0] = 0;
    for (int i = 0; i < clients; i++) {
        if (all[i].count > 0) {
            memcpy(next, all[i].latencies, all[i].count * sizeof(double));
            next += all[i].count;
        }
    }
    qsort(latencies, jobs, sizeof(double), ascending);
    printf("jobs_per_s=%.1f p50_us=%.0f p99_us=%.0f errors=%ld jobs=%zu jobs_all=%ld\n",
           (double)jobs / seconds, latencies[jobs / 2] * 1e6, latencies[jobs * 99 / 100] * 1e6,
           errors, jobs, jobs_all);
    return jobs > 0 ? 0 : 1;
}

// ---- exec to first job

struct waiting {
    double answered;
    bool ok;
};

static void *wait_for_reply(void *argument) {
    struct waiting *waiting = argument;
    gearman_client_st *client = new_client();
    one_job(client, &waiting->ok);
    waiting->answered = now();
    gearman_client_free(client);
    return NULL;
}

// Stops only the process that this program started.
static void stop(pid_t pid) {
    kill(pid, SIGTERM);
    for (int i = 0; i < 500; i++) {
        pid_t ended = waitpid(pid, NULL, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR)) {
            return;
        }
        pause_ms(10);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static int exec_first(int runs, char **command) {
    static double took[MAX_RUNS];
    // The child records the time right before its exec, so that the fork does not count.
    double *started = mmap(NULL, sizeof *started, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (started == MAP_FAILED) {
        die("mmap failed");
    }
    pid_t parent = getpid();
    for (int run = 0; run < runs; run++) {
        alarm(TIMEOUT_MS / 1000 + 20);  // the child ends with this process: see PR_SET_PDEATHSIG
        struct waiting waiting = {0};
        pthread_t thread;
        if (pthread_create(&thread, NULL, wait_for_reply, &waiting) != 0) {
            die("cannot start a thread");
        }
        pause_ms(50);  // the job is queued by now, so only the worker's start is measured
        pid_t pid = fork();
        if (pid < 0) {
            die("fork failed");
        }
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent) {
                _exit(1);
            }
            int null = open("/dev/null", O_WRONLY);
            dup2(null, STDOUT_FILENO);
            *started = now();
            execvp(command[0], command);
            _exit(127);
        }
        pthread_join(thread, NULL);
        stop(pid);
        if (!waiting.ok) {
            die("no PASS from the started worker");
        }
        took[run] = (waiting.answered - *started) * 1e3;
    }
    qsort(took, (size_t)runs, sizeof(double), ascending);
    printf("exec_to_first_ms=%.2f min_ms=%.2f max_ms=%.2f runs=%d\n", took[runs / 2], took[0],
           took[runs - 1], runs);
    return 0;
}

// ---- arguments

static void set_target(char **argument) {
    host = argument[0];
    port = (in_port_t)atoi(argument[1]);
    function = argument[2];
    if (strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0 && strcmp(host, "localhost") != 0) {
        die("loopback only");
    }
}

static void read_payload(const char *path) {
    FILE *file = fopen(path, "rb");
    enum { MAX = 64 << 20 };
    if (file == NULL || (payload = malloc(MAX)) == NULL
        || (payload_size = fread(payload, 1, MAX, file)) == 0) {
        die("cannot read the payload");
    }
    fclose(file);
}

int main(int argc, char **argv) {
    if (argc >= 9 && strcmp(argv[1], "--exec-first") == 0 && strcmp(argv[7], "--") == 0) {
        int runs = atoi(argv[2]);
        set_target(argv + 3);
        read_payload(argv[6]);
        if (runs >= 1 && runs <= MAX_RUNS) {
            return exec_first(runs, argv + 8);
        }
    } else if (argc == 7) {
        int clients = atoi(argv[4]);
        double seconds = atof(argv[5]);
        set_target(argv + 1);
        read_payload(argv[6]);
        if (clients >= 1 && clients <= MAX_CLIENTS && seconds > 0 && seconds <= 3600) {
            return load(clients, seconds);
        }
    }
    fprintf(stderr,
            "usage: load HOST PORT FUNCTION CLIENTS SECONDS PAYLOADFILE\n"
            "       load --exec-first N HOST PORT FUNCTION PAYLOADFILE -- COMMAND...\n");
    return 64;
}
