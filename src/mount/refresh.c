/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keeping up with the snapshots; the contract is in mount/state.h.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/log.h"
#include "mount/state.h"

struct look {
    uint8_t seen[SHA256_SIZE];
    size_t count;
};

/* The names are digests, so their sum stands for the set of them, in whatever order they come. */
static int look_at(void *context, const char *name, uint64_t size)
{
    struct look *look = context;
    uint8_t id[SHA256_SIZE];
    (void)size;
    if (hex_decode(name, id, SHA256_SIZE) != 0)
        return 0;
    for (size_t i = 0; i < SHA256_SIZE; i++)
        look->seen[i] ^= id[i];
    look->count++;
    return 0;
}

static void log_bad(void *context, const char *name, int err)
{
    (void)context;
    (void)name;
    (void)err;
    log_error("%s", err_text());
}

/* The snapshots first: the index of what they need was written before them. */
static int read_anew(struct mount *mount)
{
    struct snapshots list;
    struct vault *vault;
    int err = snapshot_read_all(mount->vault, log_bad, NULL, &list);
    if (err)
        return err;
    err = vault_open_with_key(vault_location(mount->vault), mount->key, &vault);
    if (!err) {
        err = vault_need_index_but(vault, log_bad, NULL);
        if (err)
            vault_close(vault);
    }
    if (!err) {
        if (mount->pool)
            pool_replace(mount->pool, vault);
        else
            mount->pool = pool_new(vault);
        pthread_mutex_lock(&mount->places_mutex);
        err = places_update(mount->places, &list, clock_system.wall_ns(clock_system.self));
        pthread_mutex_unlock(&mount->places_mutex);
    }
    snapshot_free_all(&list);
    return err;
}

static int look_again(struct mount *mount)
{
    struct look look = {.count = 0};
    int err = blob_list(vault_reader(mount->vault), BLOB_SNAPSHOT, look_at, &look);
    bool same =
        mount->pool && look.count == mount->seen_count && memcmp(look.seen, mount->seen, SHA256_SIZE) == 0;
    if (err || same)
        return err;
    err = read_anew(mount);
    if (err)
        return err;
    memcpy(mount->seen, look.seen, SHA256_SIZE);
    mount->seen_count = look.count;
    return 0;
}

void mount_refresh(struct mount *mount)
{
    if (pthread_mutex_trylock(&mount->refreshing) != 0)
        return;
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    if (now - mount->looked_ns >= MOUNT_REFRESH_SECONDS * NS_PER_SECOND) {
        int err = look_again(mount);
        if (err)
            mount_complain(mount, PLACES_ROOT, NULL, err);
        mount->looked_ns = clock_system.monotonic_ns(clock_system.self);
    }
    pthread_mutex_unlock(&mount->refreshing);
}

int mount_first_look(struct mount *mount)
{
    pthread_mutex_lock(&mount->refreshing);
    int err = look_again(mount);
    mount->looked_ns = clock_system.monotonic_ns(clock_system.self);
    pthread_mutex_unlock(&mount->refreshing);
    return err;
}
