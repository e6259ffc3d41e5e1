/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect_traces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "detect/trace.h"

#define ALERTS_KEPT 64
#define RECORD_MOST 80

struct file {
    char *path; /* NULL: gone */
    uint8_t *bytes;
    size_t length;
    uint64_t inode;
    bool fresh; /* not closed since it was created */
    bool decoy;
};

/* As the sensor does it: deletions and renames come without sketches, EVENT_FRESH until the first closing. */
struct world {
    struct detect *detect;
    struct file *files;
    size_t count, capacity;
    int32_t *index; /* open hash of paths to files, -1 free */
    size_t index_size;
    uint64_t next_inode, sequence;
    int64_t now_ns, step_ns;
    size_t alert_count, watches, unwatches, harmed, harmed_at_alert;
    struct alert alerts[ALERTS_KEPT];
    struct buf trace;
    char *trace_name;
    struct event event;
};

static void on_alert(const struct alert *alert, void *self)
{
    struct world *w = self;
    if (w->alert_count == 0)
        w->harmed_at_alert = w->harmed;
    if (w->alert_count < ALERTS_KEPT)
        w->alerts[w->alert_count] = *alert;
    w->alert_count++;
}

static void on_watch(enum scope scope, const struct actor *who, uint32_t tree, bool on, void *self)
{
    struct world *w = self;
    (void)scope;
    (void)who;
    (void)tree;
    if (on)
        w->watches++;
    else
        w->unwatches++;
}

struct world *world_new(uint32_t tree_files)
{
    struct world *w = mem_zalloc(1, sizeof(*w));
    struct detect_sink sink = {on_alert, on_watch, w};
    w->detect = detect_new(&sink, 1);
    detect_set_tree_files(w->detect, 0, tree_files);
    buf_init(&w->trace, 0);
    trace_begin(&w->trace);
    trace_put_tree(&w->trace, 0, tree_files);
    w->next_inode = 1000;
    w->now_ns = 5 * NS_PER_SECOND;
    w->step_ns = NS_PER_MS;
    w->index_size = 1 << 18;
    w->index = mem_zalloc(w->index_size, sizeof(int32_t));
    memset(w->index, 0xFF, w->index_size * sizeof(int32_t));
    return w;
}

struct detect *world_detect(struct world *w)
{
    return w->detect;
}

void world_record(struct world *w, const char *name)
{
    free(w->trace_name);
    w->trace_name = mem_strdup(name);
}

static void write_trace(struct world *w)
{
    const char *folder = getenv("BEFFROI_TRACES");
    if (!folder || !w->trace_name)
        return;
    char *path = mem_printf("%s/%s.trace", folder, w->trace_name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(w->trace.data, 1, w->trace.length, file) != w->trace.length || fclose(file) != 0)
        perror(path);
    free(path);
}

void world_free(struct world *w)
{
    write_trace(w);
    buf_free(&w->trace);
    free(w->trace_name);
    for (size_t i = 0; i < w->count; i++) {
        free(w->files[i].path);
        free(w->files[i].bytes);
    }
    detect_free(w->detect);
    free(w->files);
    free(w->index);
    free(w);
}

size_t world_alerts(const struct world *w)
{
    return w->alert_count;
}

const struct alert *world_alert(const struct world *w, size_t index)
{
    return index < w->alert_count && index < ALERTS_KEPT ? &w->alerts[index] : NULL;
}

size_t world_watches(const struct world *w)
{
    return w->watches;
}

size_t world_unwatches(const struct world *w)
{
    return w->unwatches;
}

uint64_t world_events(const struct world *w)
{
    return w->sequence;
}

size_t world_harmed_at_alert(const struct world *w)
{
    return w->harmed_at_alert;
}

void world_step(struct world *w, int64_t step_ns)
{
    w->step_ns = step_ns;
}

void world_wait(struct world *w, int64_t ns)
{
    int64_t tick = ns / 1000 > NS_PER_SECOND ? ns / 1000 : NS_PER_SECOND;
    for (int64_t passed = 0; passed < ns; passed += tick) {
        w->now_ns += tick;
        detect_tick(w->detect, w->now_ns);
    }
}

struct actor world_actor(int32_t root_pid, uint32_t uid, const char *exe)
{
    struct actor a = {.pid = root_pid, .start = (uint64_t)root_pid * 7, .root_pid = root_pid, .uid = uid};
    a.root_start = a.start;
    snprintf(a.exe, sizeof(a.exe), "%s", exe);
    return a;
}

/* ---- the file table ---- */

static size_t slot_of(const struct world *w, const char *path)
{
    uint64_t hash = 1469598103934665603u;
    for (const char *c = path; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 1099511628211u;
    return (size_t)((hash ^ hash >> 20) % w->index_size);
}

static struct file *find(const struct world *w, const char *path)
{
    for (size_t slot = slot_of(w, path); w->index[slot] != -1; slot = (slot + 1) % w->index_size) {
        int32_t i = w->index[slot];
        if (i >= 0 && w->files[i].path && strcmp(w->files[i].path, path) == 0)
            return &w->files[i];
    }
    return NULL;
}

static void enter(struct world *w, const char *path, int32_t file)
{
    size_t slot = slot_of(w, path);
    while (w->index[slot] != -1 && w->files[w->index[slot]].path)
        slot = (slot + 1) % w->index_size;
    w->index[slot] = file;
}

static struct file *add(struct world *w, const char *path)
{
    if (w->count == w->capacity) {
        w->capacity = w->capacity ? w->capacity * 2 : 256;
        w->files = mem_resize(w->files, w->capacity, sizeof(*w->files));
    }
    struct file *file = &w->files[w->count++];
    *file = (struct file){.path = mem_strdup(path), .inode = w->next_inode++};
    enter(w, path, (int32_t)w->count - 1);
    return file;
}

void world_place(struct world *w, const char *path, const uint8_t *bytes, size_t length)
{
    struct file *file = add(w, path);
    file->bytes = mem_dup(bytes, length);
    file->length = length;
}

bool world_has(const struct world *w, const char *path)
{
    return find(w, path) != NULL;
}

const uint8_t *world_bytes(const struct world *w, const char *path, size_t *length)
{
    struct file *file = find(w, path);
    *length = file ? file->length : 0;
    return file ? file->bytes : NULL;
}

const char *world_path(const struct world *w, size_t index)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->files[i].path && index-- == 0)
            return w->files[i].path;
    return NULL;
}

void world_decoy(struct world *w, const char *path)
{
    struct file *file = find(w, path);
    if (file)
        file->decoy = true;
}

/* ---- events ---- */

static void draw(const uint8_t *bytes, size_t length, struct sketch *out)
{
    memset(out, 0, sizeof(*out));
    out->valid = 1;
    out->size = length;
    out->filetype = (uint8_t)filetype_guess(bytes, length < SKETCH_BLOCK_SIZE ? length : SKETCH_BLOCK_SIZE);
    for (size_t i = 0; i < SKETCH_BLOCKS && sketch_offsets[i] < length; i++)
        sketch_block_measure(bytes + sketch_offsets[i], length - (size_t)sketch_offsets[i], &out->blocks[i]);
}

static struct event *begin(struct world *w, enum event_kind kind, const struct actor *who, const char *path)
{
    struct event *e = &w->event;
    memset(e, 0, sizeof(*e));
    w->now_ns += w->step_ns;
    e->sequence = ++w->sequence;
    e->monotonic_ns = w->now_ns;
    e->time_ns = INT64_C(1700000000) * NS_PER_SECOND + w->now_ns;
    e->kind = kind;
    e->actor = *who;
    snprintf(e->path, sizeof(e->path), "%s", path);
    return e;
}

static void send(struct world *w)
{
    if (detect_is_harm(w->detect, &w->event))
        w->harmed++;
    if (getenv("BEFFROI_TRACES") && w->sequence <= RECORD_MOST)
        trace_put_event(&w->trace, &w->event);
    detect_event(w->detect, &w->event);
}

static void describe(const struct file *file, const struct actor *who, struct event *e)
{
    e->before.inode = file->inode;
    e->before.size = file->length;
    (void)who;
    if (file->fresh) /* created, not yet written and closed */
        e->flags |= EVENT_FRESH;
    if (file->decoy)
        e->flags |= EVENT_DECOY;
}

void world_write(struct world *w, const struct actor *who, const char *path, const uint8_t *bytes,
                 size_t length)
{
    struct file *file = find(w, path);
    if (!file) {
        file = add(w, path);
        file->fresh = true;
        begin(w, EVENT_CREATED, who, path)->flags = EVENT_FRESH;
        w->event.after.inode = file->inode;
        send(w);
    }
    struct event *e = begin(w, EVENT_WRITTEN, who, path);
    describe(file, who, e);
    draw(file->bytes, file->length, &e->old_sketch);
    draw(bytes, length, &e->new_sketch);
    e->after.inode = file->inode;
    e->after.size = length;
    free(file->bytes);
    file->bytes = mem_dup(bytes, length);
    file->length = length;
    file->fresh = false;
    send(w);
}

void world_rename(struct world *w, const struct actor *who, const char *from, const char *to)
{
    struct file *file = find(w, from), *victim = find(w, to);
    if (!file)
        return;
    struct event *e = begin(w, EVENT_RENAMED, who, from);
    snprintf(e->new_path, sizeof(e->new_path), "%s", to);
    describe(file, who, e);
    e->after.inode = file->inode;
    e->after.size = file->length;
    if (victim) {
        e->replaced.inode = victim->inode;
        e->replaced.size = victim->length;
        free(victim->path);
        victim->path = NULL;
    }
    free(file->path);
    file->path = mem_strdup(to);
    enter(w, to, (int32_t)(file - w->files));
    send(w);
}

void world_delete(struct world *w, const struct actor *who, const char *path)
{
    struct file *file = find(w, path);
    if (!file)
        return;
    struct event *e = begin(w, EVENT_DELETED, who, path);
    describe(file, who, e);
    free(file->path);
    file->path = NULL;
    send(w);
}

/* ---- contents ---- */

static uint64_t next(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void content_random(uint8_t *bytes, size_t length, uint64_t seed)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(next(&seed) >> 33);
}

static void fill_text(uint8_t *bytes, size_t length, uint64_t seed)
{
    static const char *const words[] = {
        "le ",    "conseil ", "municipal ", "de ",     "la ",        "commune ", "budget ",   "2026 ",
        "école ", "travaux ", "route ",     "séance ", "dossier ",   "n° ",      "Monsieur ", "maire\n",
        "et ",    "12,50 ",   "rue ",       "des ",    "Tilleuls, ", "à ",       "Caen.\n"};
    for (size_t at = 0; at < length;) {
        const char *word = words[next(&seed) % (sizeof(words) / sizeof(words[0]))];
        for (; *word && at < length; word++)
            bytes[at++] = (uint8_t)*word;
    }
}

static void fill_table(uint8_t *bytes, size_t length, uint64_t seed)
{
    memset(bytes, 0, length);
    for (size_t row = 0; row + 32 <= length; row += 32) {
        uint64_t value = next(&seed) % 100000;
        memcpy(bytes + row, &value, 4);
        snprintf((char *)bytes + row + 8, 24, "Dupont %05u", (unsigned)(next(&seed) % 90000));
    }
}

#define POOL_TEXT (12 << 20)

/* One long deflate stream of words and numbers, made once: what is inside office documents, PDF streams and
 * loose objects. */
static const uint8_t *deflated_pool(size_t *length)
{
    static uint8_t *pool;
    static uLongf pool_length;
    if (!pool) {
        uint64_t seed = 1;
        uint8_t *text = mem_zalloc(POOL_TEXT, 1);
        fill_text(text, POOL_TEXT, seed);
        for (size_t i = 0; i < POOL_TEXT; i += 3)
            text[i] = (uint8_t)('0' + next(&seed) % 75);
        pool_length = compressBound(POOL_TEXT);
        pool = mem_zalloc(pool_length, 1);
        compress2(pool, &pool_length, text, POOL_TEXT, 1);
        free(text);
    }
    *length = pool_length;
    return pool;
}

/* A piece of it, from a place that the seed chooses. */
static void fill_deflated(uint8_t *bytes, size_t length, uint64_t seed)
{
    size_t pool_length;
    const uint8_t *pool = deflated_pool(&pool_length);
    memcpy(bytes, pool + next(&seed) % (pool_length - length), length);
}

static void put_head(uint8_t *bytes, size_t length, const char *head, size_t head_length)
{
    memcpy(bytes, head, head_length < length ? head_length : length);
}

#define HEAD(text) put_head(bytes, length, text, sizeof(text) - 1)

uint8_t *content_make(enum content kind, uint64_t seed, size_t length)
{
    uint8_t *bytes = mem_zalloc(length + 1, 1);
    switch (kind) {
    case TEXT:
        fill_text(bytes, length, seed);
        break;
    case DOCUMENT:
        fill_deflated(bytes, length, seed);
        HEAD("PK\003\004\024\000\000\000\010\000\000\000!\000\000\000\000\000\000\000\000\000\000\000\000\000"
             "\023\000\000\000[Content_Types].xml");
        break;
    case PDF:
        fill_deflated(bytes, length, seed);
        HEAD("%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n5 0 obj\n<< /Length 9000 "
             "/Filter /FlateDecode >>\nstream\n");
        break;
    case PICTURE:
        fill_deflated(bytes, length, seed);
        HEAD("\xFF\xD8\xFF\xE0\000\020JFIF\000\001\001\001\000`\000`\000\000");
        break;
    case GZIP:
        fill_deflated(bytes, length, seed);
        HEAD("\x1F\x8B\x08\000\000\000\000\000\000\003");
        break;
    case LOOSE_OBJECT:
        fill_deflated(bytes, length, seed);
        HEAD("x\001");
        break;
    case TABLE:
        fill_table(bytes, length, seed);
        break;
    case DATABASE:
        fill_table(bytes, length, seed);
        HEAD("SQLite format 3\000\020\000\001\001\000@  ");
        break;
    case OLD_DOC:
        fill_table(bytes, length, seed);
        HEAD("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
        break;
    case PROGRAM:
    case OBJECT_FILE:
        fill_table(bytes, length, seed);
        HEAD("\x7F"
             "ELF\002\001\001\000");
        break;
    }
    return bytes;
}

uint8_t *content_base64(const uint8_t *bytes, size_t length, size_t *out_length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *out = mem_zalloc(length / 3 * 4 + 8, 1);
    size_t at = 0;
    for (size_t i = 0; i + 3 <= length; i += 3) {
        unsigned word = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            out[at++] = (uint8_t)letters[word >> shift & 63];
    }
    *out_length = at;
    return out;
}

void world_share(struct world *w, size_t folders, size_t files)
{
    static const struct {
        enum content kind;
        const char *extension;
    } kinds[] = {{DOCUMENT, "docx"}, {TEXT, "txt"}, {PICTURE, "jpg"}, {PDF, "pdf"},
                 {DOCUMENT, "xlsx"}, {TEXT, "csv"}, {OLD_DOC, "doc"}, {DATABASE, "sqlite"}};
    for (size_t i = 0; i < files; i++) {
        char path[128];
        size_t kind = i % (sizeof(kinds) / sizeof(kinds[0])), length = 3000 + (i * 7919) % 60000;
        snprintf(path, sizeof(path), "Service %02zu/Année %zu/pièce %04zu.%s", i % folders,
                 2018 + i / folders % 7, i, kinds[kind].extension);
        uint8_t *bytes = content_make(kinds[kind].kind, i + 1, length);
        world_place(w, path, bytes, length);
        free(bytes);
    }
}
