/* SPDX-License-Identifier: Apache-2.0 */
#include "client/queues.h"

#include <errno.h>

#include "client/call.h"
#include "client/table.h"
#include "client/target-view.h"
#include "common/json.h"
#include "common/memory.h"

/* What changes stands first: the rest may not fit the terminal. */
static const TableColumn columns[] = {
    {.name = "QUEUE", .id = true},
    {.name = "STATE"},
    {.name = "JOBS", .right = true},
    {.name = "SINCE"},
    {.name = "NEXT TRY"},
    {.name = "ERROR"},
    {.name = "URL"},
};

/* A queue is like a target in whether it answers. */
static int add_queue(Table *table, json_object *json)
{
    char text[TIMESPAN_SIZE];
    const char *url = NULL;
    int64_t jobs = -1;
    TargetView queue;

    if (target_view_read(json, &queue) < 0 || json_get_string(json, "url", &url) < 0 ||
        json_get_int64(json, "jobs", &jobs) < 0)
        return -EBADMSG;
    table_add(table, STYLE_PLAIN, queue.name);
    table_add(table, target_view_is_ok(&queue) ? STYLE_GOOD : STYLE_BAD, target_view_state(&queue));
    table_add_int64(table, jobs);
    table_add(table, STYLE_PLAIN, target_view_age(queue.since, text));
    table_add(table, STYLE_PLAIN, target_view_left(queue.next_try_at, text));
    table_add(table, STYLE_PLAIN, queue.error_code);
    table_add(table, STYLE_PLAIN, url);
    return 0;
}

static int print_queues(const Options *options, json_object *parameters, void *userdata)
{
    CLEANUP(table_freep) Table *table = NULL;
    json_object *queues = NULL;
    int r;

    (void)userdata;
    if (json_get_array(parameters, "queues", &queues) <= 0)
        return -EBADMSG;
    r = table_new(columns, sizeof(columns) / sizeof(columns[0]), TABLE_GAP, &table);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(queues); i++)
        r = add_queue(table, json_object_array_get_idx(queues, i));
    return r < 0 ? r
                 : table_show(table, options,
                              "There are no queues: requests come through the socket alone");
}

int queues_run(const Options *options)
{
    return call_print(options, "ListQueues", call_parameters((CallString[]){{0}}), false,
                      print_queues, NULL);
}
