/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/vault_common.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/settings.h"
#include "cmd/command_pipe.h"
#include "vault/gojson.h"
#include "vault/group.h"

#define MAX_PASSWORD ((size_t)4096)

struct vault_remote vault_remote;

/* What the options say of repositories behind a network; before the first is opened. */
static int set_remote(void)
{
    struct blob_settings settings = {.ca_file = vault_remote.ca_file,
                                     .client_certificate = vault_remote.client_certificate,
                                     .insecure_tls = vault_remote.insecure_tls,
                                     .upload_rate = (uint64_t)vault_remote.limit_upload * 1024,
                                     .download_rate = (uint64_t)vault_remote.limit_download * 1024,
                                     .cache_folder = vault_remote.cache,
                                     .no_cache = vault_remote.no_cache,
                                     .clean_cache = vault_remote.cleanup_cache,
                                     .options = vault_remote.options.items,
                                     .option_count = vault_remote.options.count};
    if (vault_remote.stuck && duration_parse(vault_remote.stuck, &settings.stall_ns) != 0)
        return err_set(ERR_INVALID,
                       _("--stuck-request-timeout wants a duration such as 90s or 5m, not \"%s\""),
                       vault_remote.stuck);
    return blob_settings_set(&settings);
}

/* What a file holds. */
static int read_word(const char *path, struct buf *out)
{
    int err = fd_read_file(AT_FDCWD, path, out);
    if (!err)
        buf_trim(out); /* as restic does */
    return err;
}

/* What a command, as a shell reads it, writes. */
static int ask_command(const char *command, struct buf *out)
{
    struct command_pipe pipe;
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)command, NULL};
    int err = command_pipe_open(&pipe, argv);
    if (!err)
        err = fd_read_all(pipe.fd, out, _("the password command"));
    if (!err)
        err = command_pipe_end(&pipe);
    command_pipe_close(&pipe);
    buf_trim(out);
    return err ? err_in(err, "%s", _("the password command")) : 0; /* its words may hold the password */
}

/* Where a repository and its password are named, if not on the command line. */
struct environment {
    const char *repository, *repository_file, *password, *password_file, *password_command;
    const char *missing; /* what to do when no repository is named */
    const char *question;
};

static const struct environment usual = {"RESTIC_REPOSITORY",
                                         "RESTIC_REPOSITORY_FILE",
                                         "RESTIC_PASSWORD",
                                         "RESTIC_PASSWORD_FILE",
                                         "RESTIC_PASSWORD_COMMAND",
                                         N_("give it with -r DIR or in RESTIC_REPOSITORY"),
                                         N_("password of the repository:")};
static const struct environment source = {"RESTIC_FROM_REPOSITORY",
                                          "RESTIC_FROM_REPOSITORY_FILE",
                                          "RESTIC_FROM_PASSWORD",
                                          "RESTIC_FROM_PASSWORD_FILE",
                                          "RESTIC_FROM_PASSWORD_COMMAND",
                                          N_("give it with --from-repo DIR or in RESTIC_FROM_REPOSITORY"),
                                          N_("password of the repository to copy from:")};

/* `line` holds the path when it comes from a file. */
static int find_path(const struct vault_place *place, const struct environment *env, struct buf *line,
                     const char **path)
{
    const char *file = place->repository_file ? place->repository_file : getenv(env->repository_file);
    int err = set_remote();
    if (err)
        return err;
    *path = place->repository || place->repository_file ? place->repository : getenv(env->repository);
    if (!*path && file) {
        err = read_word(file, line);
        if (err)
            return err;
        *path = buf_string(line);
    }
    if (!*path || !**path)
        return err_hint(err_set(ERR_INVALID, _("no repository was named")), "%s", _(env->missing));
    return 0;
}

int vault_common_path(const struct vault_place *place, const char **path)
{
    static struct buf line;
    buf_init(&line, 65536);
    return find_path(place, &usual, &line, path);
}

/* Asks on the terminal without showing what is typed. */
static int ask(const char *question, struct buf *out)
{
    int fd FD_AUTO = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios before, quiet;
    if (fd < 0 || !isatty(fd) || tcgetattr(fd, &before) != 0)
        return err_hint(err_set(ERR_INVALID, _("no password was given")),
                        _("name the file that holds it with --password-file or in RESTIC_PASSWORD_FILE"));
    quiet = before;
    quiet.c_lflag &= (tcflag_t)~ECHO;
    tcsetattr(fd, TCSAFLUSH, &quiet);
    dprintf(fd, "%s ", question);
    char letter;
    while (read(fd, &letter, 1) == 1 && letter != '\n')
        buf_put(out, &letter, 1);
    dprintf(fd, "\n");
    tcsetattr(fd, TCSAFLUSH, &before);
    return 0;
}

static int ask_twice(const char *question, struct buf *out)
{
    struct buf again BUF_AUTO;
    buf_init(&again, MAX_PASSWORD);
    int err = ask(question, out);
    if (!err)
        err = ask(_("the same password again:"), &again);
    if (!err && strcmp(buf_string(out), buf_string(&again)) != 0)
        err = err_set(ERR_INVALID, _("the two passwords differ"));
    return err;
}

static int check_password(const struct buf *password)
{
    if (password->length == 0 || password->overflowed || memchr(password->data, 0, password->length))
        return err_set(ERR_INVALID, _("the password is empty or not a text"));
    return 0;
}

static int find_password(const struct vault_place *place, const struct environment *env, bool twice,
                         struct buf *out)
{
    const char *file = place->password_file ? place->password_file : getenv(env->password_file);
    const char *word = getenv(env->password);
    const char *command = place->password_command ? place->password_command : getenv(env->password_command);
    int err = 0;
    if (file)
        err = read_word(file, out);
    else if (command)
        err = ask_command(command, out);
    else if (word)
        buf_put(out, word, strlen(word));
    else if (twice)
        err = ask_twice(_(env->question), out);
    else
        err = ask(_(env->question), out);
    return err ? err : check_password(out);
}

int vault_common_password(const struct vault_place *place, bool twice, struct buf *out)
{
    return find_password(place, &usual, twice, out);
}

int vault_common_new_password(const char *file, struct buf *out)
{
    int err = file ? read_word(file, out) : ask_twice(_("new password:"), out);
    if (err && !file && err == ERR_INVALID)
        err_hint(err, _("name the file that holds the new one with --new-password-file"));
    return err ? err : check_password(out);
}

static int find_packing(const struct vault_place *place, struct vault_packing *out)
{
    static const char *const words[] = {"auto", "off", "fastest", "better", "max"};
    const char *how = place->compression ? place->compression : getenv("RESTIC_COMPRESSION");
    const char *size = place->pack_size ? place->pack_size : getenv("RESTIC_PACK_SIZE");
    size_t word = 0;
    while (how && *how && word < sizeof words / sizeof *words && strcmp(words[word], how) != 0)
        word++;
    if (word == sizeof words / sizeof *words)
        return err_set(ERR_INVALID, _("--compression wants auto, off, fastest, better or max, not \"%s\""),
                       how);
    out->compression = (enum vault_compression)word;
    if (!size || !*size)
        return 0;
    char *end;
    unsigned long mib = strtoul(size, &end, 10);
    if (!isdigit((unsigned char)*size) || *end || mib < 4 || mib > 128)
        return err_set(ERR_INVALID, _("--pack-size wants a number of MiB from 4 to 128, not \"%s\""), size);
    out->pack_bytes = mib << 20;
    return 0;
}

static int find_and_open(const struct vault_place *place, const struct environment *env, struct vault **out)
{
    const char *path;
    struct buf line BUF_AUTO, password BUF_AUTO;
    buf_init(&line, 65536);
    buf_init(&password, MAX_PASSWORD);
    int err = find_path(place, env, &line, &path);
    struct vault_packing packing = {0};
    int64_t patience = 0;
    if (!err)
        err = find_packing(place, &packing);
    if (!err && place->retry_lock)
        err = duration_parse(place->retry_lock, &patience) == 0
                  ? 0
                  : err_set(ERR_INVALID, _("--retry-lock wants a duration such as 90s or 15m, not \"%s\""),
                            place->retry_lock);
    if (!err)
        err = find_password(place, env, false, &password);
    if (!err)
        err = vault_open(path, buf_string(&password), out);
    if (err)
        return err;
    vault_set_packing(*out, &packing);
    vault_set_patience(*out, patience);
    return 0;
}

int vault_common_open(const struct vault_place *place, struct vault **out)
{
    return find_and_open(place, &usual, out);
}

int vault_common_open_from(const struct vault_place *place, struct vault **out)
{
    return find_and_open(place, &source, out);
}

struct snapshot_filter vault_common_filter(const struct vault_filter_words *words)
{
    return (struct snapshot_filter){.hosts = words->hosts.items,
                                    .host_count = words->hosts.count,
                                    .tags = words->tags.items,
                                    .tag_count = words->tags.count,
                                    .paths = words->paths.items,
                                    .path_count = words->paths.count};
}

void vault_common_filter_free(struct vault_filter_words *words)
{
    opt_list_free(&words->hosts);
    opt_list_free(&words->tags);
    opt_list_free(&words->paths);
}

void vault_common_problem(const char *path, const char *during, bool json, bool terminal)
{
    if (!json) {
        fprintf(stderr, "%sbeffroi: %s\n", terminal ? "\r\033[K" : "", err_text());
        return;
    }
    struct buf out BUF_AUTO;
    buf_init(&out, (size_t)1 << 20);
    buf_printf(&out, "{\"message_type\":\"error\",\"error\":{\"message\":");
    gojson_put_text(&out, err_text());
    buf_printf(&out, "},\"during\":\"%s\",\"item\":", during);
    gojson_put_text(&out, path);
    buf_printf(&out, "}");
    fprintf(stderr, "%s\n", buf_string(&out));
}

void vault_common_print(struct buf *json)
{
    fwrite(json->data, 1, json->length, stdout);
    fputc('\n', stdout);
}

void vault_common_put_snapshot(struct buf *out, const struct snapshot *snapshot)
{
    snapshot_encode(snapshot, out);
    out->length--; /* the closing brace */
    buf_printf(out, ",\"id\":\"%s\",\"short_id\":\"%.8s\"}", snapshot->id, snapshot->id);
}

void vault_common_put_time(int64_t wall_ns, char out[static 32])
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm parts;
    localtime_r(&seconds, &parts);
    strftime(out, 32, "%Y-%m-%d %H:%M:%S", &parts);
}

const char *vault_common_size(uint64_t bytes, char out[static VAULT_SIZE_TEXT])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit < 5) {
        value /= 1024;
        unit++;
    }
    snprintf(out, VAULT_SIZE_TEXT, unit ? "%.3f %s" : "%.0f %s", value, units[unit]);
    return out;
}

int vault_common_parse_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char *end;
    double value = strtod(text, &end);
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if (unit) {
        for (const char *u = units; u <= unit; u++)
            value *= 1024;
        end++;
    }
    /* No letter, sign or power that strtod takes; nothing that 64 bits do not hold. */
    if (!isdigit((unsigned char)*text) || *end || strpbrk(text, "xXpPeE") || value >= 9e18)
        return err_hint(err_set(ERR_INVALID, _("\"%s\" is not a size"), text),
                        _("for example: 500K, 16M, 1.5G"));
    *bytes = (uint64_t)value;
    return 0;
}

int vault_common_parse_groups(const char *text, unsigned *out)
{
    *out = 0;
    static const struct {
        const char *word;
        unsigned by;
    } words[] = {{"host", GROUP_BY_HOST},   {"hosts", GROUP_BY_HOST}, {"path", GROUP_BY_PATHS},
                 {"paths", GROUP_BY_PATHS}, {"tag", GROUP_BY_TAGS},   {"tags", GROUP_BY_TAGS}};
    while (*text) {
        size_t length = strcspn(text, ","), i = 0;
        while (i < sizeof words / sizeof *words &&
               (strlen(words[i].word) != length || memcmp(words[i].word, text, length) != 0))
            i++;
        if (i == sizeof words / sizeof *words)
            return err_set(ERR_INVALID, _("--group-by knows host, paths and tags, not \"%s\""), text);
        *out |= words[i].by;
        text += length + (text[length] == ',');
    }
    return 0;
}

int vault_common_parse_time(const char *text, int64_t *wall_ns)
{
    struct tm parts = {.tm_isdst = -1};
    const char *rest = strptime(text, "%Y-%m-%d %H:%M:%S", &parts);
    if (!rest || *rest)
        return time_parse(text, wall_ns);
    *wall_ns = (int64_t)mktime(&parts) * NS_PER_SECOND;
    return 0;
}
