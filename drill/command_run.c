/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "drill/command.h"
#include "drill/run.h"
#include "drill/tell.h"

#define MAX_RUNS 1000

static void print_names(const char *folder, char **names, size_t count, json_t *list)
{
    for (size_t i = 0; i < count; i++) {
        struct scenario *s;
        if (scenario_load(folder, names[i], &s) < 0) {
            command_failed();
            continue;
        }
        if (list)
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:s}", "name", s->name, "title", s->title, "story", s->story));
        else
            printf("%-30s %s\n", s->name, _(s->title));
        scenario_free(s);
    }
}

int command_list(int argc, char **argv)
{
    bool json = false;
    const char *wanted = NULL;
    const struct opt options[] = {
        {"json", 0, OPT_FLAG, &json, NULL, N_("print JSON")},
        {"scenarios", 0, OPT_STRING, &wanted, N_("FOLDER"), N_("where the scenarios are")},
        {0},
    };
    const struct opt_command command = {"drill list", "", N_("Lists the scenarios that can be run."),
                                        options,      0,  0};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_WRONG ? 2 : 0;
    char *folder = scenario_folder(wanted), **names = NULL;
    size_t count = 0;
    int status = scenario_names(folder, &names, &count) < 0 ? command_failed() : 0;
    json_t *list = json ? json_array() : NULL;
    print_names(folder, names, count, list);
    if (list) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(list);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    free(folder);
    return status;
}

/* The guard's program: as asked for, $BEFFROI, beside this one, in the build tree, or in PATH. */
static char *find_beffroi(const char *wanted)
{
    static const char *const beside[] = {"beffroi", "../src/cmd/beffroi", "../beffroi", NULL};
    const char *from = wanted ? wanted : secure_getenv("BEFFROI");
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (from)
        return mem_strdup(from);
    program[length > 0 ? length : 0] = 0;
    char *slash = strrchr(program, '/');
    for (size_t i = 0; slash && beside[i]; i++) {
        *slash = 0;
        char *path = path_join(program, beside[i]);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return mem_strdup("beffroi");
}

static void print_progress(const char *text)
{
    fprintf(stderr, "%s\n", text);
}

static void on_signal(int number)
{
    (void)number;
    run_cancel();
}

struct wish {
    bool json, keep, no_guard, village;
    int64_t seed, runs;
    const char *base, *beffroi, *scenarios;
};

/* Exit status of a run: 0 when nothing was lost and nothing of the attack is left, else 3. */
static int verdict(const struct run_figures *f)
{
    return f->lost > 0 || f->extra > 0 || f->colleague_failed > 0 ? 3 : 0;
}

static int play_all(const struct scenario *scenario, const struct run_options *options,
                    const struct wish *wish)
{
    size_t wanted = (size_t)wish->runs, count = 0;
    struct run **runs = mem_zalloc(wanted, sizeof *runs);
    struct run_figures *figures = mem_zalloc(wanted, sizeof *figures);
    int status = 0;
    while (count < wanted) {
        if (run_play(scenario, options, &runs[count]) < 0) {
            status = command_failed();
            break;
        }
        figures[count] = runs[count]->figures;
        if (verdict(&figures[count]))
            status = 3;
        if (!wish->json)
            tell_run(runs[count], stdout);
        fflush(stdout);
        count++;
    }
    if (count > 0 && wish->json)
        tell_json(scenario, runs, figures, count, stdout);
    else if (count > 1)
        tell_table(scenario, figures, count, stdout);
    for (size_t i = 0; i < count; i++)
        run_free(runs[i]);
    free(runs);
    free(figures);
    return status;
}

static int play(const char *name, const struct wish *wish)
{
    char *folder = scenario_folder(wish->scenarios), *beffroi = find_beffroi(wish->beffroi);
    struct scenario *scenario = NULL;
    struct run_options options = {
        .seed = (uint64_t)wish->seed,
        .village = wish->village,
        .base = wish->base,
        .beffroi = wish->no_guard ? NULL : beffroi,
        .keep = wish->keep,
        .progress = wish->json && !isatty(2) ? NULL : print_progress,
    };
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    int status = 1;
    if (geteuid() != 0) {
        err_hint(
            err_set(ERR_PERMISSION, _("a drill needs root: it makes namespaces and files of many owners")),
            _("run it with sudo"));
        command_failed();
    } else if (scenario_load(folder, name, &scenario) < 0) {
        command_failed();
    } else {
        status = play_all(scenario, &options, wish);
    }
    scenario_free(scenario);
    free(folder);
    free(beffroi);
    return status;
}

int command_run(int argc, char **argv)
{
    struct wish wish = {.seed = 1, .runs = 1};
    const struct opt options[] = {
        {"json", 0, OPT_FLAG, &wish.json, NULL, N_("print all figures as JSON")},
        {"seed", 0, OPT_NUMBER, &wish.seed, N_("N"), N_("the town to build (default 1)")},
        {"village", 0, OPT_FLAG, &wish.village, NULL, N_("a small share instead: 200 files, 30 MB")},
        {"runs", 0, OPT_NUMBER, &wish.runs, N_("N"), N_("play it N times; print smallest, median, largest")},
        {"keep", 0, OPT_FLAG, &wish.keep, NULL,
         N_("leave the share, the logs and the guard's state on the disk")},
        {"no-guard", 0, OPT_FLAG, &wish.no_guard, NULL, N_("without Beffroi: see what the attack does")},
        {"beffroi", 0, OPT_STRING, &wish.beffroi, N_("PATH"), N_("the guard's program")},
        {"in", 0, OPT_STRING, &wish.base, N_("FOLDER"), N_("where the stage is made (default /var/tmp)")},
        {"scenarios", 0, OPT_STRING, &wish.scenarios, N_("FOLDER"), N_("where the scenarios are")},
        {0},
    };
    const struct opt_command command = {"drill run",
                                        N_("NAME"),
                                        N_("Re-enacts a scenario against a share built for it, in namespaces "
                                           "of its own, and tells what happened."),
                                        options,
                                        1,
                                        1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_WRONG ? 2 : 0;
    if (wish.runs < 1 || wish.runs > MAX_RUNS) {
        err_set(ERR_INVALID, _("--runs wants a number from 1 to %d"), MAX_RUNS);
        command_failed();
        return 2;
    }
    return play(argv[1], &wish);
}
