/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ransomware and wipers. Each event becomes evidence (see compare.h, files.h, deletes.h), which is added to
 * the scores of its process tree or remote client, its user and its protected tree; a score over its limit
 * rings. docs/detection.md tells it in plain words.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "detect/compare.h"
#include "detect/deletes.h"
#include "detect/detector.h"
#include "detect/files.h"
#include "detect/names.h"
#include "detect/reasons.h"
#include "detect/score.h"

#define WATCHED_MAX 256 /* at the limit the longest watched is let go */

struct ransomware {
    const struct detect_context *context;
    struct scores *scores;
    struct files *files;
    size_t watched_count;
    uint64_t watched[WATCHED_MAX]; /* keys of watched scores, oldest first */
};

/* One piece of evidence. */
struct evidence {
    int32_t milli;
    enum spoil spoil;     /* SPOIL_NONE: a pattern */
    enum pattern pattern; /* when spoil is NONE */
    uint8_t type;         /* what the file was */
    const char *path;
};

/* The scores that an event belongs to. `own` is the client's when there is one, else the process tree's. */
struct doer {
    struct files_actor pairing;
    struct score *process, *own, *user;
    bool known; /* false: found by a rescan, nobody to blame */
};

static const struct limits *limits_of(const struct ransomware *r)
{
    return &r->context->limits;
}

/* ---- watching ---- */

static void tell_watch(struct ransomware *r, const struct score *score, bool on)
{
    if (r->context->sink.watch)
        r->context->sink.watch(score->scope, &score->actor, score->tree, on, r->context->sink.self);
}

static void drop_watched(struct ransomware *r, size_t index)
{
    struct score *score = scores_find(r->scores, r->watched[index], 0);
    memmove(r->watched + index, r->watched + index + 1, (--r->watched_count - index) * sizeof(r->watched[0]));
    if (score && score->watched) {
        score->watched = false;
        tell_watch(r, score, false);
    }
}

static void watch(struct ransomware *r, struct score *score)
{
    int64_t limit = limits_of(r)->watch;
    if (score->scope == SCOPE_USER)
        limit = score->part_count >= 2 ? limits_of(r)->watch_user : INT32_MAX;
    if (score->watched || score->scope == SCOPE_TREE || score_total(limits_of(r), score) < limit)
        return;
    if (r->watched_count == WATCHED_MAX)
        drop_watched(r, 0);
    score->watched = true;
    r->watched[r->watched_count++] = score->key;
    tell_watch(r, score, true);
}

/* ---- ringing ---- */

static int64_t alert_limit(const struct limits *l, enum scope scope)
{
    switch (scope) {
    case SCOPE_USER:
        return l->alert_user;
    case SCOPE_TREE:
        return l->alert_tree;
    case SCOPE_CLIENT:
        return l->alert_client;
    default:
        return l->alert_process;
    }
}

/* Marks a culprit and takes what he did out of the wider sums, which are about those not yet caught. */
static void blame(struct ransomware *r, struct score *process, uint32_t tree)
{
    struct score *wide[3] = {
        scores_find(r->scores, score_key_user(&process->actor), 0),
        scores_find(r->scores, score_key_tree(tree), 0),
        process->actor.client[0] ? scores_find(r->scores, score_key_client(&process->actor), 0) : NULL,
    };
    process->blamed = true;
    for (size_t i = 0; i < 3; i++)
        if (wide[i])
            score_remove_part(wide[i], process->key);
    if (wide[2])
        wide[2]->blamed = true;
}

static void add_culprit(struct ransomware *r, struct alert *alert, struct score *process)
{
    if (process->blamed || alert->culprit_count == ALERT_CULPRITS)
        return;
    alert->culprits[alert->culprit_count++] = process->actor;
    if (process->first_harm_ns != 0 && (alert->since_ns == 0 || process->first_harm_ns < alert->since_ns))
        alert->since_ns = process->first_harm_ns;
    alert->touched += process->touched;
    alert->spoiled += process->spoiled;
    blame(r, process, alert->tree);
}

static void add_culprits(struct ransomware *r, struct alert *alert, const struct score *score,
                         struct score *last)
{
    struct score_part parts[ALERT_CULPRITS];
    uint32_t count = score->part_count;
    memcpy(parts, score->parts, sizeof(parts)); /* blaming takes them out */
    if (last)
        add_culprit(r, alert, last);
    for (uint32_t i = 0; i < count; i++) {
        struct score *process = scores_find(r->scores, parts[i].process, 0);
        if (process)
            add_culprit(r, alert, process);
    }
}

/* After a sum over several rang, its next stranger's harm rings sooner: the attack is still going on. */
static void keep_alarmed(const struct limits *l, struct score *score)
{
    int64_t floor = alert_limit(l, score->scope) - l->again_margin;
    if (score->scope == SCOPE_USER || score->scope == SCOPE_TREE) {
        score->clear = (int32_t)floor;
        score->weak = score->pattern = 0;
        score->deleted = 0;
        memset(score->spoils, 0, sizeof(score->spoils));
        memset(score->patterns, 0, sizeof(score->patterns));
        score->first_harm_ns = 0;
        score->first_spoil = SPOIL_NONE;
    } else {
        score->blamed = true;
    }
}

/* How many files the tree had before this score's deletions. */
static uint32_t files_before(const struct ransomware *r, const struct score *score, uint32_t tree)
{
    uint32_t now = detect_context_files(r->context, tree);
    return now < DETECT_FILES_UNKNOWN - score->deleted ? now + score->deleted : DETECT_FILES_UNKNOWN;
}

static void ring(struct ransomware *r, struct score *score, struct doer *doer, const struct event *event)
{
    struct alert alert = {
        .detector = detector_ransomware.name,
        .severity = score->clear >= limits_of(r)->alert_process ? SEVERITY_CRITICAL : SEVERITY_HIGH,
        .scope = score->scope,
        .time_ns = event->time_ns,
        .first_harm_ns = score->first_harm_wall_ns,
        .since_ns = score->first_harm_ns,
        .decisive_ns = event->time_ns,
        .last_sequence = event->sequence,
        .tree = event->tree,
    };
    reasons_write(score, files_before(r, score, event->tree), event->monotonic_ns, &alert);
    add_culprits(r, &alert, score, doer->known ? doer->process : NULL);
    keep_alarmed(limits_of(r), score);
    if (r->context->sink.alert)
        r->context->sink.alert(&alert, r->context->sink.self);
}

/* ---- adding evidence ---- */

static void remember(const struct limits *l, struct score *score, const struct evidence *e,
                     const struct event *event)
{
    /* When all older evidence has faded, what was then is no part of this. */
    if (score->first_harm_ns == 0 || score_total(l, score) == 0) {
        score->first_harm_ns = event->monotonic_ns;
        score->first_harm_wall_ns = event->time_ns;
    }
    score->evidence_ns = score->used_ns = event->monotonic_ns;
    score->tree = event->tree;
    if (e->spoil == SPOIL_NONE) {
        score->patterns[e->pattern]++;
        return;
    }
    score->spoiled++;
    score->spoils[e->spoil]++;
    if (score->first_spoil == SPOIL_NONE) {
        score->first_spoil = (uint8_t)e->spoil;
        score->first_type = e->type;
        names_for_people(e->path, score->first_path, sizeof(score->first_path));
    }
}

static bool add_to(struct ransomware *r, struct score *score, const struct evidence *e,
                   const struct doer *doer, const struct event *event)
{
    const struct limits *l = limits_of(r);
    remember(l, score, e, event);
    if (e->spoil == SPOIL_NONE && e->pattern != PATTERN_DECOY && e->pattern != PATTERN_DELETION)
        score->pattern += score->pattern < l->pattern_cap ? e->milli : 0;
    else
        score_add(l, score, e->milli, doer->known ? doer->process->key : 0);
    watch(r, score);
    return score_total(l, score) >= alert_limit(l, score->scope);
}

/* Weak signs and mere names are about one actor; only clear evidence and decoys are added up over many. */
static bool is_shared(const struct limits *l, const struct evidence *e)
{
    return e->milli >= l->clear && (e->spoil != SPOIL_NONE || e->pattern == PATTERN_DECOY);
}

static void give(struct ransomware *r, const struct evidence *e, struct doer *doer, const struct event *event)
{
    struct score *guilty = NULL;
    if (e->milli <= 0)
        return;
    if (doer->known && (doer->own->blamed || doer->process->blamed)) {
        doer->own->spoiled += e->spoil != SPOIL_NONE;
        return; /* he was reported; until he is let go there is nothing new to say */
    }
    if (doer->known && doer->own != doer->process) { /* for the count of a wider alert */
        doer->process->spoiled += e->spoil != SPOIL_NONE;
        doer->process->evidence_ns = event->monotonic_ns;
    }
    if (doer->known && add_to(r, doer->own, e, doer, event))
        guilty = doer->own;
    if (is_shared(limits_of(r), e)) {
        struct score *tree =
            scores_get(r->scores, score_key_tree(event->tree), SCOPE_TREE, event->monotonic_ns);
        if (doer->known && add_to(r, doer->user, e, doer, event) && !guilty)
            guilty = doer->user;
        if (add_to(r, tree, e, doer, event) && !guilty)
            guilty = tree;
    }
    if (guilty)
        ring(r, guilty, doer, event);
}

/* ---- what events mean ---- */

static void weigh_change(struct ransomware *r, struct doer *doer, const struct event *event, uint64_t inode)
{
    int32_t add = 0;
    struct verdict v = files_change(r->files, event, inode, &add);
    const char *path = event->kind == EVENT_RENAMED ? event->new_path : event->path;
    struct evidence e = {.milli = add, .spoil = v.spoil, .type = event->old_sketch.filetype, .path = path};
    if ((event->flags & EVENT_DECOY) && v.kind != VERDICT_UNCHANGED) {
        e = (struct evidence){.milli = (int32_t)limits_of(r)->decoy_written, .pattern = PATTERN_DECOY};
        e.path = path;
    } else if (v.spoil == SPOIL_EMPTIED && files_has_copy(r->files, event)) {
        return; /* copied, then emptied: log rotation */
    }
    give(r, &e, doer, event);
}

static void weigh_pair(struct ransomware *r, struct doer *doer, const struct event *event,
                       const struct files_pair *pair)
{
    struct evidence e = {
        .milli = pair->strength, .spoil = pair->spoil, .type = pair->type, .path = pair->path};
    if (pair->strength && pair->sized) {
        /* Block ciphers pad: the growth may vary by up to a block of 16 bytes. */
        uint64_t last = doer->own->pair_growth, growth = pair->growth + 1;
        if (last && growth + 16 >= last && growth <= last + 16)
            e.milli = (int32_t)limits_of(r)->pair_sized;
        doer->own->pair_growth = growth;
    }
    give(r, &e, doer, event);
}

/* The same small new text in several folders. */
static void weigh_note(struct ransomware *r, struct doer *doer, const struct event *event)
{
    struct score *score = doer->own;
    uint64_t folder = names_folder_hash(event->path);
    uint64_t words[2] = {names_hash_text(names_base(event->path)), event->new_sketch.blocks[0].hash};
    uint64_t note = names_hash(words, sizeof(words));
    if (!doer->known || !names_may_be_note(limits_of(r), &event->new_sketch))
        return;
    if (score->note_hash != note) {
        if (score->patterns[PATTERN_NOTE] >= limits_of(r)->note_folders)
            return; /* keep the one that was found */
        score->note_hash = note;
        score->note_folder = folder;
        score->patterns[PATTERN_NOTE] = 1;
        names_for_people(names_base(event->path), score->note, sizeof(score->note));
        return;
    }
    if (score->note_folder == folder)
        return;
    score->note_folder = folder;
    struct evidence e = {.milli = (int32_t)limits_of(r)->note_weight, .pattern = PATTERN_NOTE};
    give(r, &e, doer, event);
}

static void on_written(struct ransomware *r, struct doer *doer, const struct event *event)
{
    bool fresh = (event->flags & EVENT_FRESH) || event->old_sketch.size == 0;
    if (!fresh || (event->flags & EVENT_DECOY)) {
        weigh_change(r, doer, event, event->before.inode ? event->before.inode : event->after.inode);
        return;
    }
    struct files_pair pair = files_made(r->files, event, &doer->pairing);
    weigh_pair(r, doer, event, &pair);
    weigh_note(r, doer, event);
}

/* Once per top folder: deleting or moving a folder takes its decoys along. */
static void weigh_decoy_gone(struct ransomware *r, struct doer *doer, const struct event *event,
                             int64_t milli)
{
    uint64_t top = UINT64_C(1) << (names_top_hash(event->path) % 64);
    if (doer->own->decoy_tops & top)
        return;
    doer->own->decoy_tops |= top;
    struct evidence e = {.milli = (int32_t)milli, .pattern = PATTERN_DECOY, .path = event->path};
    give(r, &e, doer, event);
}

static void count_deletion(struct ransomware *r, struct score *score, struct doer *doer,
                           const struct event *event)
{
    deletes_count(score, names_top_hash(event->path));
    uint32_t files = files_before(r, score, event->tree);
    score->used_ns = event->monotonic_ns;
    if (score->deleted == 1) {
        score->delete_first_ns = event->monotonic_ns;
        score->delete_first_wall_ns = event->time_ns;
    }
    if (score->blamed || doer->process->blamed || !deletes_is_mass(limits_of(r), score, files))
        return;
    score->patterns[PATTERN_DELETION] = 1;
    if (score->first_harm_ns == 0) {
        score->first_harm_ns = score->delete_first_ns;
        score->first_harm_wall_ns = score->delete_first_wall_ns;
    }
    doer->process->spoiled += score->deleted;
    ring(r, score, doer, event);
}

/* Cut by path: nobody opened it, so nobody had a look at it before. Its name and size must do. */
static void on_truncated(struct ransomware *r, struct doer *doer, const struct event *event)
{
    if (event->flags & EVENT_FRESH)
        return;
    uint64_t inode = event->before.inode ? event->before.inode : event->after.inode;
    if (event->old_sketch.valid || event->before.size == 0) {
        weigh_change(r, doer, event, inode);
        return;
    }
    struct event *seen = mem_dup(event, sizeof *event);
    seen->old_sketch = (struct sketch){
        .valid = 1, .size = event->before.size, .filetype = (uint8_t)names_promised(event->path)};
    weigh_change(r, doer, seen, inode);
    free(seen);
}

static void on_gone(struct ransomware *r, struct doer *doer, const struct event *event)
{
    if (event->flags & EVENT_DECOY)
        weigh_decoy_gone(r, doer, event, limits_of(r)->decoy_deleted);
    files_unmade(r->files, event->before.inode);
    if ((event->flags & EVENT_FRESH) || files_has_copy(r->files, event))
        return;
    struct files_pair pair = files_gone(r->files, event, &doer->pairing);
    weigh_pair(r, doer, event, &pair);
    if (!doer->known)
        return;
    count_deletion(r, doer->own, doer, event);
    if (!doer->own->blamed)
        count_deletion(r, doer->user, doer, event);
}

static void weigh_extension(struct ransomware *r, struct doer *doer, const struct event *event)
{
    struct score *score = doer->own;
    const char *added = names_appended(event->path, event->new_path);
    if (!doer->known || !added || added[0] != '.' || (event->flags & EVENT_FRESH))
        return;
    uint64_t hash = names_hash_text(added);
    if (score->extension_hash != hash) {
        if (score->patterns[PATTERN_EXTENSION] >= limits_of(r)->pattern_files)
            return;
        score->extension_hash = hash;
        score->patterns[PATTERN_EXTENSION] = 0;
        names_for_people(added, score->extension, sizeof(score->extension));
    }
    if (++score->patterns[PATTERN_EXTENSION] < limits_of(r)->pattern_files)
        return;
    score->patterns[PATTERN_EXTENSION]--; /* `give` counts it */
    struct evidence e = {.milli = (int32_t)limits_of(r)->pattern_weight, .pattern = PATTERN_EXTENSION};
    give(r, &e, doer, event);
}

/* A file took another's place. Without a look at the old one, a random file that does so is a weak sign. */
static void weigh_replacement(struct ransomware *r, struct doer *doer, const struct event *event)
{
    enum look look = files_look(r->files, event->before.inode);
    if (event->old_sketch.valid && event->new_sketch.valid) {
        weigh_change(r, doer, event, event->replaced.inode);
    } else if (look == LOOK_RANDOM || look == LOOK_ENCRYPTED || look == LOOK_ENCODED) {
        struct evidence e = {.milli = (int32_t)limits_of(r)->pair_blind, .spoil = SPOIL_SUPPLANTED};
        e.type = (uint8_t)names_promised(event->new_path);
        if (e.type != FILETYPE_UNKNOWN) /* the name promises what it no longer is */
            e.milli = (int32_t)(look == LOOK_ENCODED ? limits_of(r)->pair_coded : limits_of(r)->pair_named);
        e.path = event->new_path;
        give(r, &e, doer, event);
    }
}

static void on_renamed(struct ransomware *r, struct doer *doer, const struct event *event)
{
    if (event->new_path[0] == '\0') {
        on_gone(r, doer, event);
        return;
    }
    if (event->flags & EVENT_DECOY)
        weigh_decoy_gone(r, doer, event, limits_of(r)->decoy_renamed);
    if (event->replaced.inode) {
        weigh_replacement(r, doer, event);
        return;
    }
    struct files_pair pair = files_renamed(r->files, event, &doer->pairing);
    weigh_pair(r, doer, event, &pair);
    weigh_extension(r, doer, event);
}

/* ---- the detector ---- */

static void find_doer(struct ransomware *r, const struct event *event, struct doer *doer)
{
    const struct actor *actor = &event->actor;
    int64_t now = event->monotonic_ns;
    doer->known = actor->pid != 0 && !(event->flags & EVENT_RESCAN);
    doer->pairing = (struct files_actor){.process = score_key_process(actor), .uid = actor->uid};
    /* The four are in use at once: get them all, then look each up again, as getting one may push out
     * another that still was empty. */
    for (int round = 0; round < 2; round++) {
        doer->process = scores_get(r->scores, doer->pairing.process, SCOPE_PROCESS_TREE, now);
        doer->own = doer->process;
        if (actor->client[0]) {
            doer->pairing.client = score_key_client(actor);
            doer->own = scores_get(r->scores, doer->pairing.client, SCOPE_CLIENT, now);
        }
        doer->user = scores_get(r->scores, score_key_user(actor), SCOPE_USER, now);
        doer->process->used_ns = doer->own->used_ns = doer->user->used_ns = now;
    }
}

static void note_actor(struct doer *doer, const struct event *event)
{
    uint64_t file = event->before.inode ? event->before.inode : event->after.inode;
    struct score *both[2] = {doer->process, doer->own != doer->process ? doer->own : NULL};
    for (size_t i = 0; i < 2; i++) {
        if (!both[i])
            continue;
        if (both[i]->actor.pid != event->actor.pid || both[i]->actor.start != event->actor.start)
            both[i]->actor = event->actor;
        both[i]->tree = event->tree;
        both[i]->touched += both[i]->last_file != file || file == 0;
        both[i]->last_file = file;
        both[i]->created += event->kind == EVENT_CREATED;
    }
    if (doer->user->actor.pid == 0)
        doer->user->actor = event->actor;
    doer->user->tree = event->tree;
    doer->user->created += event->kind == EVENT_CREATED;
}

/* An approved program's files are remembered (others may harm them); nothing it does is evidence. */
static void remember_only(struct ransomware *r, const struct doer *doer, const struct event *event)
{
    if (event->kind == EVENT_WRITTEN)
        (void)files_made(r->files, event, &doer->pairing);
}

static void ransomware_event(void *state, const struct event *event, bool approved)
{
    struct ransomware *r = state;
    struct doer doer = {0};
    if (event->flags & (EVENT_FOLDER | EVENT_SYMLINK))
        return;
    find_doer(r, event, &doer);
    if (approved) {
        remember_only(r, &doer, event);
        return;
    }
    note_actor(&doer, event);
    switch (event->kind) {
    case EVENT_WRITTEN:
        on_written(r, &doer, event);
        break;
    case EVENT_TRUNCATED:
        on_truncated(r, &doer, event);
        break;
    case EVENT_DELETED:
        on_gone(r, &doer, event);
        break;
    case EVENT_RENAMED:
        on_renamed(r, &doer, event);
        break;
    default:
        break;
    }
}

static void ransomware_tick(void *state, int64_t now)
{
    struct ransomware *r = state;
    int64_t patience = limits_of(r)->watch_off_s * NS_PER_SECOND;
    for (size_t i = r->watched_count; i > 0; i--) {
        struct score *score = scores_find(r->scores, r->watched[i - 1], now);
        if (!score || now - score->evidence_ns >= patience)
            drop_watched(r, i - 1);
    }
}

static void unwatch(struct ransomware *r, uint64_t key)
{
    for (size_t i = 0; i < r->watched_count; i++) {
        if (r->watched[i] == key) {
            drop_watched(r, i);
            return;
        }
    }
}

struct forgetting {
    struct ransomware *r;
    uint64_t process;
};

static void remove_from(struct score *score, void *self)
{
    const struct forgetting *f = self;
    if (score->scope == SCOPE_USER || score->scope == SCOPE_TREE || score->scope == SCOPE_CLIENT)
        score_remove_part(score, f->process);
}

static void ransomware_forget(void *state, const struct actor *who)
{
    struct ransomware *r = state;
    struct forgetting f = {r, score_key_process(who)};
    uint64_t keys[3] = {f.process, score_key_user(who), who->client[0] ? score_key_client(who) : 0};
    scores_each(r->scores, remove_from, &f);
    for (size_t i = 0; i < 3; i++) {
        struct score *score = keys[i] ? scores_find(r->scores, keys[i], 0) : NULL;
        if (!score)
            continue;
        unwatch(r, keys[i]);
        score_reset(score);
    }
}

static void *ransomware_create(const struct detect_context *context)
{
    struct ransomware *r = mem_zalloc(1, sizeof(*r));
    r->context = context;
    r->scores = scores_new(&context->limits);
    r->files = files_new(&context->limits);
    return r;
}

static void ransomware_destroy(void *state)
{
    struct ransomware *r = state;
    scores_free(r->scores);
    files_free(r->files);
    free(r);
}

const struct detector detector_ransomware = {
    .name = "ransomware",
    .create = ransomware_create,
    .destroy = ransomware_destroy,
    .on_event = ransomware_event,
    .on_tick = ransomware_tick,
    .forget = ransomware_forget,
};
