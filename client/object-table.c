/* SPDX-License-Identifier: Apache-2.0 */
#include "client/object-table.h"

#include <assert.h>
#include <errno.h>

#include "client/table.h"
#include "common/json.h"
#include "common/memory.h"

static int add_member(Table *table, json_object *object, const char *member)
{
    const char *text = NULL;
    json_object *array = NULL;

    if (!json_object_is_type(object, json_type_object))
        return -EBADMSG;
    if (json_get_array(object, member, &array) > 0) {
        text = json_string(json_object_array_get_idx(array, 0));
        if (!text && json_object_array_length(array) > 0)
            return -EBADMSG;
    } else if (json_get_string(object, member, &text) < 0) {
        return -EBADMSG;
    }
    table_add(table, STYLE_PLAIN, text);
    return 0;
}

int object_table_show(json_object *parameters, const char *key, const ObjectColumn *columns,
                      size_t n_columns, const char *empty, const Options *options)
{
    CLEANUP(table_freep) Table *table = NULL;
    TableColumn headings[OBJECT_COLUMNS_MAX] = {0};
    json_object *objects = NULL;
    int r;

    assert(n_columns <= OBJECT_COLUMNS_MAX);
    if (json_get_array(parameters, key, &objects) <= 0)
        return -EBADMSG;
    for (size_t i = 0; i < n_columns; i++)
        headings[i] =
            (TableColumn){.name = columns[i].name, .id = columns[i].id, .spare = columns[i].spare};
    r = table_new(headings, n_columns, TABLE_GAP, &table);
    for (size_t row = 0; r >= 0 && row < json_object_array_length(objects); row++)
        for (size_t i = 0; r >= 0 && i < n_columns; i++)
            r = add_member(table, json_object_array_get_idx(objects, row), columns[i].member);
    return r < 0 ? r : table_show(table, options, empty);
}

int object_table_show_imports(json_object *parameters, const Options *options)
{
    static const ObjectColumn imports[] = {
        {.name = "IMPORT", .member = "ImportId", .id = true},
        {.name = "STATUS", .member = "ImportStatus"},
        {.name = "CREATED", .member = "CreatedTimestamp", .spare = 3},
        {.name = "UPDATED", .member = "UpdatedTimestamp", .spare = 2},
        {.name = "DESTINATION", .member = "Destinations", .spare = 1},
    };
    static const ObjectColumn tasks[] = {
        {.name = "IMPORT", .member = "importId", .id = true},
        {.name = "STATUS", .member = "importStatus"},
        {.name = "CREATED", .member = "creationTime", .spare = 3},
        {.name = "UPDATED", .member = "lastUpdatedTime", .spare = 2},
        {.name = "SOURCE", .member = "importSourceArn", .spare = 1},
    };
    static const struct {
        const char *key;
        const ObjectColumn *columns;
        size_t n_columns;
    } tables[] = {
        [SERVICE_CLOUDTRAIL] = {"imports", imports, sizeof(imports) / sizeof(imports[0])},
        [SERVICE_LOGS] = {"tasks", tasks, sizeof(tasks) / sizeof(tasks[0])},
    };
    _Static_assert(sizeof(tables) / sizeof(tables[0]) == N_IMPORT_SERVICES, "one each");

    ImportService service = options->service;

    return object_table_show(
        parameters, tables[service].key, tables[service].columns, tables[service].n_columns,
        options->given & OPTION_DESTINATION ? "No import matches" : "There are no imports",
        options);
}
