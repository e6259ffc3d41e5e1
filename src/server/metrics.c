/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLOTS        (2 * METRICS_REPOSITORIES) /* a power of two; never more than half full */
#define METHODS      8
#define STATUS_LEAST 100
#define STATUS_MOST  600

struct repository {
    char *name; /* NULL: empty */
    uint64_t requests, received, sent, added, removed, refused;
};

struct method {
    const char *name;
    uint64_t count[STATUS_MOST - STATUS_LEAST];
};

struct metrics {
    pthread_mutex_t lock; /* guards all */
    struct method methods[METHODS];
    uint64_t refused[REFUSED_COUNT];
    size_t repository_count;
    struct repository repositories[SLOTS];
    struct repository rest;
};

const char *refusal_word(enum refusal refusal)
{
    static const char *const words[REFUSED_COUNT] = {"",          "login",       "too-many-logins",
                                                     "not-yours", "append-only", "lock-of-another",
                                                     "sealed",    "quota",       "disk-full",
                                                     "exists",    "wrong-hash",  "too-large",
                                                     "path",      "method",      "busy",
                                                     "failed"};
    return words[refusal];
}

struct metrics *metrics_new(void)
{
    struct metrics *m = mem_zalloc(1, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        free(m->repositories[i].name);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static struct repository *find_repository(struct metrics *m, const char *name)
{
    uint32_t at = 2166136261U; /* FNV-1a */
    for (const char *c = name; *c; c++)
        at = (at ^ (unsigned char)*c) * 16777619U;
    struct repository *r = &m->repositories[at % SLOTS];
    while (r->name && strcmp(r->name, name) != 0)
        r = &m->repositories[++at % SLOTS];
    if (r->name)
        return r;
    if (m->repository_count == METRICS_REPOSITORIES)
        return &m->rest;
    m->repository_count++;
    r->name = mem_strdup(name);
    return r;
}

static void count_status(struct metrics *m, const char *method, unsigned status)
{
    if (status < STATUS_LEAST || status >= STATUS_MOST)
        return;
    for (size_t i = 0; i < METHODS; i++) {
        if (!m->methods[i].name)
            m->methods[i].name = method;
        if (strcmp(m->methods[i].name, method) != 0)
            continue;
        m->methods[i].count[status - STATUS_LEAST]++;
        return;
    }
}

void metrics_count(struct metrics *m, const struct metrics_request *request)
{
    pthread_mutex_lock(&m->lock);
    count_status(m, request->method, request->status);
    if (request->refusal)
        m->refused[request->refusal]++;
    if (request->repository) {
        struct repository *r = find_repository(m, request->repository);
        r->requests++;
        r->received += request->received;
        r->sent += request->sent;
        r->added += request->added;
        r->removed += request->removed;
        r->refused += request->refusal != REFUSED_NOT;
    }
    pthread_mutex_unlock(&m->lock);
}

void metrics_put_label(struct buf *out, const char *text)
{
    buf_put_u8(out, '"');
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            buf_put_u8(out, '\\');
        if (*text == '\n')
            buf_printf(out, "\\n");
        else
            buf_put_u8(out, (uint8_t)*text);
    }
    buf_put_u8(out, '"');
}

static void put_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_put_one(struct buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
    put_head(out, name, type, help);
    buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void put_requests(const struct metrics *m, struct buf *out)
{
    put_head(out, "beffroi_vault_requests_total", "counter", "Requests that were answered.");
    for (size_t i = 0; i < METHODS && m->methods[i].name; i++)
        for (unsigned s = STATUS_LEAST; s < STATUS_MOST; s++)
            if (m->methods[i].count[s - STATUS_LEAST])
                buf_printf(out, "beffroi_vault_requests_total{method=\"%s\",code=\"%u\"} %llu\n",
                           m->methods[i].name, s, (unsigned long long)m->methods[i].count[s - STATUS_LEAST]);
    put_head(out, "beffroi_vault_refused_total", "counter", "Requests that were refused, by reason.");
    for (int i = REFUSED_NOT + 1; i < REFUSED_COUNT; i++)
        buf_printf(out, "beffroi_vault_refused_total{reason=\"%s\"} %llu\n", refusal_word((enum refusal)i),
                   (unsigned long long)m->refused[i]);
}

static const struct column {
    const char *name, *help;
    size_t offset;
} columns[] = {
    {"beffroi_vault_repository_requests_total", "Requests by repository.",
     offsetof(struct repository, requests)},
    {"beffroi_vault_repository_received_bytes_total", "Bytes of objects received by repository.",
     offsetof(struct repository, received)},
    {"beffroi_vault_repository_sent_bytes_total", "Bytes of objects sent by repository.",
     offsetof(struct repository, sent)},
    {"beffroi_vault_repository_objects_added_total", "Objects added by repository.",
     offsetof(struct repository, added)},
    {"beffroi_vault_repository_objects_removed_total", "Objects removed by repository.",
     offsetof(struct repository, removed)},
    {"beffroi_vault_repository_refused_total", "Requests that were refused by repository.",
     offsetof(struct repository, refused)},
};

static void put_row(struct buf *out, const struct column *column, const struct repository *r,
                    const char *name)
{
    uint64_t value;
    memcpy(&value, (const char *)r + column->offset, sizeof value);
    buf_printf(out, "%s{repository=", column->name);
    metrics_put_label(out, name);
    buf_printf(out, "} %llu\n", (unsigned long long)value);
}

void metrics_put(struct metrics *m, struct buf *out)
{
    pthread_mutex_lock(&m->lock);
    put_requests(m, out);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        put_head(out, columns[c].name, "counter", columns[c].help);
        for (size_t i = 0; i < SLOTS; i++)
            if (m->repositories[i].name)
                put_row(out, &columns[c], &m->repositories[i], m->repositories[i].name);
        if (m->rest.requests)
            put_row(out, &columns[c], &m->rest, "...");
    }
    pthread_mutex_unlock(&m->lock);
}
