/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/watch.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/i18n.h"
#include "ipc/pulse.h"

void watch_reset(struct watch *w)
{
    *w = (struct watch){.cpu_ns = -1};
}

bool watch_tick(struct watch *w, uint64_t beat, int64_t now_ns)
{
    int64_t since = w->last_ns ? now_ns - w->last_ns : 0;
    w->last_ns = now_ns;
    if (beat != w->beat) {
        w->beat = beat;
        w->stale_ns = w->total_ns = 0;
        w->cpu_ns = -1;
        return false;
    }
    w->total_ns += since;
    if (since <= WATCH_LATE_NS)
        w->stale_ns += since;
    return w->stale_ns >= WATCH_TICK_NS;
}

bool watch_hangs(struct watch *w, const struct watch_thread *thread, const char **why)
{
    if (thread->known && w->cpu_ns < 0)
        w->cpu_ns = thread->cpu_ns;
    bool wants_to_run = thread->known && thread->state == 'R';
    if (wants_to_run && thread->cpu_ns - w->cpu_ns < WATCH_SPIN_NS) {
        *why = N_("its gate got no processor time for too long");
        return w->total_ns >= WATCH_STARVED_NS;
    }
    *why = wants_to_run ? N_("its gate turns in circles") : N_("its gate does not answer");
    return w->stale_ns >= PULSE_STALE_MS * NS_PER_MS;
}

/* The first bytes of a small file of /proc, with a NUL. */
static bool peek(const char *path, char *text, size_t size)
{
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

void watch_look(int32_t pid, int32_t thread, struct watch_thread *out)
{
    char path[64], text[512];
    *out = (struct watch_thread){0};
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, thread);
    /* The program's name may hold anything, so its end is the last parenthesis. */
    const char *end = peek(path, text, sizeof text) ? strrchr(text, ')') : NULL;
    if (!end || end[1] != ' ')
        return;
    out->state = end[2];
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, thread);
    if (peek(path, text, sizeof text) && sscanf(text, "%" SCNd64, &out->cpu_ns) == 1)
        out->known = true;
}
