/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/opt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

#define HELP_COLUMN 28

static enum opt_result wrong(const struct opt_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum opt_result wrong(const struct opt_command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "beffroi %s: ", command->name);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, _("\nTry: beffroi %s --help\n"), command->name);
    return OPT_WRONG;
}

static void print_row(const struct opt *option, FILE *out)
{
    char left[128];
    int length = option->letter ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                                : snprintf(left, sizeof left, "      --%s", option->name);
    if (option->argument && length > 0 && (size_t)length < sizeof left)
        snprintf(left + length, sizeof left - (size_t)length, " %s", _(option->argument));
    fprintf(out, "%-*s", HELP_COLUMN, left);
    if (strlen(left) >= HELP_COLUMN)
        fprintf(out, "\n%*s", HELP_COLUMN, "");
    for (const char *at = _(option->help);;) {
        size_t line = strcspn(at, "\n");
        fprintf(out, "%.*s\n", (int)line, at);
        if (!at[line])
            break;
        at += line + 1;
        fprintf(out, "%*s", HELP_COLUMN, "");
    }
}

void opt_help(const struct opt_command *command, FILE *out)
{
    const char *operands = *command->operands ? _(command->operands) : "";
    fprintf(out, _("Usage: beffroi %s [OPTION...] %s\n\n%s\n"), command->name, operands, _(command->summary));
    fprintf(out, "\n");
    static const struct opt help_row = {"help", 'h', OPT_FLAG, NULL, NULL, N_("show this and stop")};
    for (const struct opt *option = command->options; option && option->name; option++)
        if (option->help)
            print_row(option, out);
    print_row(&help_row, out);
}

static const struct opt *find_long(const struct opt_command *command, const char *name, size_t length)
{
    const struct opt *found = NULL;
    for (const struct opt *option = command->options; option && option->name; option++)
        if (strlen(option->name) == length && memcmp(option->name, name, length) == 0 &&
            (!found || !found->help))
            found = option;
    return found;
}

static const struct opt *find_letter(const struct opt_command *command, char letter)
{
    const struct opt *found = NULL;
    for (const struct opt *option = command->options; option && option->name; option++)
        if (option->letter == letter && (!found || !found->help))
            found = option;
    return found;
}

static enum opt_result store(const struct opt_command *command, const struct opt *option, const char *value)
{
    switch (option->kind) {
    case OPT_FLAG:
        *(bool *)option->into = true;
        return OPT_GO;
    case OPT_STRING:
        *(const char **)option->into = value;
        return OPT_GO;
    case OPT_LIST: {
        struct opt_list *list = option->into;
        list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
        list->items[list->count++] = value;
        return OPT_GO;
    }
    case OPT_COUNT:
        if (!value) {
            ++*(int64_t *)option->into;
            return OPT_GO;
        }
        /* fall through */
    case OPT_NUMBER: {
        char *end;
        errno = 0;
        long long number = strtoll(value, &end, 10);
        if (errno || end == value || *end || number < 0)
            return wrong(command, _("--%s wants a whole number, not \"%s\""), option->name, value);
        *(int64_t *)option->into = number;
        return OPT_GO;
    }
    }
    return OPT_WRONG;
}

static bool takes_value(const struct opt *option)
{
    return option->kind != OPT_FLAG && option->kind != OPT_COUNT;
}

static enum opt_result store_next(const struct opt_command *command, const struct opt *option,
                                  const char *value, int argc, char **argv, int *at)
{
    if (!value && *at + 1 < argc)
        value = argv[++*at];
    if (!value)
        return wrong(command, _("--%s wants a value"), option->name);
    return store(command, option, value);
}

static enum opt_result parse_long(const struct opt_command *command, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    size_t length = strcspn(word + 2, "=");
    const struct opt *option = find_long(command, word + 2, length);
    const char *value = word[2 + length] == '=' ? word + 2 + length + 1 : NULL;
    if (!option)
        return wrong(command, _("unknown option \"%s\""), word);
    if (takes_value(option))
        return store_next(command, option, value, argc, argv, at);
    if (value && option->kind == OPT_FLAG)
        return wrong(command, _("--%s takes no value"), option->name);
    return store(command, option, value);
}

/* "-n", "-nq", "-r DIR", "-rDIR" and "-qr DIR". */
static enum opt_result parse_letters(const struct opt_command *command, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    for (const char *letter = word + 1; *letter; letter++) {
        const struct opt *option = find_letter(command, *letter);
        if (!option)
            return wrong(command, _("unknown option \"%s\""), word);
        if (takes_value(option))
            return store_next(command, option, letter[1] ? letter + 1 : NULL, argc, argv, at);
        store(command, option, NULL);
    }
    return OPT_GO;
}

/* Handles the option at argv[*at]; moves *at to its value if that is the next word. */
static enum opt_result parse_option(const struct opt_command *command, int argc, char **argv, int *at)
{
    return argv[*at][1] == '-' ? parse_long(command, argc, argv, at) : parse_letters(command, argc, argv, at);
}

enum opt_result opt_parse(const struct opt_command *command, int argc, char **argv, int *operands)
{
    int count = 0;
    bool only_operands = false;
    for (int at = 1; at < argc; at++) {
        char *word = argv[at];
        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            opt_help(command, stdout);
            return OPT_HELP_SHOWN;
        } else if (!only_operands && word[0] == '-' && word[1]) {
            enum opt_result result = parse_option(command, argc, argv, &at);
            if (result != OPT_GO)
                return result;
        } else {
            argv[1 + count++] = word;
        }
    }
    if (count < command->least)
        return wrong(command, _("something is missing: %s"), _(command->operands));
    if (command->most >= 0 && count > command->most)
        return wrong(command, _("too many words: \"%s\""), argv[1 + command->most]);
    *operands = count;
    return OPT_GO;
}

void opt_list_free(struct opt_list *list)
{
    free(list->items);
    *list = (struct opt_list){0};
}
