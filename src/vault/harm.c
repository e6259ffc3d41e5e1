/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/harm.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/tree.h"

#define MAX_DEPTH 512

/* New endings of one step, by how many files got them; when the table is full, rarer ones are not named. */
#define MAX_NEW_ENDINGS 64
struct new_ending {
    char text[ENDING_SIZE];
    uint64_t count;
};

struct step {
    struct harm_history *history;
    struct harm *harm;
    bool first;      /* nothing before it: all is new, nothing is harmed */
    bool count_only; /* the history is left alone */
    struct buf path;
    int64_t *growths; /* of files that compress neither before nor after */
    size_t growth_count, growth_room;
    uint64_t moved;         /* added files of contents that were there before */
    struct endings present; /* of the later snapshot; known to the history after the step alone */
    struct new_ending endings[MAX_NEW_ENDINGS];
    size_t ending_count;
};

/* How a file compresses. */
struct measure {
    uint64_t plain, stored;
    bool known;
};

/* ---- single files ---- */

static struct measure measure_of(const struct step *s, const struct node *node)
{
    struct measure m = {.known = s->history->compressed && node->size >= HARM_SMALL};
    for (size_t i = 0; i < node->content_count && m.known; i++) {
        const struct index_entry *e = index_find(vault_index(s->history->vault), PACK_DATA, node->content[i]);
        m.known = e && e->length > SEAL_OVERHEAD;
        if (!m.known)
            break;
        m.stored += e->length - SEAL_OVERHEAD;
        m.plain += index_plain_length(e);
    }
    m.known = m.known && m.plain > 0;
    return m;
}

static double ratio(const struct measure *m)
{
    return (double)m->stored / (double)m->plain;
}

static bool dense(const struct measure *m)
{
    return m->known && ratio(m) >= 0.98;
}

static bool same_content(const struct node *a, const struct node *b)
{
    return a->content_count == b->content_count &&
           (a->content_count == 0 ||
            memcmp(a->content, b->content, a->content_count * sizeof *a->content) == 0);
}

/* Notes what is new in the file's data; whether all of it was known already. */
static bool note_data(struct step *s, const struct node *node)
{
    const struct index *index = vault_index(s->history->vault);
    bool known = node->content_count > 0;
    for (size_t i = 0; i < node->content_count; i++) {
        const struct index_entry *e = index_find(index, PACK_DATA, node->content[i]);
        size_t number = e ? (size_t)(e - index->entries) : 0;
        if (!e || s->history->seen[number])
            continue;
        known = false;
        s->history->seen[number] = true;
        s->harm->new_stored += e->length;
        s->harm->new_plain += index_plain_length(e);
    }
    return known;
}

static void note_harm(struct step *s, enum harm_kind kind, const struct node *node)
{
    s->harm->harmed[kind]++;
    if (!s->harm->first)
        s->harm->first = mem_printf("%s/%s", buf_string(&s->path), node->name);
}

/* Contents that were there before, as after a recovery, are no harm. */
static void judge_changed(struct step *s, const struct node *before, const struct node *after)
{
    bool was_known = note_data(s, after);
    struct measure old = measure_of(s, before), new = measure_of(s, after);
    if (before->size > 0 && after->size == 0) {
        note_harm(s, HARM_EMPTIED, after);
    } else if (old.known && new.known && after->size >= 4096 && ratio(&new) < 0.002 && ratio(&old) > 0.02) {
        note_harm(s, HARM_EMPTIED, after); /* zeros: even logs compress less well */
    } else if (was_known || !old.known || !new.known) {
        return;
    } else if (ratio(&new) >= ratio(&old) + HARM_WORSE || (dense(&new) && ratio(&old) < 0.92)) {
        note_harm(s, HARM_SCRAMBLED, after);
    } else if (dense(&old) && dense(&new)) {
        if (s->growth_count == s->growth_room) {
            s->growth_room = s->growth_room ? 2 * s->growth_room : 64;
            s->growths = mem_resize(s->growths, s->growth_room, sizeof *s->growths);
        }
        s->growths[s->growth_count++] = (int64_t)after->size - (int64_t)before->size;
    }
}

/* ---- files that came and went under other names ---- */

static void note_ending(struct step *s, const char *ending)
{
    size_t i = 0;
    while (i < s->ending_count && strcmp(s->endings[i].text, ending) != 0)
        i++;
    if (i == MAX_NEW_ENDINGS)
        return;
    if (i == s->ending_count)
        memcpy(s->endings[s->ending_count++].text, ending, strlen(ending) + 1);
    s->endings[i].count++;
}

/* Whether `name` is a file of `before` that `after` has no more. */
static const struct node *gone_file(const struct tree *before, const struct tree *after, const char *name,
                                    size_t length)
{
    const struct node *node = length ? tree_find(before, name, length) : NULL;
    return node && node->type == NODE_FILE && !tree_find(after, name, length) ? node : NULL;
}

/* The first name not before `name`. */
static size_t lower_bound(const struct tree *tree, const char *name, size_t length)
{
    size_t low = 0, high = tree->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct node *node = &tree->nodes[middle];
        if (tree_compare(node->name, node->name_length, name, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A gone file with the same name up to the ending. */
static const struct node *gone_stem(const struct tree *before, const struct tree *after, const char *name,
                                    size_t stem)
{
    for (size_t i = lower_bound(before, name, stem); i < before->count; i++) {
        const struct node *node = &before->nodes[i];
        if (node->name_length < stem || memcmp(node->name, name, stem) != 0)
            return NULL;
        if (node->name_length > stem && node->name[stem] == '.' &&
            gone_file(before, after, node->name, node->name_length))
            return node;
    }
    return NULL;
}

/* Encryption keeps the size or adds a little; a conversion to another format does not. */
static bool near_size(uint64_t before, uint64_t after)
{
    return after >= before && after <= before + before / 50 + 8192;
}

/* Files of one folder that came without a counterpart, for those whose whole name was replaced. */
struct strangers {
    uint64_t came, went;
    const struct node *one;
};

static void judge_added(struct step *s, const struct tree *before, const struct tree *after,
                        const struct node *node, struct strangers *strangers)
{
    char ending[ENDING_SIZE];
    size_t stem = ending_of(node->name, node->name_length, ending);
    if (ending[0] && endings_have(&s->history->endings, ending))
        return;
    const struct node *gone = ending[0] ? gone_file(before, after, node->name, stem) : NULL;
    bool fits = gone && node->size >= gone->size;
    if (!gone && ending[0] && (gone = gone_stem(before, after, node->name, stem)))
        fits = near_size(gone->size, node->size);
    struct measure measure = measure_of(s, node);
    if (gone) {
        strangers->went -= strangers->went > 0;
        if (fits && !same_content(gone, node)) {
            note_harm(s, HARM_RENAMED, node);
            note_ending(s, ending);
        }
    } else if (dense(&measure)) {
        strangers->came++;
        strangers->one = node;
    }
}

/* ---- folders ---- */

static int load_tree(struct step *s, const uint8_t *id, struct tree **out)
{
    const uint8_t *bytes;
    size_t length;
    *out = NULL;
    int err = loader_load(s->history->loader, PACK_TREE, id, &bytes, &length);
    return err ? err : tree_decode(bytes, length, out);
}

static int compare(struct step *s, const uint8_t *before, const uint8_t *after, unsigned depth);

static int compare_below(struct step *s, const struct node *before, const struct node *after, unsigned depth)
{
    const struct node *named = after ? after : before;
    size_t length = s->path.length;
    const uint8_t *old = before && before->has_subtree ? before->subtree : NULL;
    const uint8_t *new = after && after->has_subtree ? after->subtree : NULL;
    buf_put_u8(&s->path, '/');
    buf_put(&s->path, named->name, named->name_length);
    int err = compare(s, old, new, depth + 1);
    s->path.length = length;
    return err;
}

static void compare_files(struct step *s, const struct node *before, const struct node *after)
{
    if (before && after && !same_content(before, after)) {
        s->harm->changed++;
        if (!s->count_only)
            judge_changed(s, before, after);
    } else if (before && !after) {
        s->harm->gone++;
    } else if (after && !before) {
        s->harm->added++;
        if (!s->count_only)
            s->moved += note_data(s, after);
    }
}

static int compare_names(struct step *s, const struct node *before, const struct node *after, unsigned depth)
{
    int err = 0;
    const struct node *old_dir = before && before->type == NODE_DIR ? before : NULL;
    const struct node *new_dir = after && after->type == NODE_DIR ? after : NULL;
    const struct node *old_file = before && before->type == NODE_FILE ? before : NULL;
    const struct node *new_file = after && after->type == NODE_FILE ? after : NULL;
    if (old_file || new_file)
        compare_files(s, old_file, new_file);
    if (old_dir || new_dir)
        err = compare_below(s, old_dir, new_dir, depth);
    return err;
}

/* Files whose name was replaced as a whole: as many as went without a counterpart. */
static void judge_names(struct step *s, const struct tree *before, const struct tree *after)
{
    struct strangers strangers = {0};
    for (size_t i = 0; i < before->count; i++)
        strangers.went +=
            gone_file(before, after, before->nodes[i].name, before->nodes[i].name_length) != NULL;
    if (strangers.went == 0)
        return;
    for (size_t i = 0; i < after->count; i++) {
        const struct node *node = &after->nodes[i];
        if (node->type == NODE_FILE && !tree_find(before, node->name, node->name_length))
            judge_added(s, before, after, node, &strangers);
    }
    uint64_t replaced = strangers.came < strangers.went ? strangers.came : strangers.went;
    for (uint64_t i = 0; i < replaced; i++)
        note_harm(s, HARM_RENAMED, strangers.one);
}

static int compare_trees(struct step *s, const struct tree *before, const struct tree *after, unsigned depth)
{
    size_t b = 0, a = 0;
    int err = 0;
    while (!err && (b < before->count || a < after->count)) {
        const struct node *old = b < before->count ? &before->nodes[b] : NULL;
        const struct node *new = a < after->count ? &after->nodes[a] : NULL;
        int order = !old   ? 1
                    : !new ? -1
                           : tree_compare(old->name, old->name_length, new->name, new->name_length);
        b += order <= 0;
        a += order >= 0;
        err = compare_names(s, order <= 0 ? old : NULL, order >= 0 ? new : NULL, depth);
    }
    if (!err && !s->first && !s->count_only)
        judge_names(s, before, after);
    return err;
}

static void note_endings(struct step *s, const struct tree *after)
{
    char ending[ENDING_SIZE];
    for (size_t i = 0; i < after->count; i++) {
        ending_of(after->nodes[i].name, after->nodes[i].name_length, ending);
        if (after->nodes[i].type == NODE_FILE && ending[0])
            endings_add(&s->present, ending);
    }
}

/* A folder in both snapshots; NULL stands for an empty one. */
static int compare(struct step *s, const uint8_t *before, const uint8_t *after, unsigned depth)
{
    struct tree nothing = {0}, *old = NULL, *new = NULL;
    int err = 0;
    if (before == after || (before && after && memcmp(before, after, SHA256_SIZE) == 0))
        return 0;
    if (depth > MAX_DEPTH)
        return err_set(ERR_TOO_LARGE, _("%s: folders are nested too deep"), buf_string(&s->path));
    if (before)
        err = load_tree(s, before, &old);
    if (!err && after)
        err = load_tree(s, after, &new);
    if (!err)
        err = compare_trees(s, old ? old : &nothing, new ? new : &nothing, depth);
    if (!err && new)
        note_endings(s, new);
    tree_free(old);
    tree_free(new);
    return err;
}

/* ---- the step as a whole ---- */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The commonest growth, if most of the files share it. */
static void judge_growth(struct step *s)
{
    size_t best = 0, run = 0;
    if (s->growth_count == 0)
        return;
    qsort(s->growths, s->growth_count, sizeof *s->growths, by_value);
    for (size_t i = 0; i < s->growth_count; i++) {
        run = i > 0 && s->growths[i] == s->growths[i - 1] ? run + 1 : 1;
        if (run > best) {
            best = run;
            s->harm->growth = s->growths[i];
        }
    }
    if (best >= HARM_ALIKE && 2 * best >= s->growth_count)
        s->harm->harmed[HARM_GROWN_ALIKE] = best;
    else
        s->harm->growth = 0;
}

static void judge_step(struct step *s)
{
    struct harm *harm = s->harm;
    const struct new_ending *common = NULL;
    judge_growth(s);
    for (size_t i = 0; i < s->ending_count; i++)
        if (!common || s->endings[i].count > common->count)
            common = &s->endings[i];
    if (common)
        memcpy(harm->ending, common->text, sizeof harm->ending);
    uint64_t elsewhere = s->moved + harm->harmed[HARM_RENAMED];
    uint64_t lost = harm->gone > elsewhere ? harm->gone - elsewhere : 0;
    if (lost >= HARM_MASS && 2 * lost >= s->history->files)
        harm->harmed[HARM_REMOVED] = lost;
}

uint64_t harm_total(const struct harm *harm)
{
    uint64_t total = 0;
    for (size_t i = 0; i < HARM_KINDS; i++)
        total += harm->harmed[i];
    return total;
}

double harm_ratio(const struct harm *harm)
{
    if (harm->new_plain < HARM_TELLING)
        return 0;
    return harm->new_stored < harm->new_plain ? (double)harm->new_stored / (double)harm->new_plain : 1;
}

void harm_free(struct harm *harm)
{
    free(harm->first);
    harm->first = NULL;
}

static int run_step(struct step *s, const struct snapshot *earlier, const struct snapshot *later)
{
    buf_init(&s->path, (size_t)1 << 20);
    int err = compare(s, earlier ? earlier->tree : NULL, later->tree, 0);
    buf_free(&s->path);
    return err ? err_in(err, _("a folder of snapshot %.8s"), later->id) : 0;
}

int harm_measure(struct harm_history *history, const struct snapshot *earlier, const struct snapshot *later,
                 struct harm *out)
{
    struct step *s = mem_zalloc(1, sizeof *s);
    *out = (struct harm){0};
    s->history = history;
    s->harm = out;
    s->first = !earlier;
    int err = run_step(s, earlier, later);
    if (!err) {
        judge_step(s);
        endings_merge(&history->endings, &s->present);
        history->files += out->added;
        history->files -= out->gone < history->files ? out->gone : history->files;
        out->files = history->files;
    } else {
        harm_free(out);
        *out = (struct harm){0};
    }
    endings_free(&s->present);
    free(s->growths);
    free(s);
    return err;
}

int harm_count_differing(struct harm_history *history, const struct snapshot *earlier,
                         const struct snapshot *later, uint64_t *count)
{
    struct harm harm = {0};
    struct step *s = mem_zalloc(1, sizeof *s);
    s->history = history;
    s->harm = &harm;
    s->count_only = true;
    int err = run_step(s, earlier, later);
    *count = harm.changed + harm.gone;
    endings_free(&s->present);
    free(s);
    return err;
}

void harm_history_begin(struct vault *vault, struct harm_history *history)
{
    const struct index *index = vault_index(vault);
    *history = (struct harm_history){.vault = vault, .loader = loader_new(vault)};
    history->seen = mem_zalloc(index->count + 1, sizeof *history->seen);
    for (size_t i = 0; i < index->count && !history->compressed; i++)
        history->compressed = index->entries[i].type == PACK_DATA && index->entries[i].unpacked > 0;
}

void harm_history_end(struct harm_history *history)
{
    loader_free(history->loader);
    free(history->seen);
    endings_free(&history->endings);
}
