/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/story.h"

#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/client.h"
#include "cmd/cmd.h"

const char *story_state(const char *state)
{
    static const struct {
        const char *word, *text;
    } states[] = {
        {"open", N_("open")},
        {"contained", N_("stopped")},
        {"recovered", N_("stopped, files back")},
        {"dismissed", N_("dismissed")},
        {"closed", N_("closed")},
    };
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i].word, state) == 0)
            return _(states[i].text);
    return state;
}

char *story_who(const json_t *incident)
{
    const json_t *actor = json_object_get(incident, "actor");
    const char *exe = client_text(actor, "exe");
    const char *user = client_text(actor, "user");
    const char *client = client_text(actor, "client");
    if (*client && *user)
        return mem_printf(_("the computer %s, as user %s"), client, user);
    if (*client)
        return mem_printf(_("the computer %s"), client);
    if (*exe && *user)
        return mem_printf(_("%s, as user %s"), exe, user);
    if (*exe)
        return mem_strdup(exe);
    return mem_strdup(_("unknown"));
}

static void heading(FILE *out, const char *text)
{
    fprintf(out, "\n%s%s%s\n", cmd_color(out, CMD_BOLD), text, cmd_color(out, CMD_PLAIN));
}

static void print_title(const json_t *incident, FILE *out)
{
    const char *state = client_text(incident, "state");
    enum cmd_color color = strcmp(state, "open") == 0        ? CMD_RED
                           : strcmp(state, "contained") == 0 ? CMD_YELLOW
                                                             : CMD_GREEN;
    fprintf(out, "%s", cmd_color(out, CMD_BOLD));
    fprintf(out, _("Incident %lld: %s"), (long long)client_number(incident, "id"),
            client_text(incident, "detector"));
    fprintf(out, "%s  %s%s%s\n", cmd_color(out, CMD_PLAIN), cmd_color(out, color), story_state(state),
            cmd_color(out, CMD_PLAIN));
}

static void print_what(const json_t *incident, FILE *out)
{
    char when[CMD_TEXT_SIZE];
    const json_t *files = json_object_get(incident, "files");
    int64_t touched = client_number(files, "touched");
    heading(out, _("What happened"));
    cmd_time(client_time(incident, "first_harm"), when);
    fprintf(out, _("  The first harm was done on %s.\n"), when);
    fprintf(out,
            P_("  %lld file was touched; spoiled: %lld.\n", "  %lld files were touched; spoiled: %lld.\n",
               (unsigned long)touched),
            (long long)touched, (long long)client_number(files, "spoiled"));
    size_t index;
    const json_t *reason;
    json_array_foreach(json_object_get(incident, "reasons"), index, reason)
    {
        fputs("  - ", out);
        cmd_put(out, json_string_value(reason) ? json_string_value(reason) : "", false);
        fputc('\n', out);
    }
}

static void print_fact(FILE *out, const char *label, const char *text)
{
    if (!*text)
        return;
    fprintf(out, "  %s ", label);
    cmd_put(out, text, false);
    fputc('\n', out);
}

static void print_who(const json_t *incident, FILE *out)
{
    const json_t *actor = json_object_get(incident, "actor");
    char pid[CMD_TEXT_SIZE] = "";
    if (client_number(actor, "pid") > 0)
        snprintf(pid, sizeof pid, "%lld", (long long)client_number(actor, "pid"));
    heading(out, _("Who"));
    print_fact(out, _("Program:"), client_text(actor, "exe"));
    print_fact(out, _("Process:"), pid);
    print_fact(out, _("User:"), client_text(actor, "user"));
    print_fact(out, _("Computer on the network:"), client_text(actor, "client"));
    if (!*client_text(actor, "exe") && !*client_text(actor, "client"))
        fprintf(out, "  %s\n", _("Not known: the changes were found afterwards."));
}

static const char *result_mark(const char *result)
{
    if (strcmp(result, "done") == 0)
        return _("done");
    if (strcmp(result, "partly") == 0)
        return _("partly");
    if (strcmp(result, "failed") == 0)
        return _("FAILED");
    if (strcmp(result, "would") == 0)
        return _("not done (mode observe)");
    return result;
}

/* When something was done, counted from the first harm; not where a clock that was set back gives no length.
 */
static void print_moment(FILE *out, int64_t first, int64_t when)
{
    char length[CMD_TEXT_SIZE], moment[CMD_TEXT_SIZE];
    cmd_clock(when, moment);
    cmd_duration(when - first, length);
    /* TRANSLATORS: time of day, then the time since the first harm */
    if (first && when >= first)
        fprintf(out, _("  %s (after %s)  "), moment, length);
    else
        fprintf(out, "  %s  ", moment);
}

static void print_done(const json_t *incident, FILE *out)
{
    int64_t first = client_time(incident, "first_harm");
    heading(out, _("What was done"));
    print_moment(out, first, client_time(incident, "detected"));
    fprintf(out, "%s\n", _("the attack was recognized"));
    size_t index;
    const json_t *action;
    json_array_foreach(json_object_get(incident, "actions"), index, action)
    {
        const char *result = client_text(action, "result");
        print_moment(out, first, client_time(action, "time"));
        if (strcmp(result, "done") != 0)
            fprintf(out, "%s: ", result_mark(result));
        cmd_put(out, client_text(action, "text"), false);
        fputc('\n', out);
    }
}

static void print_files(const json_t *incident, FILE *out)
{
    const json_t *files = json_object_get(incident, "files");
    int64_t back = client_number(files, "recovered");
    int64_t kept = client_number(files, "kept");
    int64_t lost = client_number(files, "lost");
    heading(out, _("The files"));
    fprintf(out, P_("  %lld file was put back.\n", "  %lld files were put back.\n", (unsigned long)back),
            (long long)back);
    if (kept > 0)
        fprintf(out,
                P_("  %lld file had been changed since by somebody else: both versions were kept.\n",
                   "  %lld files had been changed since by somebody else: both versions were kept.\n",
                   (unsigned long)kept),
                (long long)kept);
    if (lost > 0)
        fprintf(out,
                P_("  %s%lld file could not be had back.%s\n", "  %s%lld files could not be had back.%s\n",
                   (unsigned long)lost),
                cmd_color(out, CMD_RED), (long long)lost, cmd_color(out, CMD_PLAIN));
    else if (back > 0)
        fprintf(out, "  %s\n", _("None was lost."));
}

/* What a person does next depends on the state alone; the commands are written out, ready to copy. */
static void print_next(const json_t *incident, FILE *out)
{
    const char *state = client_text(incident, "state");
    long long id = client_number(incident, "id");
    bool remote = *client_text(json_object_get(incident, "actor"), "client");
    if (strcmp(state, "dismissed") == 0 || strcmp(state, "closed") == 0)
        return;
    heading(out, _("What to do now"));
    if (remote)
        fprintf(out,
                _("  - Unplug the network cable of the computer %s. Do not switch it off: its memory is "
                  "evidence.\n"),
                client_text(json_object_get(incident, "actor"), "client"));
    else
        fprintf(
            out, "  - %s\n",
            _("Do not switch this machine off, and do not kill the frozen program: its memory is evidence."));
    if (strcmp(state, "recovered") != 0)
        fprintf(out, _("  - Put the files back: beffroi incident rollback %lld\n"), id);
    fprintf(out, _("  - If you know this program and meant it to do this: beffroi incident dismiss %lld\n"),
            id);
    fprintf(out, "  - %s\n",
            _("Write down who told you and when. In France, complain within 72 hours (the insurance asks for "
              "it); if personal\n"
              "    data may have been copied, tell the CNIL within 72 hours."));
    fprintf(out, _("  - When it has been dealt with: beffroi incident close %lld\n"), id);
    fprintf(out, "  - %s\n", _("The signed record: beffroi journal show"));
}

void story_print(const json_t *incident, FILE *out)
{
    print_title(incident, out);
    print_what(incident, out);
    print_who(incident, out);
    print_done(incident, out);
    print_files(incident, out);
    print_next(incident, out);
}

void story_result(const json_t *incident, const char *verb, FILE *out)
{
    const json_t *files = json_object_get(incident, "files");
    long long id = client_number(incident, "id");
    if (strcmp(verb, "rollback") == 0)
        fprintf(out, _("Incident %lld: %lld files put back, %lld lost.\n"), id,
                (long long)client_number(files, "recovered"), (long long)client_number(files, "lost"));
    else if (strcmp(verb, "dismiss") == 0)
        fprintf(
            out,
            _("Incident %lld is dismissed: the program goes on, and its versions of the files are back.\n"),
            id);
    else if (strcmp(verb, "release") == 0)
        fprintf(out, _("Incident %lld: what was stopped or shut out may go on again.\n"), id);
    else
        fprintf(out, _("Incident %lld is closed.\n"), id);
}
