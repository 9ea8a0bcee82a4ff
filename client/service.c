/* SPDX-License-Identifier: Apache-2.0 */
#include "client/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "client/call.h"
#include "client/text.h"
#include "common/json.h"
#include "common/memory.h"
#include "common/names.h"
#include "config.h"

static int print_counter(const char *name, json_object *value)
{
    CLEANUP(freep) char *escaped = text_escape(name);

    if (!json_object_is_type(value, json_type_int))
        return -EBADMSG;
    if (!escaped)
        return -ENOMEM;
    printf("%s %" PRId64 "\n", escaped, json_object_get_int64(value));
    return 0;
}

static int print_counters(json_object *statistics)
{
    json_object_object_foreach (statistics, name, value) {
        int r = print_counter(name, value);

        if (r < 0)
            return r;
    }
    return 0;
}

static int print_statistics(const Options *options, json_object *parameters, void *userdata)
{
    json_object *statistics = NULL;

    (void)options;
    (void)userdata;
    if (json_get_object(parameters, "statistics", &statistics) <= 0)
        return -EBADMSG;
    return print_counters(statistics);
}

int service_run_statistics(const Options *options)
{
    return call_print(options, "GetStatistics", call_parameters((CallString[]){{0}}), false,
                      print_statistics, NULL);
}

static int print_daemon_version(const Options *options, json_object *parameters, void *userdata)
{
    CLEANUP(freep) char *escaped_product = NULL, *escaped_version = NULL;
    const char *product = NULL, *version = NULL;

    (void)options;
    (void)userdata;
    if (json_get_string(parameters, "product", &product) <= 0 ||
        json_get_string(parameters, "version", &version) <= 0)
        return -EBADMSG;
    escaped_product = text_escape(product);
    escaped_version = text_escape(version);
    if (!escaped_product || !escaped_version)
        return -ENOMEM;
    printf("%s %s\n", escaped_product, escaped_version);
    return 0;
}

/* The client's own version is printed also where no daemon runs. */
int service_run_version(const Options *options)
{
    if (options->for_people) {
        puts(PACKAGE_NAME "ctl " PACKAGE_VERSION);
        text_flush();
    }
    return call_print(options, VARLINK_SERVICE_INTERFACE ".GetInfo",
                      call_parameters((CallString[]){{0}}), false, print_daemon_version, NULL);
}
