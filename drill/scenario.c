/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/scenario.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/town.h"

#ifndef BEFFROI_SCENARIODIR
#define BEFFROI_SCENARIODIR "/usr/share/beffroi/scenarios"
#endif
#define SUFFIX ".yaml"

char *scenario_folder(const char *wanted)
{
    const char *from = wanted ? wanted : secure_getenv("BEFFROI_SCENARIOS");
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (from || length <= 0)
        return mem_strdup(from ? from : BEFFROI_SCENARIODIR);
    program[length] = 0;
    char *slash = strrchr(program, '/');
    *slash = 0;
    char *beside = path_join(program, "scenarios");
    if (access(beside, X_OK) == 0)
        return beside;
    free(beside);
    return mem_strdup(BEFFROI_SCENARIODIR);
}

static int read_press(struct scenario *s, struct yml_node *root)
{
    struct yml_node *press = yml_get(root, "press");
    if (!press)
        return 0;
    int code = yml_want_mapping(press, "press");
    if (code == 0)
        code = yml_string(press, "date", true, &s->press.date);
    if (code == 0)
        code = yml_string(press, "place", true, &s->press.place);
    if (code == 0)
        code = yml_string(press, "back-after", true, &s->press.back_after);
    if (code == 0)
        code = yml_string(press, "cost", true, &s->press.cost);
    return code == 0 ? yml_no_more(press) : code;
}

static int read_attack(struct scenario *s, struct yml_node *attack)
{
    static const char *const over[] = {"smb", "local", NULL};
    int way = 0, code = yml_want_mapping(attack, "attack");
    if (code == 0)
        code = yml_choice(attack, "over", true, over, &way);
    if (code == 0)
        code = yml_string(attack, "simulator", true, &s->attack.kind);
    if (code == 0)
        code = yml_string(attack, "extension", false, &s->attack.extension);
    if (code == 0)
        code = yml_bool(attack, "notes", false, &s->attack.notes);
    if (code == 0)
        code = yml_integer(attack, "workers", false, 1, 64, &s->attack.workers);
    if (code == 0)
        code = yml_integer(attack, "per-minute", false, 0, 10000000, &s->attack.per_minute);
    if (code == 0)
        code = yml_no_more(attack);
    if (code < 0)
        return code;
    s->over_smb = way == 0;
    if (!attack_find(s->attack.kind))
        return yml_error(attack, _("there is no simulator named \"%s\""), s->attack.kind);
    if (s->over_smb && strcmp(s->attack.kind, "in-place") != 0)
        return yml_error(attack, _("over smb, the simulator is \"in-place\""));
    if (strchr(s->attack.extension, '/') || strlen(s->attack.extension) > 31)
        return yml_error(attack, _("the extension is at most 31 bytes and holds no slash"));
    return 0;
}

static int read_scenario(struct scenario *s, const char *name)
{
    struct yml_node *root = yml_root(s->document);
    int code = yml_want_mapping(root, "scenario");
    if (code == 0)
        code = yml_string(root, "name", true, &s->name);
    if (code == 0)
        code = yml_string(root, "title", true, &s->title);
    if (code == 0)
        code = yml_string(root, "story", true, &s->story);
    if (code == 0)
        code = yml_bool(root, "colleague", true, &s->colleague);
    if (code == 0)
        code = read_press(s, root);
    if (code == 0)
        code = read_attack(s, yml_get(root, "attack"));
    if (code == 0)
        code = yml_no_more(root);
    if (code == 0 && strcmp(s->name, name) != 0)
        code = yml_error(root, _("the scenario is named \"%s\" but its file is not"), s->name);
    return code;
}

int scenario_load(const char *folder, const char *name, struct scenario **out)
{
    if (!path_is_plain(name) || strchr(name, '/'))
        return err_set(ERR_INVALID, _("\"%s\" is not the name of a scenario"), name);
    char *path MEM_AUTO = mem_printf("%s/%s" SUFFIX, folder, name);
    struct scenario *s = mem_zalloc(1, sizeof *s);
    s->attack = (struct attack_options){
        .extension = "", .notes = true, .workers = 1, .uid = TOWN_UID_FIRST, .gid = TOWN_GID};
    int code = yml_load(path, &s->document);
    if (code == ERR_NOT_FOUND)
        err_hint(code, _("'beffroi drill list' shows the scenarios there are"));
    if (code == 0)
        code = read_scenario(s, name);
    if (code < 0)
        scenario_free(s);
    else
        *out = s;
    return code;
}

void scenario_free(struct scenario *scenario)
{
    if (!scenario)
        return;
    yml_free(scenario->document);
    free(scenario);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int scenario_names(const char *folder, char ***names, size_t *count)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return err_sys(_("cannot list the scenarios in %s"), folder);
    *names = NULL;
    *count = 0;
    for (struct dirent *d; (d = readdir(dir));) {
        size_t length = strlen(d->d_name), tail = strlen(SUFFIX);
        if (length <= tail || strcmp(d->d_name + length - tail, SUFFIX) != 0)
            continue;
        *names = mem_resize(*names, *count + 1, sizeof **names);
        (*names)[(*count)++] = mem_printf("%.*s", (int)(length - tail), d->d_name);
    }
    closedir(dir);
    if (*count)
        qsort(*names, *count, sizeof **names, by_name);
    return 0;
}
