/* SPDX-License-Identifier: Apache-2.0 */
#include "client/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/call.h"
#include "client/outcome.h"
#include "client/text.h"
#include "common/json.h"
#include "common/names.h"

typedef enum MetricType { GAUGE, COUNTER, HISTOGRAM } MetricType;

typedef struct Metric {
    const char *name, *family, *suffix;
    MetricType type;
    const char *help;
} Metric;

static const Metric metrics[] = {
#define METRIC(symbol, name, family, suffix, type, help)                                           \
    {TRAILSTOP_INTERFACE "." name, family, suffix, type, help},
#include "common/metrics.def"
};

/* One reply of List; strings are borrowed from it. */
typedef struct Sample {
    const Metric *metric;
    json_object *value, *fields; /* fields NULL: none */
    const char *object;          /* NULL: none */
} Sample;

typedef struct Printing {
    const char *family; /* begun last; NULL: none */
    double created;     /* when the daemon's counters began */
} Printing;

static const Metric *find_metric(const char *name)
{
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    return NULL;
}

static bool are_texts(json_object *fields)
{
    struct json_object_iter field;

    json_object_object_foreachC (fields, field)
        if (!json_string(field.val))
            return false;
    return true;
}

/* 1; 0: a metric of a later version; -EBADMSG. */
static int read_sample(json_object *parameters, Sample *ret)
{
    Sample sample = {0};
    const char *name = NULL;

    if (json_get_string(parameters, "name", &name) <= 0 ||
        !json_object_object_get_ex(parameters, "value", &sample.value) ||
        json_get_string(parameters, "object", &sample.object) < 0 ||
        json_get_object(parameters, "fields", &sample.fields) < 0 ||
        (sample.fields && !are_texts(sample.fields)) ||
        (!json_object_is_type(sample.value, json_type_int) &&
         !json_object_is_type(sample.value, json_type_double)))
        return -EBADMSG;
    sample.metric = find_metric(name);
    *ret = sample;
    return sample.metric != NULL;
}

/* ---- the text ---- */

static void print_label(const char *name, const char *value, char *separator)
{
    printf("%c%s=\"", *separator, name);
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            putchar('\\');
        if (*value == '\n')
            fputs("\\n", stdout);
        else
            putchar(*value);
    }
    putchar('"');
    *separator = ',';
}

static void print_labels(const Sample *sample)
{
    char separator = '{';

    if (sample->object)
        print_label("target", sample->object, &separator);
    if (sample->fields) {
        json_object_object_foreach (sample->fields, name, value) {
            print_label(name, json_string(value), &separator);
        }
    }
    if (separator == ',')
        putchar('}');
}

static void print_sample(const Sample *sample)
{
    printf("%s%s", sample->metric->family, sample->metric->suffix);
    print_labels(sample);
    if (json_object_is_type(sample->value, json_type_int))
        printf(" %" PRId64 "\n", json_object_get_int64(sample->value));
    else
        printf(" %.6f\n", json_object_get_double(sample->value));
}

/* What is counted for a target, a queue or a destination may have begun with a reload, and begins
 * again where that was gone meanwhile. */
static bool began_with_daemon(const Sample *sample)
{
    return !sample->object && !json_object_object_get(sample->fields, "queue") &&
           !json_object_object_get(sample->fields, "notify");
}

static void print_created(const Printing *printing, const Sample *sample)
{
    printf("%s_created", sample->metric->family);
    print_labels(sample);
    printf(" %.6f\n", printing->created);
}

static void begin_family(Printing *printing, const Metric *metric)
{
    static const char *const types[] = {
        [GAUGE] = "gauge", [COUNTER] = "counter", [HISTOGRAM] = "histogram"};

    if (printing->family && strcmp(printing->family, metric->family) == 0)
        return;
    printing->family = metric->family;
    printf("# TYPE %s %s\n# HELP %s %s.\n", metric->family, types[metric->type], metric->family,
           metric->help);
}

/* The last one of a histogram is its count. */
static bool ends_series(const Metric *metric)
{
    return metric->type == COUNTER ||
           (metric->type == HISTOGRAM && strcmp(metric->suffix, "_count") == 0);
}

static int print_metric(const Options *options, json_object *parameters, void *userdata)
{
    Printing *printing = userdata;
    Sample sample;
    int r = read_sample(parameters, &sample);

    (void)options;
    if (r <= 0)
        return r;
    if (sample.metric == &metrics[0]) /* it comes first, so that the others can name it */
        printing->created = json_object_get_double(sample.value);
    begin_family(printing, sample.metric);
    print_sample(&sample);
    if (ends_series(sample.metric) && began_with_daemon(&sample))
        print_created(printing, &sample);
    return 0;
}

int metrics_run(const Options *options)
{
    Printing printing = {0};
    int outcome = call_print(options, SYSTEMD_METRICS_INTERFACE ".List",
                             call_parameters((CallString[]){{0}}), true, print_metric, &printing);

    if (outcome == OUTCOME_OK && options->for_people) {
        puts("# EOF");
        text_flush();
    }
    return outcome;
}
