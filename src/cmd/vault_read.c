/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/vault_read.h"

#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/cmd.h"

int vault_reading_begin(const struct vault_place *place, bool no_lock, struct vault_reading *out)
{
    *out = (struct vault_reading){0};
    int err = vault_common_open(place, &out->vault);
    if (err)
        return err;
    err = no_lock ? 0 : lock_take(out->vault, false, &out->lock);
    /* A folder mounted read-only cannot be locked, nor can anything be taken from it. */
    if (!err || err == ERR_READ_ONLY)
        err = vault_need_index(out->vault);
    out->loader = loader_new(out->vault);
    return err;
}

void vault_reading_end(struct vault_reading *reading)
{
    loader_free(reading->loader);
    lock_release(reading->lock);
    vault_close(reading->vault);
    *reading = (struct vault_reading){0};
}

struct snapshot_filter vault_choice_filter(const struct vault_choice *choice)
{
    return (struct snapshot_filter){.hosts = choice->hosts.items,
                                    .host_count = choice->hosts.count,
                                    .paths = choice->paths.items,
                                    .path_count = choice->paths.count,
                                    .tags = choice->tags.items,
                                    .tag_count = choice->tags.count};
}

void vault_choice_free(struct vault_choice *choice)
{
    opt_list_free(&choice->hosts);
    opt_list_free(&choice->paths);
    opt_list_free(&choice->tags);
}

const char *vault_mode_text(uint32_t st_mode, char out[static VAULT_MODE_TEXT])
{
    static const char kinds[] = "dalTLDpSugct?", letters[] = "rwxrwxrwx";
    uint32_t go = node_mode_to_go(st_mode);
    char *end = out;
    for (unsigned i = 0; kinds[i]; i++)
        if (go & (1u << (31 - i)))
            *end++ = kinds[i];
    if (end == out)
        *end++ = '-';
    for (unsigned i = 0; letters[i]; i++)
        *end++ = go & (0400u >> i) ? letters[i] : '-';
    *end = '\0';
    return out;
}

static void put(const char *text)
{
    if (isatty(STDOUT_FILENO))
        cmd_put(stdout, text, false);
    else
        fputs(text, stdout);
}

void vault_print_path(const char *path)
{
    put(path);
    putchar('\n');
}

void vault_print_node(const struct node *node, const char *path, bool human)
{
    char when[32], mode[VAULT_MODE_TEXT], size[VAULT_SIZE_TEXT];
    vault_common_put_time(node->mtime_ns, when);
    printf("%s %5u %5u ", vault_mode_text(node->mode, mode), node->uid, node->gid);
    if (human)
        printf("%s", vault_common_size(node->size, size));
    else
        printf("%6llu", (unsigned long long)node->size);
    printf(" %s ", when);
    put(path);
    if (node->type == NODE_SYMLINK) {
        printf(" -> ");
        put(node->target);
    }
    putchar('\n');
}
