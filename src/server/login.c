/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/login.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

#define CACHE_SLOTS  1024 /* powers of two */
#define CALLER_SLOTS 4096
#define WAYS         4
#define RIGHT_NS     (5 * 60 * NS_PER_SECOND)
#define WRONG_NS     (60 * NS_PER_SECOND)
#define FREE_WRONGS  10
#define FORGIVE_NS   (6 * NS_PER_SECOND)
#define PENDING_MOST 32 /* passwords of one address that are being looked at */

/* A password that was looked at; found by its digest alone. */
struct answer {
    uint8_t digest[SHA256_SIZE];
    int64_t until_ns; /* 0: empty */
    bool right;
};

struct caller {
    uint8_t prefix[8];
    unsigned wrongs, pending;
    int64_t since_ns; /* one is forgiven every FORGIVE_NS from here */
    bool used;
};

struct login {
    const struct clock *clock;
    char *path;
    uint8_t secret[SHA256_SIZE];
    char dummy[HTPASSWD_HASH_LENGTH + 1]; /* for names that are not there */
    pthread_mutex_t lock;                 /* guards what follows */
    struct htpasswd table;
    struct stat seen;
    struct answer answers[CACHE_SLOTS];
    struct caller callers[CALLER_SLOTS];
};

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The hash that is worked on for a name that nobody has costs what those of the others do. */
static void make_dummy(struct login *login)
{
    static const char letters[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t bytes[HTPASSWD_HASH_LENGTH];
    random_bytes(bytes, sizeof bytes);
    memcpy(login->dummy, login->table.count ? login->table.users[0].hash : "$2b$10$", 7);
    for (size_t i = 7; i < HTPASSWD_HASH_LENGTH; i++)
        login->dummy[i] = letters[bytes[i] % 64];
    login->dummy[28] = '.'; /* the last letter of the salt has but two bits; this is one that may be */
}

int login_refresh(struct login *login)
{
    struct stat st = {0};
    bool there = stat(login->path, &st) == 0;
    pthread_mutex_lock(&login->lock);
    bool same = same_file(&st, &login->seen);
    login->seen = st;
    pthread_mutex_unlock(&login->lock);
    if (same)
        return 0;
    if (!there)
        return err_sys(_("cannot read the users from %s"), login->path);
    struct buf text BUF_AUTO;
    struct htpasswd table;
    buf_init(&text, HTPASSWD_MAX_BYTES);
    int err = fd_read_file(AT_FDCWD, login->path, &text);
    if (err)
        return err_in(err, "%s", _("the users"));
    htpasswd_parse(buf_string(&text), text.length, &table);
    pthread_mutex_lock(&login->lock);
    htpasswd_free(&login->table);
    login->table = table;
    memset(login->answers, 0, sizeof login->answers);
    make_dummy(login);
    pthread_mutex_unlock(&login->lock);
    return 1;
}

int login_new(const char *path, const struct clock *clock, struct login **out)
{
    struct login *login = mem_zalloc(1, sizeof *login);
    login->clock = clock;
    login->path = mem_strdup(path);
    pthread_mutex_init(&login->lock, NULL);
    random_bytes(login->secret, sizeof login->secret);
    int err = login_refresh(login);
    if (err == 0)
        err = err_set(ERR_NOT_FOUND, _("cannot read the users from %s"), path);
    else if (err == 1)
        err = 0;
    if (!err && login->table.count == 0)
        err = err_set(ERR_INVALID, _("%s names no user with a bcrypt password"), path);
    if (!err) {
        *out = login;
        return 0;
    }
    login_free(login);
    return err_hint(err, _("add one with: beffroi vault serve --add-user NAME --htpasswd-file %s"), path);
}

void login_free(struct login *login)
{
    if (!login)
        return;
    htpasswd_free(&login->table);
    pthread_mutex_destroy(&login->lock);
    free(login->path);
    mem_wipe(login, sizeof *login);
    free(login);
}

size_t login_bad_line(struct login *login)
{
    pthread_mutex_lock(&login->lock);
    size_t line = login->table.bad_line;
    pthread_mutex_unlock(&login->lock);
    return line;
}

size_t login_count(struct login *login)
{
    pthread_mutex_lock(&login->lock);
    size_t count = login->table.count;
    pthread_mutex_unlock(&login->lock);
    return count;
}

/* ---- what is remembered; all with the lock held ---- */

static void digest_of(const struct login *login, const struct htpasswd_login *who,
                      uint8_t out[static SHA256_SIZE])
{
    struct sha256 *sha = sha256_new();
    sha256_add(sha, login->secret, sizeof login->secret);
    sha256_add(sha, who->name, strlen(who->name) + 1);
    sha256_add(sha, who->password, strlen(who->password));
    sha256_end(sha, out);
}

/* The slot of a digest, or the one that is best given up for it. */
static struct answer *find_answer(struct login *login, const uint8_t digest[static SHA256_SIZE])
{
    size_t first = ((size_t)digest[0] | (size_t)digest[1] << 8) % CACHE_SLOTS & ~(size_t)(WAYS - 1);
    struct answer *oldest = &login->answers[first];
    for (struct answer *a = oldest; a < &login->answers[first + WAYS]; a++) {
        if (a->until_ns && mem_equal_secret(a->digest, digest, SHA256_SIZE))
            return a;
        if (a->until_ns < oldest->until_ns)
            oldest = a;
    }
    return oldest;
}

/* Counts an address; others give way when they have nothing left to be forgiven. */
static struct caller *find_caller(struct login *login, const struct in6_addr *address, int64_t now)
{
    uint8_t prefix[8];
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    memcpy(prefix, v4 ? address->s6_addr + 8 : address->s6_addr, sizeof prefix);
    uint8_t mixed[SHA256_SIZE], key[sizeof prefix + 8];
    memcpy(key, prefix, sizeof prefix);
    memcpy(key + sizeof prefix, login->secret, 8);
    sha256_of(key, sizeof key, mixed);
    size_t first = ((size_t)mixed[0] | (size_t)mixed[1] << 8) % CALLER_SLOTS & ~(size_t)(WAYS - 1);
    struct caller *found = NULL, *least = &login->callers[first];
    for (struct caller *c = least; c < &login->callers[first + WAYS]; c++) {
        if (c->used && memcmp(c->prefix, prefix, sizeof prefix) == 0)
            found = c;
        if (least->pending || (!c->pending && c->wrongs < least->wrongs))
            least = c;
    }
    if (!found) {
        found = least;
        *found = (struct caller){.used = true, .since_ns = now};
        memcpy(found->prefix, prefix, sizeof prefix);
    }
    unsigned forgiven = (unsigned)((now - found->since_ns) / FORGIVE_NS);
    found->wrongs -= forgiven < found->wrongs ? forgiven : found->wrongs;
    found->since_ns = found->wrongs ? found->since_ns + (int64_t)forgiven * FORGIVE_NS : now;
    return found;
}

enum login_verdict login_quick(struct login *login, const struct in6_addr *address, const char *header,
                               struct htpasswd_login *who)
{
    enum login_verdict verdict = LOGIN_ASK;
    memset(who, 0, sizeof *who);
    if (!htpasswd_parse_basic(header, who)) {
        memset(who, 0, sizeof *who);
        return LOGIN_NO; /* a browser's or restic's first request has none: no guess */
    }
    uint8_t digest[SHA256_SIZE];
    digest_of(login, who, digest);
    int64_t now = login->clock->monotonic_ns(login->clock->self);
    pthread_mutex_lock(&login->lock);
    const struct answer *known = find_answer(login, digest);
    bool remembered = known->until_ns > now && mem_equal_secret(known->digest, digest, SHA256_SIZE);
    if (remembered && known->right) {
        verdict = LOGIN_YES;
    } else {
        struct caller *caller = find_caller(login, address, now);
        if (caller->wrongs >= FREE_WRONGS || caller->pending >= PENDING_MOST)
            verdict = LOGIN_LATER;
        else if (remembered)
            verdict = LOGIN_NO;
        else
            caller->pending++;
    }
    pthread_mutex_unlock(&login->lock);
    return verdict;
}

bool login_ask(struct login *login, const struct in6_addr *address, const struct htpasswd_login *who)
{
    char hash[HTPASSWD_HASH_LENGTH + 1];
    uint8_t digest[SHA256_SIZE];
    pthread_mutex_lock(&login->lock);
    const char *found = htpasswd_find(&login->table, who->name);
    memcpy(hash, found ? found : login->dummy, sizeof hash);
    pthread_mutex_unlock(&login->lock);
    bool right = htpasswd_matches(hash, who->password) && found != NULL;
    digest_of(login, who, digest);
    int64_t now = login->clock->monotonic_ns(login->clock->self);
    pthread_mutex_lock(&login->lock);
    /* The file may have changed meanwhile: then the answer holds for this request alone. */
    const char *still = htpasswd_find(&login->table, who->name);
    if (!still == !found && (!still || memcmp(still, hash, sizeof hash) == 0)) {
        struct answer *answer = find_answer(login, digest);
        memcpy(answer->digest, digest, sizeof digest);
        answer->right = right;
        answer->until_ns = now + (right ? RIGHT_NS : WRONG_NS);
    }
    struct caller *caller = find_caller(login, address, now);
    caller->pending -= caller->pending > 0;
    if (!right)
        caller->wrongs++;
    pthread_mutex_unlock(&login->lock);
    return right;
}
