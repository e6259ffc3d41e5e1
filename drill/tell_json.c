/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>

#include "base/clock.h"
#include "drill/figures.h"
#include "drill/tell.h"
#include "drill/timeline.h"

static json_t *number_or_null(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static json_t *figures_json(const struct run_figures *figures)
{
    json_t *object = json_object();
    for (const struct figure *row = figure_table; row->key; row++)
        json_object_set_new(object, row->key, number_or_null(figure_value(figures, row)));
    return object;
}

static json_t *timeline_json(const struct run *run)
{
    struct timeline *t = timeline_make(run);
    json_t *list = json_array();
    for (size_t i = 0; i < t->count; i++) {
        char when[TIME_TEXT_SIZE];
        time_format_utc(t->lines[i].time_ns, when);
        json_array_append_new(list, json_pack("{s:s, s:f, s:s, s:s}", "time", when, "since_first_harm",
                                              (double)(t->lines[i].time_ns - t->zero_ns) / 1e9, "who",
                                              t->lines[i].who, "text", t->lines[i].text));
    }
    timeline_free(t);
    return list;
}

static json_t *run_json(const struct run *run)
{
    json_t *object = figures_json(&run->figures), *list = json_array();
    for (size_t i = 0; i < run->difference_count; i++)
        json_array_append_new(list, json_string(run->differences[i]));
    json_object_set_new(object, "incidents", json_integer((json_int_t)run->incidents));
    json_object_set_new(object, "state", run->incident ? json_string(run->incident->state) : json_null());
    json_object_set_new(object, "detector",
                        run->incident ? json_string(run->incident->detector) : json_null());
    json_object_set_new(object, "client", run->incident ? json_string(run->incident->client) : json_null());
    json_object_set_new(object, "differences", list);
    json_object_set_new(object, "timeline", timeline_json(run));
    return object;
}

void tell_json(const struct scenario *scenario, struct run *const *runs, const struct run_figures *figures,
               size_t count, FILE *out)
{
    json_t *list = json_array(), *summary = json_object();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, run_json(runs[i]));
    for (const struct figure *row = figure_table; row->key; row++) {
        int64_t spread[3];
        figures_spread(figures, count, row, spread);
        json_object_set_new(summary, row->key,
                            json_pack("{s:o, s:o, s:o}", "min", number_or_null(spread[0]), "median",
                                      number_or_null(spread[1]), "max", number_or_null(spread[2])));
    }
    json_t *object =
        json_pack("{s:s, s:o, s:o}", "scenario", scenario->name, "figures", summary, "runs", list);
    json_dumpf(object, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(object);
}
