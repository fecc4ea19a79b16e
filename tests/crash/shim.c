/* Counts everything a process does to files under one folder (and, if asked, everything it sends through sockets), and at an armed number
 * ends the process or lets the call fail. Loaded before libc (LD_PRELOAD); does nothing until it is armed.
 *
 * Belongs here: the calls, and what happens at a point. Does not: which point, and what must hold afterwards (harness.py).
 * The trace lies in memory that is shared with the parent, so that it outlives the process.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { INERT, COUNT, KILL, KILL_HALF, FAIL_ONCE, FAIL_ON };          /* what the armed number does */
enum { WRITE = 1, SYNC = 2, CREATE = 4, REMOVE = 8, MODE = 16, SEND = 32 }; /* kinds of calls; a disk that is full refuses some only */
enum { GO, HALF, FAIL };

#define ENTRIES 16384
typedef struct { char call[16]; char path[240]; char from[240]; } Entry; /* from: what a rename renames */
typedef struct { atomic_long count; long struck; Entry entries[ENTRIES]; } Trace;

static Trace *trace;
static char home[PATH_MAX];
static size_t home_length;
static int mode = INERT, fault, kinds, sockets, no_sync;
static long at;
static long long clock_offset, clock_frozen;

/* ---- from Python */

void *shim_trace(void) {
    if (!trace) {
        trace = mmap(NULL, sizeof(Trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (trace == MAP_FAILED) abort();
    }
    return trace;
}

void shim_arm(const char *folder, int what, long number, int error, int which, int with_sockets) {
    shim_trace();
    snprintf(home, sizeof home, "%s", folder);
    home_length = strlen(home);
    atomic_store(&trace->count, 0);
    trace->struck = 0;
    at = number, fault = error, kinds = which, sockets = with_sockets;
    mode = what;
}

void shim_disarm(void) { mode = INERT; }

/* A kill loses nothing that the kernel has, so where only that is tried, syncs need not wait for the disk. They are counted all the same. */
void shim_skip_syncs(void) { no_sync = 1; }

/* Seconds added to the wall clock; with `frozen` the clock stands at that time (seconds since 1970). */
void shim_clock(long long offset, long long frozen) { clock_offset = offset, clock_frozen = frozen; }

/* ---- what happens at a point */

static int is_ours(const char *path) { return !strncmp(path, home, home_length) && (path[home_length] == '/' || !path[home_length]); }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int point(const char *call, int kind, const char *path, const char *from) {
    long number = atomic_fetch_add(&trace->count, 1) + 1;
    if (number <= ENTRIES) {
        snprintf(trace->entries[number - 1].call, sizeof trace->entries->call, "%s", call);
        snprintf(trace->entries[number - 1].path, sizeof trace->entries->path, "%s", path + (is_ours(path) ? home_length : 0));
        snprintf(trace->entries[number - 1].from, sizeof trace->entries->from, "%s", from + (is_ours(from) ? home_length : 0));
    }
    if (mode == COUNT || number < at) return GO;
    if (mode == KILL || (mode == KILL_HALF && kind != WRITE && kind != SEND)) {
        trace->struck = number;
        die();
    }
    if (mode == KILL_HALF) {
        trace->struck = number;
        return HALF;
    }
    if (!(kind & kinds) || (mode == FAIL_ONCE && trace->struck)) return GO; /* a single failure strikes the first call of its kind */
    int first = !trace->struck;
    trace->struck = number;
    if (mode == FAIL_ON && first && kind == WRITE) return HALF; /* a disk that fills takes a part, and then nothing */
    errno = fault;
    return FAIL;
}

/* Where a call goes: 0 not ours, else its path in `out`. */
static int by_descriptor(int fd, char *out) {
    if (mode == INERT) return 0;
    int saved = errno;
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, out, PATH_MAX - 1);
    errno = saved;
    if (length < 0) return 0;
    out[length] = 0;
    return is_ours(out) || (sockets && !strncmp(out, "socket:", 7));
}

static int by_path(int folder, const char *path, char *out) {
    if (mode == INERT || !path) return 0;
    if (path[0] == '/') {
        snprintf(out, PATH_MAX, "%s", path);
    } else {
        char base[PATH_MAX];
        int saved = errno;
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) base[0] = 0;
        } else {
            char link[40];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t length = readlink(link, base, sizeof base - 1);
            base[length < 0 ? 0 : length] = 0;
        }
        errno = saved;
        if (snprintf(out, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return 0;
    }
    return is_ours(out);
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* ---- writes: the only calls that can be done by half */

#define WRITES(name, kind, parameters, whole, half) \
    ssize_t name parameters { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (by_descriptor(fd, path)) { \
            int verdict = point(#name, path[0] == '/' ? kind : SEND, path, ""); \
            if (verdict == FAIL) return -1; \
            if (verdict == HALF) { \
                ssize_t done = half; \
                if (mode == KILL_HALF) die(); \
                return done; \
            } \
        } \
        return whole; \
    }

static struct iovec half_of(const struct iovec *parts) {
    struct iovec first = parts[0];
    first.iov_len = (first.iov_len + 1) / 2;
    return first;
}

WRITES(write, WRITE, (int fd, const void *data, size_t size), real(fd, data, size), real(fd, data, (size + 1) / 2))
WRITES(pwrite, WRITE, (int fd, const void *data, size_t size, off_t from), real(fd, data, size, from), real(fd, data, (size + 1) / 2, from))
WRITES(pwrite64, WRITE, (int fd, const void *data, size_t size, off64_t from), real(fd, data, size, from), real(fd, data, (size + 1) / 2, from))
WRITES(send, SEND, (int fd, const void *data, size_t size, int flags), real(fd, data, size, flags), real(fd, data, (size + 1) / 2, flags))
WRITES(writev, WRITE, (int fd, const struct iovec *parts, int count), real(fd, parts, count), ({ struct iovec one = half_of(parts); real(fd, &one, 1); }))
WRITES(pwritev, WRITE, (int fd, const struct iovec *parts, int count, off_t from), real(fd, parts, count, from),
       ({ struct iovec one = half_of(parts); real(fd, &one, 1, from); }))
WRITES(sendto, SEND, (int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length),
       real(fd, data, size, flags, to, length), real(fd, data, (size + 1) / 2, flags, to, length))
WRITES(sendmsg, SEND, (int fd, const struct msghdr *message, int flags), real(fd, message, flags), 0)
WRITES(copy_file_range, WRITE, (int in, off64_t *from, int fd, off64_t *to, size_t size, unsigned flags), real(in, from, fd, to, size, flags),
       real(in, from, fd, to, (size + 1) / 2, flags))
WRITES(sendfile, WRITE, (int fd, int in, off_t *from, size_t size), real(fd, in, from, size), real(fd, in, from, (size + 1) / 2))
WRITES(sendfile64, WRITE, (int fd, int in, off64_t *from, size_t size), real(fd, in, from, size), real(fd, in, from, (size + 1) / 2))

/* ---- all others: done, or not */

#define ON_DESCRIPTOR(name, kind, parameters, whole) \
    int name parameters { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (by_descriptor(fd, path) && point(#name, kind, path, "") == FAIL) return -1; \
        return whole; \
    }

ON_DESCRIPTOR(fsync, SYNC, (int fd), no_sync ? 0 : real(fd))
ON_DESCRIPTOR(fdatasync, SYNC, (int fd), no_sync ? 0 : real(fd))
ON_DESCRIPTOR(fallocate, WRITE, (int fd, int flags, off_t from, off_t size), real(fd, flags, from, size))
ON_DESCRIPTOR(ftruncate, MODE, (int fd, off_t size), real(fd, size))
ON_DESCRIPTOR(ftruncate64, MODE, (int fd, off64_t size), real(fd, size))
ON_DESCRIPTOR(fchmod, MODE, (int fd, mode_t bits), real(fd, bits))

#define ON_PATH(name, kind, parameters, folder, file, whole) \
    int name parameters { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (by_path(folder, file, path) && point(#name, kind, path, "") == FAIL) return -1; \
        return whole; \
    }

#define RENAMES(name, parameters, in, folder, whole) \
    int name parameters { \
        REAL(name); \
        char path[PATH_MAX], old[PATH_MAX]; \
        int is_from = by_path(in, from, old), is_to = by_path(folder, to, path); \
        if ((is_from || is_to) && point(#name, CREATE, path, old) == FAIL) return -1; \
        return whole; \
    }

RENAMES(rename, (const char *from, const char *to), AT_FDCWD, AT_FDCWD, real(from, to))
RENAMES(renameat, (int in, const char *from, int folder, const char *to), in, folder, real(in, from, folder, to))
RENAMES(renameat2, (int in, const char *from, int folder, const char *to, unsigned flags), in, folder, real(in, from, folder, to, flags))
ON_PATH(symlink, CREATE, (const char *target, const char *file), AT_FDCWD, file, real(target, file))
ON_PATH(symlinkat, CREATE, (const char *target, int folder, const char *file), folder, file, real(target, folder, file))
ON_PATH(link, CREATE, (const char *from, const char *file), AT_FDCWD, file, real(from, file))
ON_PATH(linkat, CREATE, (int in, const char *from, int folder, const char *file, int flags), folder, file, real(in, from, folder, file, flags))
ON_PATH(mkdir, CREATE, (const char *file, mode_t bits), AT_FDCWD, file, real(file, bits))
ON_PATH(mkdirat, CREATE, (int folder, const char *file, mode_t bits), folder, file, real(folder, file, bits))
ON_PATH(unlink, REMOVE, (const char *file), AT_FDCWD, file, real(file))
ON_PATH(unlinkat, REMOVE, (int folder, const char *file, int flags), folder, file, real(folder, file, flags))
ON_PATH(remove, REMOVE, (const char *file), AT_FDCWD, file, real(file))
ON_PATH(rmdir, REMOVE, (const char *file), AT_FDCWD, file, real(file))
ON_PATH(chmod, MODE, (const char *file, mode_t bits), AT_FDCWD, file, real(file, bits))
ON_PATH(fchmodat, MODE, (int folder, const char *file, mode_t bits, int flags), folder, file, real(folder, file, bits, flags))
ON_PATH(truncate, MODE, (const char *file, off_t size), AT_FDCWD, file, real(file, size))
ON_PATH(truncate64, MODE, (const char *file, off64_t size), AT_FDCWD, file, real(file, size))

/* Opening to write: a full disk refuses only what makes a new file. */
static int may_open(const char *call, int folder, const char *file, int flags) {
    char path[PATH_MAX];
    if ((flags & O_ACCMODE) == O_RDONLY || !by_path(folder, file, path)) return 1;
    int saved = errno, makes = (flags & O_CREAT) && faccessat(AT_FDCWD, path, F_OK, 0);
    errno = saved;
    return point(call, makes ? CREATE : MODE, path, "") != FAIL;
}

#define OPENS(name, parameters, folder, whole) \
    int name parameters { \
        REAL(name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t bits = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (!may_open(#name, folder, file, flags)) return -1; \
        return whole; \
    }

OPENS(open, (const char *file, int flags, ...), AT_FDCWD, real(file, flags, bits))
OPENS(open64, (const char *file, int flags, ...), AT_FDCWD, real(file, flags, bits))
OPENS(openat, (int folder, const char *file, int flags, ...), folder, real(folder, file, flags, bits))
OPENS(openat64, (int folder, const char *file, int flags, ...), folder, real(folder, file, flags, bits))

int creat(const char *file, mode_t bits) { return open(file, O_CREAT | O_WRONLY | O_TRUNC, bits); }

FILE *fopen(const char *file, const char *how) {
    REAL(fopen);
    int writes = strpbrk(how, "wa+") != NULL;
    return may_open("fopen", AT_FDCWD, file, writes ? O_WRONLY | (how[0] == 'r' ? 0 : O_CREAT) : O_RDONLY) ? real(file, how) : NULL;
}

FILE *fopen64(const char *file, const char *how) { return fopen(file, how); }

/* ---- the clock */

int clock_gettime(clockid_t which, struct timespec *now) {
    REAL(clock_gettime);
    int result = real(which, now);
    if (!result && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += clock_offset;
        if (clock_frozen) now->tv_sec = clock_frozen, now->tv_nsec = 0;
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec, now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (out) *out = precise.tv_sec;
    return precise.tv_sec;
}
