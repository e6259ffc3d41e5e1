/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "respond/containment.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAGIC      "BEFCONT1"
#define MAGIC_SIZE 8
#define FILE_MAX   (64u << 20)

static uint32_t sum_of(const uint8_t *bytes, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static void entry_free(struct contained *e)
{
    for (size_t i = 0; i < e->process_count; i++)
        free(e->processes[i].cgroup);
    free(e->processes);
    *e = (struct contained){0};
}

void containment_close(struct containment *c)
{
    for (size_t i = 0; i < c->count; i++)
        entry_free(&c->entries[i]);
    free(c->entries);
    c->entries = NULL;
    c->count = 0;
}

static void get_process(struct reader *r, struct contained *e)
{
    char cgroup[CGROUP_PATH_SIZE];
    int32_t pid = (int32_t)reader_u32(r);
    uint64_t start = reader_u64(r);
    bool was_stopped = reader_u8(r);
    reader_string(r, cgroup, sizeof cgroup);
    if (pid <= 1 || strstr(cgroup, "/.."))
        r->failed = true;
    if (!r->failed)
        containment_add_process(e, pid, start, was_stopped, cgroup);
}

static void get_entry(struct reader *r, struct contained *e)
{
    *e = (struct contained){.kind = (enum order_kind)reader_u8(r)};
    e->incident = reader_u32(r);
    e->root_pid = (int32_t)reader_u32(r);
    e->root_start = reader_u64(r);
    reader_string(r, e->client, sizeof e->client);
    e->namespace = reader_u64(r);
    uint32_t count = reader_u32(r);
    if (count > CONTAINMENT_PROCESSES || (e->kind != ORDER_FREEZE && e->kind != ORDER_LOCKOUT))
        r->failed = true;
    for (uint32_t i = 0; i < count && !r->failed; i++)
        get_process(r, e);
}

static int corrupt(void)
{
    return err_set(ERR_CORRUPT, _("the list of what is frozen and shut out is damaged"));
}

int containment_parse(const void *bytes, size_t length, const char *boot, struct containment *out)
{
    struct reader r;
    char written_in[BOOT_ID_SIZE];
    if (length < MAGIC_SIZE + 4 || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0)
        return corrupt();
    reader_init(&r, (const uint8_t *)bytes + length - 4, 4);
    if (reader_u32(&r) != sum_of(bytes, length - 4))
        return corrupt();
    reader_init(&r, (const uint8_t *)bytes + MAGIC_SIZE, length - MAGIC_SIZE - 4);
    reader_string(&r, written_in, sizeof written_in);
    uint32_t count = reader_u32(&r);
    if (count > CONTAINMENT_ENTRIES)
        r.failed = true;
    for (uint32_t i = 0; i < count && !r.failed; i++) {
        struct contained e;
        get_entry(&r, &e);
        if (r.failed || (e.kind == ORDER_FREEZE && strcmp(boot, written_in) != 0)) {
            entry_free(&e);
            continue;
        }
        out->entries = mem_resize(out->entries, out->count + 1, sizeof *out->entries);
        out->entries[out->count++] = e;
    }
    if (reader_done(&r))
        return 0;
    containment_close(out);
    return corrupt();
}

int containment_open(int state_fd, struct containment *out)
{
    char boot[BOOT_ID_SIZE];
    struct buf b BUF_AUTO;
    buf_init(&b, FILE_MAX);
    *out = (struct containment){.state_fd = state_fd};
    int err = fd_read_file(state_fd, "containment", &b);
    if (err == ERR_NOT_FOUND)
        return 0;
    clock_boot_id(boot);
    if (!err)
        err = containment_parse(b.data, b.length, boot, out);
    if (err == ERR_CORRUPT)
        renameat(state_fd, "containment", state_fd, "containment.damaged");
    return err;
}

static bool is_target(const struct contained *e, enum order_kind kind, const struct actor *culprit)
{
    if (e->kind != kind)
        return false;
    if (kind == ORDER_LOCKOUT)
        return strncmp(e->client, culprit->client, sizeof e->client) == 0;
    return e->root_pid == culprit->root_pid && e->root_start == culprit->root_start;
}

struct contained *containment_find(struct containment *c, enum order_kind kind, const struct actor *culprit)
{
    for (size_t i = 0; i < c->count; i++)
        if (is_target(&c->entries[i], kind, culprit))
            return &c->entries[i];
    return NULL;
}

struct contained *containment_take(struct containment *c, const struct order *order)
{
    struct contained *e = containment_find(c, order->kind, &order->culprit);
    if (e)
        return e;
    c->entries = mem_resize(c->entries, c->count + 1, sizeof *c->entries);
    e = &c->entries[c->count++];
    *e = (struct contained){.kind = order->kind,
                            .incident = order->incident,
                            .root_pid = order->culprit.root_pid,
                            .root_start = order->culprit.root_start};
    if (order->kind == ORDER_LOCKOUT)
        memcpy(e->client, order->culprit.client, sizeof e->client - 1);
    return e;
}

void containment_add_process(struct contained *e, int32_t pid, uint64_t start, bool was_stopped,
                             const char *cgroup)
{
    for (size_t i = 0; i < e->process_count; i++)
        if (e->processes[i].pid == pid && e->processes[i].start == start)
            return;
    e->processes = mem_resize(e->processes, e->process_count + 1, sizeof *e->processes);
    e->processes[e->process_count++] = (struct contained_process){
        .pid = pid, .start = start, .was_stopped = was_stopped, .cgroup = mem_strdup(cgroup)};
}

void containment_drop(struct containment *c, struct contained *entry)
{
    entry_free(entry);
    size_t index = (size_t)(entry - c->entries);
    memmove(entry, entry + 1, (c->count - index - 1) * sizeof *entry);
    c->count--;
}

static void put_entry(struct buf *b, const struct contained *e)
{
    buf_put_u8(b, (uint8_t)e->kind);
    buf_put_u32(b, e->incident);
    buf_put_u32(b, (uint32_t)e->root_pid);
    buf_put_u64(b, e->root_start);
    buf_put_string(b, e->client);
    buf_put_u64(b, e->namespace);
    buf_put_u32(b, (uint32_t)e->process_count);
    for (size_t i = 0; i < e->process_count; i++) {
        buf_put_u32(b, (uint32_t)e->processes[i].pid);
        buf_put_u64(b, e->processes[i].start);
        buf_put_u8(b, e->processes[i].was_stopped);
        buf_put_string(b, e->processes[i].cgroup);
    }
}

/* Whole at any instant for other processes, but not synced: the contents matter only as long as the machine
 * runs. */
static int replace_unsynced(int dirfd, const struct buf *b)
{
    int fd FD_AUTO =
        openat(dirfd, ".containment.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot write the list of what is frozen and shut out"));
    int err = fd_write_all(fd, b->data, b->length, "containment");
    if (!err && renameat(dirfd, ".containment.new", dirfd, "containment") != 0)
        err = err_sys(_("cannot write the list of what is frozen and shut out"));
    return err;
}

int containment_save(struct containment *c, bool lasting)
{
    char boot[BOOT_ID_SIZE];
    struct buf b BUF_AUTO;
    buf_init(&b, FILE_MAX);
    clock_boot_id(boot);
    buf_put(&b, MAGIC, MAGIC_SIZE);
    buf_put_string(&b, boot);
    buf_put_u32(&b, (uint32_t)c->count);
    for (size_t i = 0; i < c->count; i++)
        put_entry(&b, &c->entries[i]);
    buf_put_u32(&b, sum_of(b.data, b.length));
    if (b.overflowed)
        return err_set(ERR_TOO_LARGE, _("the list of what is frozen and shut out is too large"));
    return lasting ? durable_write(c->state_fd, "containment", b.data, b.length, 0600)
                   : replace_unsynced(c->state_fd, &b);
}
