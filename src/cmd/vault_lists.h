/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists that vault commands take from files: patterns, and what to save. "-" is standard input.
 */
#ifndef CMD_VAULT_LISTS_H
#define CMD_VAULT_LISTS_H

#include "base/opt.h"
#include "vault/match.h"

/* Texts that are owned. vault_texts_free ends them. */
struct vault_texts {
    char **items;
    size_t count;
};
void vault_texts_add(struct vault_texts *texts, const char *text);
void vault_texts_free(struct vault_texts *texts);

enum vault_list_form {
    VAULT_LIST_PATTERNS, /* lines; "# ..." and empty ones are passed over, $NAME stands for a variable */
    VAULT_LIST_GLOBS,    /* lines, the same without variables; each stands for the paths that it matches */
    VAULT_LIST_LINES,    /* lines as they are; empty ones are passed over */
    VAULT_LIST_NULS,     /* ended by NUL, as find -print0 writes them */
};
/* Reads one file. A glob that matches nothing is told on standard error. */
int vault_list_read(const char *file, enum vault_list_form form, struct vault_texts *out);
/* The same for all files of an option. */
int vault_lists_read(const struct opt_list *files, enum vault_list_form form, struct vault_texts *out);

/* The options --NAME, --iNAME, --NAME-file and --iNAME-file. */
struct vault_patterns {
    struct opt_list exact, folded, files, folded_files;
};
#define VAULT_EXCLUDE_ROWS(patterns)                                                                         \
    {"exclude",         'e',           OPT_LIST,                                                             \
     &(patterns).exact, N_("PATTERN"), N_("leave out what matches (may be repeated)")},                      \
        {"iexclude",    0,                                                                                   \
         OPT_LIST,      &(patterns).folded,                                                                  \
         N_("PATTERN"), N_("the same, whether letters are capital or small")},                               \
        {"exclude-file",    0,          OPT_LIST,                                                            \
         &(patterns).files, N_("FILE"), N_("leave out what a line of FILE matches")},                        \
    {                                                                                                        \
        "iexclude-file", 0, OPT_LIST, &(patterns).folded_files, N_("FILE"),                                  \
            N_("the same, whether letters are capital or small")                                             \
    }
#define VAULT_INCLUDE_ROWS(patterns)                                                                         \
    {"include",         'i',           OPT_LIST,                                                             \
     &(patterns).exact, N_("PATTERN"), N_("restore only what matches (may be repeated)")},                   \
        {"iinclude",    0,                                                                                   \
         OPT_LIST,      &(patterns).folded,                                                                  \
         N_("PATTERN"), N_("the same, whether letters are capital or small")},                               \
        {"include-file",    0,          OPT_LIST,                                                            \
         &(patterns).files, N_("FILE"), N_("restore only what a line of FILE matches")},                     \
    {                                                                                                        \
        "iinclude-file", 0, OPT_LIST, &(patterns).folded_files, N_("FILE"),                                  \
            N_("the same, whether letters are capital or small")                                             \
    }
/* Reads the files and adds every pattern to `out`. */
int vault_patterns_compile(const struct vault_patterns *patterns, struct match_list *out);
void vault_patterns_free(struct vault_patterns *patterns);

#endif
