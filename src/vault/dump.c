/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/dump.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "vault/acl.h"
#include "vault/content.h"
#include "vault/folder.h"
#include "vault/utf8.h"

struct dump {
    const struct vault_dump_options *options;
    struct loader *loader;
    struct archive *archive;
    locale_t utf8, bytes; /* how the library is to take names: as text, or as they are */
    uint64_t problems;
};

static int write_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t done = write(fd, bytes, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_sys(_("cannot write the output"));
        bytes += done;
        length -= (size_t)done;
    }
    return 0;
}

static int write_piece(void *context, const uint8_t *bytes, size_t length)
{
    const int *fd = context;
    return write_all(*fd, bytes, length);
}

int dump_file(struct loader *loader, const struct node *node, const char *path, int fd)
{
    return content_each(loader, node, path, write_piece, &fd);
}

/* ---- into the archive ---- */

static void problem(struct dump *dump, const char *path, int err)
{
    dump->problems++;
    dump->options->on_problem(dump->options->context, path, err);
}

static int failed(const struct dump *dump, const char *path)
{
    const char *why = archive_error_string(dump->archive);
    int number = archive_errno(dump->archive);
    return err_set(number == ENOSPC || number == EDQUOT ? ERR_NO_SPACE : ERR_SYSTEM,
                   _("cannot put %s into the archive: %s"), path, why ? why : "?");
}

static ssize_t on_write(struct archive *archive, void *context, const void *bytes, size_t length)
{
    const struct dump *dump = context;
    if (write_all(dump->options->fd, bytes, length) != 0) {
        int number = errno;
        archive_set_error(archive, number, "%s", strerror(number));
        return -1;
    }
    return (ssize_t)length;
}

static void put_acl(struct archive_entry *entry, const struct acl_item *items, size_t count, int type)
{
    static const struct {
        enum acl_tag tag;
        int known;
    } tags[] = {{ACL_OWNER, ARCHIVE_ENTRY_ACL_USER_OBJ},         {ACL_USER, ARCHIVE_ENTRY_ACL_USER},
                {ACL_OWNING_GROUP, ARCHIVE_ENTRY_ACL_GROUP_OBJ}, {ACL_GROUP, ARCHIVE_ENTRY_ACL_GROUP},
                {ACL_MASK_TAG, ARCHIVE_ENTRY_ACL_MASK},          {ACL_OTHERS, ARCHIVE_ENTRY_ACL_OTHER}};
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n < sizeof tags / sizeof tags[0]; n++)
            if (tags[n].tag == items[i].tag) /* the permissions are the same bits */
                archive_entry_acl_add_entry(entry, type, (int)items[i].permissions, tags[n].known,
                                            (int)items[i].id, NULL);
}

static void put_xattrs(struct dump *dump, struct archive_entry *entry, const struct node *node,
                       const char *path)
{
    for (size_t i = 0; i < node->xattr_count; i++) {
        const struct node_xattr *one = &node->xattrs[i];
        struct acl_item *items;
        size_t count;
        int type = strcmp(one->name, "system.posix_acl_access") == 0    ? ARCHIVE_ENTRY_ACL_TYPE_ACCESS
                   : strcmp(one->name, "system.posix_acl_default") == 0 ? ARCHIVE_ENTRY_ACL_TYPE_DEFAULT
                                                                        : 0;
        if (!type) {
            archive_entry_xattr_add_entry(entry, one->name, one->value, one->length);
            continue;
        }
        int err = acl_decode(one->value, one->length, &items, &count);
        if (err) {
            problem(dump, path, err_in(err, "%s", path));
            continue;
        }
        put_acl(entry, items, count, type);
        free(items);
    }
}

/* Seconds and nanoseconds, the latter not negative. Before 1970 the pax writer of the library puts the two
 * side by side as if they had one sign ("-5.7" of 5 seconds before and 0.7 after), so it is given what makes
 * the text right; a fraction in the very last second before cannot be said so and is left out. */
static time_t split(enum dump_format format, int64_t wall_ns, long *ns)
{
    int64_t seconds = wall_ns / NS_PER_SECOND, rest = wall_ns % NS_PER_SECOND;
    if (rest < 0 && (format == DUMP_ZIP || seconds == 0)) {
        seconds--;
        rest = format == DUMP_ZIP ? rest + NS_PER_SECOND : 0;
    }
    *ns = (long)(rest < 0 ? -rest : rest);
    return (time_t)seconds;
}

static void put_facts(struct archive_entry *entry, enum dump_format format, const struct node *node)
{
    long ns;
    time_t seconds = split(format, node->mtime_ns, &ns);
    archive_entry_set_mode(entry, node->mode);
    archive_entry_set_uid(entry, node->uid);
    archive_entry_set_gid(entry, node->gid);
    archive_entry_set_mtime(entry, seconds, ns);
    seconds = split(format, node->atime_ns, &ns);
    archive_entry_set_atime(entry, seconds, ns);
    seconds = split(format, node->ctime_ns, &ns);
    archive_entry_set_ctime(entry, seconds, ns);
    archive_entry_set_size(entry, node->type == NODE_FILE ? (int64_t)node->size : 0);
    if (*node->user)
        archive_entry_set_uname(entry, node->user);
    if (*node->group)
        archive_entry_set_gname(entry, node->group);
    if (node->type == NODE_SYMLINK)
        archive_entry_set_symlink(entry, node->target);
    if (node->type == NODE_DEV || node->type == NODE_CHARDEV)
        archive_entry_set_rdev(entry, (dev_t)node->device);
}

static int put_piece(void *context, const uint8_t *bytes, size_t length)
{
    const struct dump *dump = context;
    while (length > 0) {
        la_ssize_t done = archive_write_data(dump->archive, bytes, length);
        if (done <= 0)
            return failed(dump, _("a file"));
        bytes += done;
        length -= (size_t)done;
    }
    return 0;
}

static bool fits(const struct dump *dump, enum node_type type)
{
    if (type == NODE_FILE || type == NODE_DIR || type == NODE_SYMLINK)
        return true;
    return dump->options->format == DUMP_TAR &&
           (type == NODE_FIFO || type == NODE_DEV || type == NODE_CHARDEV);
}

/* A name that is no UTF-8 is stored as it is, marked as binary; the library warns of it all the same. */
static bool is_text(const char *path, const struct node *node)
{
    return utf8_is_valid((const uint8_t *)path, strlen(path)) &&
           utf8_is_valid((const uint8_t *)node->target, node->target_length);
}

/* A zip archive says of each name whether it is UTF-8: the library believes the locale. */
static int write_header(const struct dump *dump, struct archive_entry *entry, bool text)
{
    if (text || dump->options->format != DUMP_ZIP)
        return archive_write_header(dump->archive, entry);
    locale_t before = uselocale(dump->bytes);
    int done = archive_write_header(dump->archive, entry);
    uselocale(before);
    return done;
}

static int put_node(void *context, const uint8_t *folder, const char *path, const struct node *node)
{
    struct dump *dump = context;
    (void)folder;
    if (!fits(dump, node->type)) {
        problem(dump, path,
                err_set(ERR_UNSUPPORTED, _("%s is of a kind that this archive cannot hold"), path));
        return FOLDER_INTO;
    }
    if (node->size > INT64_MAX)
        return err_set(ERR_CORRUPT, _("%s: the snapshot gives it an impossible size"), path);
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path + 1);
    put_facts(entry, dump->options->format, node);
    if (dump->options->format == DUMP_TAR) /* an access list would also change the mode */
        put_xattrs(dump, entry, node, path);
    int done = write_header(dump, entry, is_text(path, node));
    archive_entry_free(entry);
    if (done == ARCHIVE_WARN && is_text(path, node))
        problem(dump, path, failed(dump, path));
    if (done < ARCHIVE_WARN)
        return failed(dump, path);
    int err = node->type == NODE_FILE ? content_each(dump->loader, node, path, put_piece, dump) : 0;
    if (!err && archive_write_finish_entry(dump->archive) < ARCHIVE_WARN)
        err = failed(dump, path);
    return err ? err : FOLDER_INTO;
}

static int begin(struct dump *dump)
{
    struct archive *archive = dump->archive;
    int done;
    if (dump->options->format == DUMP_ZIP) {
        done = archive_write_set_format_zip(archive);
    } else {
        done = archive_write_set_format_pax(archive);
        if (done == ARCHIVE_OK)
            done = archive_write_set_format_option(archive, "pax", "xattrheader", "SCHILY");
    }
    if (done == ARCHIVE_OK)
        done = archive_write_open(archive, dump, NULL, on_write, NULL);
    return done == ARCHIVE_OK ? 0 : failed(dump, "/");
}

static int write_archive(struct dump *dump, const uint8_t *id, const char *path)
{
    const struct folder_visitor visitor = {.context = dump, .on_node = put_node};
    int err = begin(dump);
    if (!err)
        err = folder_walk(dump->loader, id, path, &visitor);
    if (err) /* no end is written: what there is of it must not pass for the whole */
        archive_write_fail(dump->archive);
    else if (archive_write_close(dump->archive) != ARCHIVE_OK)
        err = failed(dump, "/");
    return err;
}

/* The library takes names for text of the locale: they are UTF-8 in an archive, whatever the user's is. All
 * else of the locale stays, for the texts of errors. */
static int write_in_utf8(struct dump *dump, const uint8_t *id, const char *path)
{
    locale_t base = duplocale(LC_GLOBAL_LOCALE);
    dump->bytes = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
    dump->utf8 = base ? newlocale(LC_CTYPE_MASK, "C.UTF-8", base) : (locale_t)0; /* base is in it now */
    int err = dump->utf8 && dump->bytes ? 0 : err_sys(_("cannot write names in UTF-8"));
    if (!err) {
        locale_t before = uselocale(dump->utf8);
        err = write_archive(dump, id, path);
        uselocale(before);
    }
    if (dump->utf8)
        freelocale(dump->utf8);
    else if (base)
        freelocale(base);
    if (dump->bytes)
        freelocale(dump->bytes);
    return err;
}

int dump_folder(struct loader *loader, const uint8_t id[static SHA256_SIZE], const char *path,
                const struct vault_dump_options *options)
{
    struct dump dump = {.options = options, .loader = loader, .archive = archive_write_new()};
    if (!dump.archive)
        return err_set(ERR_SYSTEM, _("there is no memory for an archive"));
    int err = write_in_utf8(&dump, id, path);
    archive_write_free(dump.archive);
    if (!err && dump.problems)
        return err_set(ERR_PARTIAL, _("%llu things are not in the archive as they were"),
                       (unsigned long long)dump.problems);
    return err;
}
