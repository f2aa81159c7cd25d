/*
 * Shows a process the wall clock that the file RIALTO_CLOCK says, as "YYYY-MM-DD hh:mm:ss" in UTC; it stands still there.
 * Preloaded. It allocates nothing: libfaketime does, and the gateway's allocator asks for the time before it can give any.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The days from 1970-01-01 to a date of the Gregorian calendar. */
static long days(long year, long month, long day) {
    year -= month <= 2;
    long era = year / 400, of_era = year % 400;
    long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static long number(const char *text, int digits) {
    long value = 0;
    while (digits-- > 0) {
        value = value * 10 + (*text++ - '0');
    }
    return value;
}

/* Whether there is a file, and what it says. */
static int shown(time_t *now) {
    char text[20] = {0};
    const char *path = getenv("RIALTO_CLOCK");
    int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        return 0;
    }
    long read = syscall(SYS_read, file, text, 19);
    syscall(SYS_close, file);
    if (read != 19) {
        return 0;
    }
    long date = days(number(text, 4), number(text + 5, 2), number(text + 8, 2));
    *now = date * 86400 + number(text + 11, 2) * 3600 + number(text + 14, 2) * 60 + number(text + 17, 2);
    return 1;
}

int clock_gettime(clockid_t clock, struct timespec *to) {
    int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (is_wall && shown(&to->tv_sec)) {
        to->tv_nsec = 0;
        return 0;
    }
    return (int)syscall(SYS_clock_gettime, clock, to);
}

int gettimeofday(struct timeval *restrict to, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return -1;
    }
    to->tv_sec = now.tv_sec;
    to->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) {
        *to = now.tv_sec;
    }
    return now.tv_sec;
}
