/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/guarded.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "blob/open.h"

#define MAX_WORKERS 32

struct name {
    char text[BLOB_NAME_LENGTH + 1];
};

/* Objects of a kind, taken one by one by several threads: each costs a question to the server. */
struct extending {
    struct blob_writer writer;
    enum blob_kind kind;
    struct name *names;
    size_t count, room;
    pthread_mutex_t mutex; /* everything below */
    size_t next;
    uint64_t extended;
    int err; /* the first */
    char *text, *hint;
};

static int add_name(void *context, const char *name, uint64_t size)
{
    struct extending *e = context;
    (void)size;
    if (e->count == e->room) {
        e->room = e->room ? 2 * e->room : 1024;
        e->names = mem_resize(e->names, e->room, sizeof *e->names);
    }
    memcpy(e->names[e->count++].text, name, sizeof e->names->text);
    return 0;
}

static void note(struct extending *e, int err, bool extended)
{
    pthread_mutex_lock(&e->mutex);
    e->extended += extended;
    if (err && !e->err) {
        e->err = err;
        e->text = mem_strdup(err_text());
        e->hint = mem_strdup(err_hint_text());
    }
    pthread_mutex_unlock(&e->mutex);
}

static const char *take(struct extending *e)
{
    pthread_mutex_lock(&e->mutex);
    const char *name = e->err || e->next == e->count ? NULL : e->names[e->next++].text;
    pthread_mutex_unlock(&e->mutex);
    return name;
}

/* What was removed since it was listed needs no lock. */
static void *work(void *context)
{
    struct extending *e = context;
    const char *name;
    while ((name = take(e))) {
        bool extended = false;
        int err = blob_extend_lock(e->writer, e->kind, name, &extended);
        note(e, err == ERR_NOT_FOUND ? 0 : err, extended);
    }
    return NULL;
}

static void work_together(struct extending *e)
{
    pthread_t helpers[MAX_WORKERS];
    unsigned wanted = blob_connections(e->writer.store), started = 0;
    while (started + 1 < wanted && started < MAX_WORKERS && started < e->count &&
           pthread_create(&helpers[started], NULL, work, e) == 0)
        started++;
    work(e);
    while (started > 0)
        pthread_join(helpers[--started], NULL);
}

static int extend_kind(struct blob_store *store, enum blob_kind kind, struct vault_extend_result *result)
{
    struct extending e = {.writer = blob_writer(store), .kind = kind};
    pthread_mutex_init(&e.mutex, NULL);
    int err = blob_list(blob_reader(store), kind, add_name, &e);
    if (!err) {
        work_together(&e);
        err = e.err;
        if (err)
            err_hint(err_set((enum err)err, "%s", e.text), "%s", e.hint);
    }
    result->objects += e.count;
    result->extended += e.extended;
    pthread_mutex_destroy(&e.mutex);
    free(e.text);
    free(e.hint);
    free(e.names);
    return err;
}

/* What others need comes last, as when it is written: nothing that is locked for long names what is not. */
int vault_extend_locks(const char *location, struct vault_extend_result *result)
{
    static const enum blob_kind kinds[] = {BLOB_PACK, BLOB_INDEX, BLOB_KEY, BLOB_SNAPSHOT};
    struct blob_store *store;
    bool extended = false;
    *result = (struct vault_extend_result){0};
    int err = blob_open(location, &store);
    if (err)
        return err;
    err = blob_extend_lock(blob_writer(store), BLOB_CONFIG, NULL, &extended);
    result->objects = !err;
    result->extended = extended;
    for (size_t i = 0; !err && i < sizeof kinds / sizeof *kinds; i++)
        err = extend_kind(store, kinds[i], result);
    blob_close(store);
    return err;
}

int vault_undelete(const char *location, int64_t since_ns, bool dry_run, blob_undelete_visit *visit,
                   void *context)
{
    struct blob_store *store;
    int err = blob_open(location, &store);
    if (err)
        return err;
    err = blob_undelete(blob_writer(store), since_ns, dry_run, visit, context);
    blob_close(store);
    return err;
}

int vault_prove_lock(const struct vault *vault)
{
    struct blob_writer writer = vault_writer(vault);
    return blob_is_locking(writer.store) ? blob_prove_lock(writer) : 0;
}
