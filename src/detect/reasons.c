/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/reasons.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "detect/detector.h"

static const char *const spoil_names[SPOIL_COUNT] = {
    [SPOIL_NONE] = "none",
    [SPOIL_TYPE_LOST] = "type-lost",
    [SPOIL_RANDOM] = "random",
    [SPOIL_PARTLY] = "partly",
    [SPOIL_REPLACED] = "replaced",
    [SPOIL_SHELL] = "shell",
    [SPOIL_ENCRYPTED] = "encrypted",
    [SPOIL_ENCODED] = "encoded",
    [SPOIL_EMPTIED] = "emptied",
    [SPOIL_CUT] = "cut",
    [SPOIL_BLANKED] = "blanked",
    [SPOIL_SHUFFLED] = "shuffled",
    [SPOIL_SUPPLANTED] = "supplanted",
};

const char *reasons_spoil_name(enum spoil spoil)
{
    return (unsigned)spoil < SPOIL_COUNT ? spoil_names[spoil] : "none";
}

/* "41 ms", "3.2 s", "12 min". */
static const char *duration(int64_t ns, char *out, size_t size)
{
    if (ns < 0)
        ns = 0;
    if (ns < NS_PER_SECOND)
        snprintf(out, size, _("%d ms"), (int)(ns / NS_PER_MS));
    else if (ns < 120 * NS_PER_SECOND)
        snprintf(out, size, _("%.1f s"), (double)ns / 1e9);
    else
        snprintf(out, size, _("%d min"), (int)(ns / NS_PER_SECOND / 60));
    return out;
}

#define SENTENCE(spoil, one, many)                                                                           \
    case spoil:                                                                                              \
        return P_(one, many, count)

/* Each takes the count and the duration. */
static const char *spoil_format(enum spoil spoil, unsigned long count)
{
    switch (spoil) {
        SENTENCE(SPOIL_TYPE_LOST, "%u file lost its type and became random bytes in %s",
                 "%u files lost their type and became random bytes in %s");
        SENTENCE(SPOIL_RANDOM, "%u readable file became random bytes in %s",
                 "%u readable files became random bytes in %s");
        SENTENCE(SPOIL_PARTLY, "parts of %u file became random bytes while the rest stayed, in %s",
                 "parts of %u files became random bytes while the rest stayed, in %s");
        SENTENCE(SPOIL_REPLACED, "the inside of %u file was replaced while its head and size stayed, in %s",
                 "the insides of %u files were replaced while their heads and sizes stayed, in %s");
        SENTENCE(SPOIL_SHELL, "%u file kept the look of its type around purely random bytes, in %s",
                 "%u files kept the look of their type around purely random bytes, in %s");
        SENTENCE(SPOIL_ENCRYPTED, "%u file became an encrypted file in %s",
                 "%u files became encrypted files in %s");
        SENTENCE(SPOIL_ENCODED, "%u file became unreadable coded text in %s",
                 "%u files became unreadable coded text in %s");
        SENTENCE(SPOIL_EMPTIED, "%u file was emptied in %s", "%u files were emptied in %s");
        SENTENCE(SPOIL_CUT, "%u file was cut short so that it cannot be opened, in %s",
                 "%u files were cut short so that they cannot be opened, in %s");
        SENTENCE(SPOIL_BLANKED, "%u file was overwritten with blank bytes in %s",
                 "%u files were overwritten with blank bytes in %s");
        SENTENCE(SPOIL_SHUFFLED, "the parts of %u file were put out of order in %s",
                 "the parts of %u files were put out of order in %s");
        SENTENCE(SPOIL_SUPPLANTED, "%u file was removed after an unreadable one was made from it, in %s",
                 "%u files were removed after unreadable ones were made from them, in %s");
    default:
        return P_("%u file was spoiled in %s", "%u files were spoiled in %s", count);
    }
}

static char *next_reason(struct alert *alert)
{
    if (alert->reason_count == ALERT_REASONS)
        return NULL;
    return alert->reasons[alert->reason_count++];
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void write_spoil(const struct score *score, enum spoil spoil, const char *span, struct alert *alert)
{
    char *out = next_reason(alert);
    unsigned count = score->spoils[spoil];
    if (!out)
        return;
    int length = snprintf(out, ALERT_REASON_SIZE, spoil_format(spoil, count), count, span);
    if (score->first_spoil != spoil || length < 0 || length >= ALERT_REASON_SIZE)
        return;
    /* Translators: appended to a sentence about files; %1$s a file, %2$s "a PDF document". */
    snprintf(out + length, (size_t)(ALERT_REASON_SIZE - length), _(" (first: %1$s, was %2$s)"),
             score->first_path, _(filetype_label((enum filetype)score->first_type)));
}

static void write_spoils(const struct score *score, const char *span, struct alert *alert)
{
    bool told[SPOIL_COUNT] = {false};
    for (unsigned round = 0; round < 3; round++) {
        unsigned most = 0;
        for (unsigned i = 1; i < SPOIL_COUNT; i++)
            if (!told[i] && score->spoils[i] > score->spoils[most])
                most = i;
        if (most == 0)
            return;
        told[most] = true;
        write_spoil(score, (enum spoil)most, span, alert);
    }
}

static void write_deletion(const struct score *score, uint32_t tree_files, const char *span,
                           struct alert *alert)
{
    char *out = next_reason(alert);
    if (!out)
        return;
    if (tree_files != DETECT_FILES_UNKNOWN)
        snprintf(out, ALERT_REASON_SIZE,
                 P_("%1$u of the %2$u files of this folder was deleted in %3$s",
                    "%1$u of the %2$u files of this folder were deleted in %3$s", score->deleted),
                 score->deleted, tree_files, span);
    else
        snprintf(out, ALERT_REASON_SIZE,
                 P_("%u file was deleted in %s", "%u files were deleted in %s", score->deleted),
                 score->deleted, span);
}

static void write_patterns(const struct score *score, struct alert *alert)
{
    const uint32_t *n = score->patterns;
    char *out;
    if (n[PATTERN_DECOY] && (out = next_reason(alert)))
        snprintf(out, ALERT_REASON_SIZE,
                 P_("%u decoy file, which nobody has a reason to touch, was changed",
                    "%u decoy files, which nobody has a reason to touch, were changed", n[PATTERN_DECOY]),
                 n[PATTERN_DECOY]);
    if (n[PATTERN_EXTENSION] >= 3 && (out = next_reason(alert)))
        snprintf(out, ALERT_REASON_SIZE,
                 P_("%1$u file had \"%2$s\" appended to its name",
                    "%1$u files had \"%2$s\" appended to their names", n[PATTERN_EXTENSION]),
                 n[PATTERN_EXTENSION], score->extension);
    if (n[PATTERN_NOTE] >= 2 && (out = next_reason(alert)))
        snprintf(out, ALERT_REASON_SIZE,
                 P_("the same new text named \"%2$s\" appeared in %1$u folder",
                    "the same new text named \"%2$s\" appeared in %1$u folders", n[PATTERN_NOTE]),
                 n[PATTERN_NOTE], score->note);
}
#pragma GCC diagnostic pop

void reasons_write(const struct score *score, uint32_t tree_files, int64_t now, struct alert *alert)
{
    char span[32];
    duration(now - score->first_harm_ns, span, sizeof(span));
    alert->reason_count = 0;
    write_spoils(score, span, alert);
    if (score->patterns[PATTERN_DELETION])
        write_deletion(score, tree_files, span, alert);
    write_patterns(score, alert);
    if (alert->reason_count == 0)
        write_deletion(score, tree_files, span, alert);
}
