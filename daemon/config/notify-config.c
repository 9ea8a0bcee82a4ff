/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/notify-config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/memory.h"
#include "common/string.h"
#include "daemon/aws/queue-url.h"
#include "daemon/config/config-account.h"
#include "daemon/config/queue-config.h"

#define BUS_NAME_MAX 256U
#define ARN_FIELDS 6U
#define BUS_PREFIX "event-bus/"

/* arn:PARTITION:events:REGION:ACCOUNT:event-bus/NAME. Fields are borrowed, each up to a colon.
 * False: it is not one. */
static bool split_arn(const char *text, const char *fields[static ARN_FIELDS])
{
    fields[0] = text;
    for (size_t i = 1; i < ARN_FIELDS; i++) {
        text = strchr(text, ':');
        if (!text || text[1] == ':')
            return false;
        fields[i] = ++text;
    }
    return true;
}

static bool is_bus_name(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "/._-";
    size_t length = strlen(text);

    return length > 0 && length <= BUS_NAME_MAX && strspn(text, allowed) == length;
}

/* *ret_region: owned; NULL where it is a name. False: it is neither a name nor an ARN. */
static int read_bus(const char *bus, bool *ret_valid, char **ret_region)
{
    const char *fields[ARN_FIELDS];

    if (strncmp(bus, "arn:", strlen("arn:")) != 0) {
        *ret_valid = is_bus_name(bus);
        return 0;
    }
    *ret_valid = split_arn(bus, fields) && strncmp(fields[2], "events:", strlen("events:")) == 0 &&
                 strncmp(fields[5], BUS_PREFIX, strlen(BUS_PREFIX)) == 0 &&
                 is_bus_name(fields[5] + strlen(BUS_PREFIX));
    return *ret_valid ? string_format(ret_region, "%.*s", (int)strcspn(fields[3], ":"), fields[3])
                      : 0;
}

static int resolve_bus(const Config *config, NotifyConfig *notify, char **ret_error)
{
    CLEANUP(freep) char *region = NULL;
    AwsPurpose purpose = {.noun = OPTION_NOTIFY_SECTION, .use = AWS_USE_EVENTS};
    bool valid;
    int r = read_bus(notify->event_bus, &valid, &region);

    if (r < 0)
        return r;
    if (!valid)
        return config_section_blame(&notify->account.section, "event-bus",
                                    "event-bus is neither the name nor the ARN of an event bus",
                                    ret_error);
    purpose.region = region;
    r = config_account_resolve(&notify->account, &purpose, config, ret_error);
    return r < 0 ? r : string_copy(notify->account.settings->events_endpoint, &notify->endpoint);
}

static int resolve_queue(const Config *config, NotifyConfig *notify, char **ret_error)
{
    CLEANUP(freep) char *region = NULL;
    AwsPurpose purpose = {.noun = OPTION_NOTIFY_SECTION, .use = AWS_USE_QUEUES};
    int r;

    if ((r = queue_config_check_outcome(config, &notify->account, "queue-url", notify->queue_url,
                                        ret_error)) < 0 ||
        (r = queue_url_get_region(notify->queue_url, &region)) < 0)
        return r;
    purpose.region = region;
    r = config_account_resolve(&notify->account, &purpose, config, ret_error);
    return r < 0 ? r
                 : queue_config_choose_endpoint(&notify->account, notify->queue_url,
                                                &notify->endpoint);
}

int notify_configs_resolve(Config *config, char **ret_error)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < config->n_notifies; i++) {
        NotifyConfig *notify = config->notifies[i];

        if (!notify->event_bus == !notify->queue_url)
            r = config_section_blame(
                &notify->account.section, notify->queue_url ? "queue-url" : NULL,
                "one of event-bus and queue-url has to be set, and not both", ret_error);
        else if (notify->event_bus)
            r = resolve_bus(config, notify, ret_error);
        else
            r = resolve_queue(config, notify, ret_error);
    }
    return r;
}
