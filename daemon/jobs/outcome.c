/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"

#define DEPTH_MAX 64U /* of what this daemon wrote itself */

/* U+FFFE and U+FFFF are the only characters of UTF-8 that JSON allows and SQS refuses. In a JSON
 * text they stand in strings alone, so that an escape may take their place. 0 or -ENOMEM. */
static int escape_noncharacters(char **text)
{
    static const struct {
        const char *bytes, *escape;
    } noncharacters[] = {{"\xef\xbf\xbe", "\\ufffe"}, {"\xef\xbf\xbf", "\\uffff"}};

    for (size_t i = 0; i < sizeof(noncharacters) / sizeof(noncharacters[0]); i++) {
        const char *bytes = noncharacters[i].bytes, *from = *text, *at;
        CLEANUP(freep) char *escaped = NULL;
        char *end;

        if (!strstr(from, bytes))
            continue;
        end = escaped = malloc(2 * strlen(from) + 1); /* an escape is twice as long */
        if (!escaped)
            return -ENOMEM;
        while ((at = strstr(from, bytes))) {
            end = stpcpy(mempcpy(end, from, (size_t)(at - from)), noncharacters[i].escape);
            from = at + strlen(bytes);
        }
        strcpy(end, from);
        free(*text);
        *text = TAKE(escaped);
    }
    return 0;
}

/* The record without the member that is the next to go. False: there is nothing left to leave out.
 */
static bool leave_out(JobRecord *shown)
{
    if (shown->import)
        shown->import = NULL;
    else if (shown->reason)
        shown->reason = NULL;
    else if (shown->last_error.code)
        shown->last_error = (CallError){0};
    else
        return false;
    return true;
}

static int make_detail(const JobRecord *record, char **ret)
{
    CLEANUP(freep) char *job = NULL;
    JsonWriter writer = {0};
    size_t size;
    int r = job_record_to_text(record, NULL, &job, &size);

    if (r >= 0)
        r = escape_noncharacters(&job);
    if (r < 0)
        return r;
    json_write_begin(&writer, NULL, '{');
    json_write_raw(&writer, "job", job);
    json_write_end(&writer, '}');
    *ret = json_writer_take(&writer, &size);
    if (!*ret)
        return -ENOMEM;
    return size > OUTCOME_DETAIL_MAX ? -E2BIG : 0;
}

/* An observation that was damaged on disk must not keep the end of its job from being saved. */
int outcome_make_detail(const JobRecord *record, char **ret)
{
    CLEANUP(freep) char *detail = NULL;
    JobRecord shown = *record; /* borrows what is inside */
    int r;

    while (((r = make_detail(&shown, &detail)) == -E2BIG || r == -EUCLEAN) && leave_out(&shown))
        free(TAKE(detail));
    if (!detail)
        return r;
    *ret = TAKE(detail);
    return 0;
}

int outcome_make_message(const char *detail, char **ret)
{
    JsonWriter writer = {0};
    size_t size;

    json_write_begin(&writer, NULL, '{');
    json_write_string(&writer, "source", OUTCOME_SOURCE);
    json_write_string(&writer, "detail-type", OUTCOME_DETAIL_TYPE);
    json_write_raw(&writer, "detail", detail);
    json_write_end(&writer, '}');
    *ret = json_writer_take(&writer, &size);
    return *ret ? 0 : -ENOMEM;
}

int outcome_read_group(const char *detail, char ret[static OUTCOME_GROUP_SIZE])
{
    CLEANUP(json_object_putp) json_object *object = NULL;
    json_object *job;
    const char *import_id;
    int r = json_read(detail, strlen(detail), DEPTH_MAX, &object);

    if (r < 0)
        return r;
    if (json_get_object(object, "job", &job) <= 0 ||
        json_get_string(job, "importId", &import_id) <= 0)
        return -EBADMSG;
    snprintf(ret, OUTCOME_GROUP_SIZE, "%s", import_id);
    return 0;
}
