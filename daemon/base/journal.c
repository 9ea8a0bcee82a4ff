/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/journal.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "common/utf8.h"
#include "daemon/base/outlet.h"
#include "daemon/base/stats.h"

#define SOCKET "/run/systemd/journal/socket"
#define KEPT_BYTES_MAX (1024U * 1024U) /* of lines that nobody takes at the moment */

static const struct {
    const char *name;
    int priority;
    const char *message_id;
} events[] = {
#define EVENT(symbol, name, priority, message_id) [EVENT_##symbol] = {name, priority, message_id},
#include "daemon/base/events.def"
#undef EVENT
};

static JournalFormat journal_format = JOURNAL_TEXT;
static int journal_max_priority = LOG_INFO;
static Outlet *outlet;         /* NULL: not open, or no memory */
static bool is_waiting;        /* lines are kept */
static uint64_t n_lost_untold; /* lines lost, and no line has said so yet */

void journal_open(JournalFormat format, int max_priority)
{
    journal_close(0);
    journal_format = format;
    journal_max_priority = max_priority;
    if (format == JOURNAL_NATIVE)
        (void)outlet_new_datagrams(SOCKET, KEPT_BYTES_MAX, &outlet);
    else
        (void)outlet_new_stream(STDERR_FILENO, KEPT_BYTES_MAX, &outlet);
}

static void count_lost(uint64_t n)
{
    n_lost_untold += n;
    stats_add(STAT_LOG_LINES_LOST, n);
}

void journal_close(uint64_t timeout_usec)
{
    if (outlet)
        outlet_drain(outlet, timeout_usec);
    outlet_free(TAKE(outlet));
}

void journal_set_level(int max_priority)
{
    journal_max_priority = max_priority;
}

void journal_begin(JournalEntry *entry, JournalEvent event)
{
    entry->event = event;
    entry->wanted = events[event].priority <= journal_max_priority;
    entry->n_fields = 0;
}

void journal_add(JournalEntry *entry, const char *name, const char *format, ...)
{
    va_list arguments;
    char *value;
    int r;

    if (!entry->wanted || entry->n_fields == JOURNAL_FIELDS_MAX)
        return;
    va_start(arguments, format);
    r = string_vformat(&value, format, arguments);
    va_end(arguments);
    if (r < 0)
        return;
    entry->fields[entry->n_fields].name = name;
    entry->fields[entry->n_fields].value = value;
    entry->n_fields++;
}

void journal_add_error(JournalEntry *entry, const CallError *error)
{
    if (!error->code)
        return;
    journal_add(entry, "TRAILSTOP_AWS_ERROR", "%s", error->code);
    if (error->message)
        journal_add(entry, "TRAILSTOP_AWS_MESSAGE", "%s", error->message);
    if (error->request_id)
        journal_add(entry, "TRAILSTOP_AWS_REQUEST_ID", "%s", error->request_id);
    if (error->http_status > 0)
        journal_add(entry, "TRAILSTOP_HTTP_STATUS", "%u", error->http_status);
}

/* ---- the three forms of an entry ---- */

/* journald's own: a field is NAME=VALUE and a line end, or, where the value holds line ends itself,
 * the name, a line end, the value's length in 64 bits, the value and a line end. */
static size_t print_native(const JournalEntry *entry, char *to)
{
    size_t size = 0;

    for (size_t i = 0; i < entry->n_fields; i++) {
        const char *name = entry->fields[i].name, *value = entry->fields[i].value;
        size_t name_length = strlen(name), length = strlen(value);
        bool is_binary = memchr(value, '\n', length);
        uint64_t wire_length = htole64(length);
        char *end = to ? to + size : NULL;

        size += name_length + 1 + (is_binary ? sizeof(wire_length) : 0) + length + 1;
        if (!end)
            continue;
        end = mempcpy(end, name, name_length);
        *end++ = is_binary ? '\n' : '=';
        if (is_binary)
            end = mempcpy(end, &wire_length, sizeof(wire_length));
        end = mempcpy(end, value, length);
        *end = '\n';
    }
    return size;
}

static char *make_native(const JournalEntry *entry, size_t *ret_size)
{
    size_t size = print_native(entry, NULL);
    char *datagram = malloc(size);

    if (datagram)
        *ret_size = print_native(entry, datagram);
    return datagram;
}

static char *make_json(const JournalEntry *entry, size_t *ret_size)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    CLEANUP(freep) char *line = NULL;
    FILE *file = open_memstream(&line, ret_size);
    int r = object && file ? 0 : -ENOMEM;

    for (size_t i = 0; object && i < entry->n_fields; i++)
        (void)json_add_string(object, entry->fields[i].name, entry->fields[i].value);
    if (r == 0)
        r = json_print(object, file);
    if (file && fclose(file) != 0)
        r = -ENOMEM;
    return r == 0 ? TAKE(line) : NULL; /* NULL also where fclose() had no memory and hid it */
}

static char *make_text(const char *message, int priority, size_t *ret_size)
{
    static const char *const colours[] = {"\033[1;31m", "\033[1;31m", "\033[1;31m", "\033[1;31m",
                                          "\033[33m",   "\033[1m",    "",           "\033[2m"};
    const char *no_colour = getenv("NO_COLOR");
    bool is_coloured = isatty(STDERR_FILENO) && (!no_colour || !*no_colour);
    const char *colour = is_coloured ? colours[priority] : "";
    char now[RFC3339_SIZE], *line = NULL;

    if (string_format(&line, "%s %s%s%s\n", time_format_rfc3339(time_now_realtime(), now), colour,
                      message, *colour ? "\033[0m" : "") < 0)
        return NULL;
    *ret_size = strlen(line);
    return line;
}

static void journal_write(const JournalEntry *entry, const char *message)
{
    CLEANUP(freep) char *record = NULL;
    size_t size;

    record = journal_format == JOURNAL_NATIVE ? make_native(entry, &size)
             : journal_format == JOURNAL_JSON
                 ? make_json(entry, &size)
                 : make_text(message, events[entry->event].priority, &size);
    if (!record || !outlet) {
        count_lost(1);
        return;
    }
    if (!outlet_send(outlet, record, size))
        is_waiting = true;
    count_lost(outlet_take_lost(outlet));
}

/* A message is one line of text, whatever the texts were that it was put together from. */
static void replace_deceptive_characters(char *text)
{
    char *to = text;

    while (*text) {
        size_t size = utf8_character_size(text, strnlen(text, 4));

        if (size > 0 && !utf8_is_deceptive(utf8_decode(text, size))) {
            memmove(to, text, size);
            to += size;
        } else {
            *to++ = '?';
        }
        text += size > 0 ? size : 1;
    }
    *to = '\0';
}

/* The fields that every entry has, and out with it. */
static void journal_finish(JournalEntry *entry, char *message)
{
    replace_deceptive_characters(message);
    journal_add(entry, "MESSAGE", "%s", message);
    journal_add(entry, "MESSAGE_ID", "%s", events[entry->event].message_id);
    journal_add(entry, "PRIORITY", "%d", events[entry->event].priority);
    journal_add(entry, "SYSLOG_IDENTIFIER", "trailstopd");
    journal_add(entry, "TRAILSTOP_EVENT", "%s", events[entry->event].name);
    journal_write(entry, message);
}

static void journal_clear(JournalEntry *entry)
{
    for (size_t i = 0; i < entry->n_fields; i++)
        free(entry->fields[i].value);
    entry->n_fields = 0;
}

/* When lines get through again: now there is somebody to read it. Should this one be lost in turn,
 * the next such time is as good. */
static void journal_report_lost(void)
{
    unsigned long long n = n_lost_untold;
    JournalEntry entry;

    if (n == 0)
        return;
    n_lost_untold = 0;
    journal_begin(&entry, EVENT_LOG_LINES_LOST);
    journal_add(&entry, "TRAILSTOP_LINES_LOST", "%llu", n);
    journal_send(&entry, "%llu lines of this log were lost, because nothing read them in time", n);
}

void journal_send(JournalEntry *entry, const char *format, ...)
{
    CLEANUP(freep) char *message = NULL;
    va_list arguments;

    assert(entry->event < N_EVENTS);
    if (entry->wanted) {
        va_start(arguments, format);
        (void)string_vformat(&message, format, arguments);
        va_end(arguments);
        if (message)
            journal_finish(entry, message);
        else
            count_lost(1);
    }
    journal_clear(entry);
}

bool journal_flush(void)
{
    bool waited = is_waiting;

    if (!outlet)
        return false;
    is_waiting = outlet_flush(outlet);
    count_lost(outlet_take_lost(outlet));
    if (waited && !is_waiting)
        journal_report_lost();
    return is_waiting;
}
