/* SPDX-License-Identifier: Apache-2.0 */
#include "client/stop.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/follow.h"
#include "client/import-id.h"
#include "client/outcome.h"
#include "client/stop-all.h"
#include "client/text.h"
#include "common/memory.h"

/* The imports that are named, each once, in the order they were named. */
typedef struct Ids {
    Follow *follow; /* where they go */
    ImportService service;
    void *seen; /* tsearch(3) tree of owned strings */
} Ids;

static int compare_ids(const void *one, const void *other)
{
    return strcmp(one, other);
}

static int add_id(Ids *ids, const char *text, size_t size)
{
    CLEANUP(freep) char *id = malloc(IMPORT_ID_SIZE);
    const char *added;
    char **node;

    if (!id)
        return -ENOMEM;
    if (import_id_read(ids->service, text, size, id) < 0)
        return -EINVAL;
    node = tsearch(id, &ids->seen, compare_ids);
    if (!node)
        return -ENOMEM;
    if (*node != id)
        return 0;
    added = TAKE(id);
    return follow_add_import(ids->follow, added);
}

/* Any number of ids a line, with white space between them. */
static int add_ids_of_line(Ids *ids, const char *line, size_t size)
{
    static const char blanks[] = " \t\r\n";

    for (size_t i = 0; i < size;) {
        size_t start = i;
        int r;

        while (i < size && !memchr(blanks, line[i], sizeof(blanks) - 1))
            i++;
        r = i > start ? add_id(ids, line + start, i - start) : 0;
        if (r < 0)
            return r;
        if (i < size)
            i++;
    }
    return 0;
}

static int add_ids_of_stdin(Ids *ids)
{
    CLEANUP(freep) char *line = NULL;
    size_t allocated = 0;
    ssize_t size;

    while ((size = getline(&line, &allocated, stdin)) >= 0) {
        int r = add_ids_of_line(ids, line, (size_t)size);
        if (r < 0)
            return r;
    }
    if (ferror(stdin)) {
        text_complain("Cannot read standard input: %s", strerror(errno));
        return -EINVAL;
    }
    return 0;
}

static int add_ids(Ids *ids, const Options *options)
{
    for (size_t i = 1; i < options->n_arguments; i++) {
        const char *argument = options->arguments[i];
        int r = strcmp(argument, "-") == 0 ? add_ids_of_stdin(ids)
                                           : add_id(ids, argument, strlen(argument));
        if (r < 0)
            return r;
    }
    if (!ids->seen) {
        text_complain("No import id given: trailstopctl %s IMPORT_ID..., or - to read them from "
                      "standard input",
                      options->arguments[0]);
        return -EINVAL;
    }
    return 0;
}

static int follow_ids(const Options *options, const char *method)
{
    CLEANUP(follow_freep) Follow *follow = NULL;

    int r = follow_new(options, method, &follow);
    if (r >= 0) {
        Ids ids = {.follow = follow, .service = options->service};
        r = add_ids(&ids, options);
        tdestroy(ids.seen, free);
    }
    if (r == -EINVAL)
        return OUTCOME_USAGE;
    return r < 0 ? outcome_complain(options, r) : follow_run(follow);
}

int stop_run(const Options *options)
{
    const char *wrong = options_first_given(options, OPTIONS_OF_ALL);

    if (options->given & OPTION_ALL)
        return stop_all_run(options);
    if (wrong) {
        text_complain("%s goes with --all only", wrong);
        return OUTCOME_USAGE;
    }
    return follow_ids(options, "Stop");
}

int wait_run(const Options *options)
{
    return follow_ids(options, "Wait");
}
