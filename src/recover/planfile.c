/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recover/planfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"

#define PLAN_MAGIC "BEFPLAN1"
#define DONE_MAGIC "BEFDONE1"
#define MAGIC_SIZE 8
#define DONE_MAX   (256u << 20)

/* CRC-32 with the reflected polynomial 0xedb88320, as in zlib and Ethernet. */
static uint32_t crc32_of(const uint8_t *bytes, size_t length)
{
    static const uint32_t nibble[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ nibble[crc & 15];
        crc = crc >> 4 ^ nibble[crc & 15];
    }
    return ~crc;
}

static void put_record(struct buf *out, const struct buf *payload)
{
    buf_put_u32(out, (uint32_t)payload->length);
    buf_put_u32(out, crc32_of(payload->data, payload->length));
    buf_put(out, payload->data, payload->length);
}

/* The next record's payload, or NULL at the end or at damage (then r->failed). */
static const uint8_t *next_record(struct reader *r, uint32_t *length)
{
    if (reader_left(r) == 0)
        return NULL;
    *length = reader_u32(r);
    uint32_t crc = reader_u32(r);
    if (*length > PLANFILE_RECORD)
        r->failed = true;
    const uint8_t *payload = reader_bytes(r, *length);
    if (!payload || crc32_of(payload, *length) != crc) {
        r->failed = true;
        return NULL;
    }
    return payload;
}

static bool magic_is(struct reader *r, const char *magic)
{
    const uint8_t *bytes = reader_bytes(r, MAGIC_SIZE);
    return bytes && memcmp(bytes, magic, MAGIC_SIZE) == 0;
}

static void put_state(struct buf *b, const struct filestate *state)
{
    buf_put_u64(b, state->inode);
    buf_put_u64(b, state->size);
    buf_put_u64(b, (uint64_t)state->ctime_ns);
}

static void get_state(struct reader *r, struct filestate *state)
{
    state->inode = reader_u64(r);
    state->size = reader_u64(r);
    state->ctime_ns = (int64_t)reader_u64(r);
}

static void put_step(struct buf *b, const struct step *s, uint32_t number)
{
    buf_put_u32(b, number);
    buf_put_u8(b, (uint8_t)s->kind);
    buf_put_u32(b, s->tree);
    buf_put_string(b, s->path);
    buf_put_string(b, s->from);
    buf_put_u8(b, (uint8_t)s->version.kind);
    buf_put_u64(b, s->version.id);
    buf_put_u64(b, s->version.inode);
    buf_put_u64(b, s->version.size);
    buf_put_u64(b, (uint64_t)s->version.mtime_ns);
    buf_put_u64(b, (uint64_t)s->version.ctime_ns);
    put_state(b, &s->expected);
}

static bool get_step(const uint8_t *payload, size_t length, struct step *s)
{
    struct reader r;
    reader_init(&r, payload, length);
    s->number = reader_u32(&r);
    s->kind = (enum step_kind)reader_u8(&r);
    s->tree = reader_u32(&r);
    reader_string(&r, s->path, sizeof s->path);
    reader_string(&r, s->from, sizeof s->from);
    s->version.kind = (enum version_kind)reader_u8(&r);
    s->version.id = reader_u64(&r);
    s->version.inode = reader_u64(&r);
    s->version.size = reader_u64(&r);
    s->version.mtime_ns = (int64_t)reader_u64(&r);
    s->version.ctime_ns = (int64_t)reader_u64(&r);
    get_state(&r, &s->expected);
    return reader_done(&r) && s->kind >= STEP_RESTORE && s->kind <= STEP_REMOVE_FOLDER &&
           path_is_plain(s->path) && (!s->from[0] || path_is_plain(s->from)) &&
           (s->kind != STEP_RENAME || s->from[0]);
}

static int corrupt_plan(void)
{
    return err_set(ERR_CORRUPT, _("the recovery plan is damaged"));
}

int planfile_parse(struct buf *bytes, struct planfile *out)
{
    struct planfile plan = {0};
    struct reader r;
    reader_init(&r, bytes->data, bytes->length);
    if (!magic_is(&r, PLAN_MAGIC))
        return corrupt_plan();
    size_t room = 0;
    struct step *step = mem_zalloc(1, sizeof *step);
    const uint8_t *payload;
    uint32_t length;
    while ((payload = next_record(&r, &length))) {
        if (!get_step(payload, length, step) || step->number != plan.count + 1) {
            r.failed = true;
            break;
        }
        if (plan.count == room) {
            room = room ? room * 2 : 256;
            plan.offsets = mem_resize(plan.offsets, room, sizeof *plan.offsets);
            plan.lengths = mem_resize(plan.lengths, room, sizeof *plan.lengths);
        }
        plan.offsets[plan.count] = (size_t)(payload - bytes->data);
        plan.lengths[plan.count++] = length;
    }
    free(step);
    if (r.failed) {
        planfile_free(&plan);
        return corrupt_plan();
    }
    plan.bytes = *bytes;
    buf_init(bytes, 0);
    *out = plan;
    return 0;
}

int planfile_read(int incident_dirfd, struct planfile *out)
{
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, PLANFILE_MAX_BYTES);
    int err = fd_read_file(incident_dirfd, "plan", &bytes);
    return err ? err : planfile_parse(&bytes, out);
}

void planfile_free(struct planfile *plan)
{
    if (!plan)
        return;
    buf_free(&plan->bytes);
    free(plan->offsets);
    free(plan->lengths);
    *plan = (struct planfile){0};
}

void planfile_step(const struct planfile *plan, size_t index, struct step *out)
{
    get_step(plan->bytes.data + plan->offsets[index], plan->lengths[index], out);
}

int planfile_write(int incident_dirfd, const struct step *steps, size_t count)
{
    struct buf file BUF_AUTO, payload BUF_AUTO;
    buf_init(&file, PLANFILE_MAX_BYTES);
    buf_init(&payload, PLANFILE_RECORD);
    buf_put(&file, PLAN_MAGIC, MAGIC_SIZE);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&payload);
        put_step(&payload, &steps[i], (uint32_t)i + 1);
        put_record(&file, &payload);
    }
    if (file.overflowed || payload.overflowed)
        return err_set(ERR_TOO_LARGE, _("the recovery plan is too large"));
    struct buf old BUF_AUTO;
    buf_init(&old, PLANFILE_MAX_BYTES);
    int err = fd_read_file(incident_dirfd, "plan", &old);
    if (err == ERR_NOT_FOUND)
        return durable_write(incident_dirfd, "plan", file.data, file.length, 0600);
    if (!err && (old.length != file.length || memcmp(old.data, file.data, file.length) != 0))
        return err_set(ERR_EXISTS, _("it has another plan already"));
    return err;
}

/* --- what is done ------------------------------------------------------------------------------------ */

static bool get_done(const uint8_t *payload, size_t length, struct done *d)
{
    struct reader r;
    reader_init(&r, payload, length);
    d->number = reader_u32(&r);
    d->result = reader_u8(&r);
    d->flags = reader_u8(&r);
    get_state(&r, &d->placed);
    d->beside = reader_string_new(&r, EVENT_PATH_SIZE - 1);
    if (reader_done(&r) && (!d->beside || !*d->beside || path_is_plain(d->beside)))
        return true;
    free(d->beside);
    d->beside = NULL;
    return false;
}

/* Remembers a record, whose `beside` it takes over. */
static void remember(struct donefile *file, struct done *d)
{
    if (d->beside && !*d->beside) {
        free(d->beside);
        d->beside = NULL;
    }
    if (d->number == 0) {
        file->undoing = d->result == DONE_UNDOING;
        file->undone = d->result == DONE_ALL_UNDONE;
    }
    if (d->number == 0 || d->number > file->count) {
        free(d->beside);
        return;
    }
    free(file->steps[d->number - 1].beside);
    file->steps[d->number - 1] = *d;
}

size_t donefile_parse(const void *bytes, size_t length, struct donefile *file)
{
    struct reader r;
    reader_init(&r, bytes, length);
    if (!magic_is(&r, DONE_MAGIC))
        return 0;
    size_t whole = MAGIC_SIZE;
    const uint8_t *payload;
    uint32_t size;
    struct done d;
    while ((payload = next_record(&r, &size)) && get_done(payload, size, &d)) {
        remember(file, &d);
        whole = length - reader_left(&r);
    }
    return whole;
}

static int start_file(struct donefile *file, size_t whole)
{
    if (ftruncate(file->fd, (off_t)whole) != 0 || lseek(file->fd, 0, SEEK_END) < 0)
        return err_sys(_("cannot write the progress of the recovery"));
    return whole ? 0 : fd_write_all(file->fd, DONE_MAGIC, MAGIC_SIZE, "done");
}

int donefile_open(int incident_dirfd, size_t count, struct donefile *out)
{
    struct donefile file = {.count = count};
    file.fd = openat(incident_dirfd, "done", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file.fd < 0)
        return err_sys(_("cannot open the progress of the recovery"));
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, DONE_MAX);
    file.steps = mem_zalloc(count + 1, sizeof *file.steps);
    int err = fd_read_all(file.fd, &bytes, "done");
    if (!err)
        err = start_file(&file, donefile_parse(bytes.data, bytes.length, &file));
    if (err)
        donefile_close(&file);
    else
        *out = file;
    return err;
}

void donefile_close(struct donefile *file)
{
    if (!file)
        return;
    for (size_t i = 0; file->steps && i < file->count; i++)
        free(file->steps[i].beside);
    free(file->steps);
    fd_close(&file->fd);
    *file = (struct donefile){.fd = -1};
}

int donefile_add(struct donefile *file, const struct done *record)
{
    struct buf out BUF_AUTO, payload BUF_AUTO;
    buf_init(&out, PLANFILE_RECORD + 8);
    buf_init(&payload, PLANFILE_RECORD);
    buf_put_u32(&payload, record->number);
    buf_put_u8(&payload, record->result);
    buf_put_u8(&payload, record->flags);
    put_state(&payload, &record->placed);
    buf_put_string(&payload, record->beside);
    put_record(&out, &payload);
    off_t end = lseek(file->fd, 0, SEEK_END);
    int err = fd_write_all(file->fd, out.data, out.length, "done");
    /* Half a record would hide all that are written after it. */
    if (err && (end < 0 || ftruncate(file->fd, end) != 0))
        err = err_in(err, _("the progress of the recovery cannot be mended"));
    struct done kept = *record;
    remember(file, &kept);
    return err;
}

int donefile_sync(struct donefile *file)
{
    return durable_sync(file->fd, "done");
}
