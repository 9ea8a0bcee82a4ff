/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/journal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "common/utf8.h"

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

void journal_open(JournalFormat format, int max_priority)
{
    journal_format = format;
    journal_max_priority = max_priority;
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

/* The journal's own protocol carries any value in its field, so only the name and '=' go before it.
 */
static void send_native(const JournalEntry *entry)
{
    struct iovec fields[JOURNAL_FIELDS_MAX];
    char *texts[JOURNAL_FIELDS_MAX];
    int n = 0;

    for (size_t i = 0; i < entry->n_fields; i++) {
        int length = asprintf(&texts[n], "%s=%s", entry->fields[i].name, entry->fields[i].value);

        if (length >= 0) {
            fields[n] = (struct iovec){.iov_base = texts[n], .iov_len = (size_t)length};
            n++;
        }
    }
    (void)sd_journal_sendv(fields, n); /* a journal that is away stops nobody's import */
    for (int i = 0; i < n; i++)
        free(texts[i]);
}

/* With one system call, so that no end of the daemon leaves half a line; with more of them only
 * where the kernel took less than all, as when the host was suspended meanwhile. */
static void write_line(const char *line)
{
    size_t left = strlen(line);

    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, line, left);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break; /* nobody is left to be told */
        line += written;
        left -= (size_t)written;
    }
}

static void send_json(const JournalEntry *entry)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    CLEANUP(freep) char *line = NULL;
    size_t size;
    FILE *file = open_memstream(&line, &size);
    int r = object && file ? 0 : -ENOMEM;

    for (size_t i = 0; object && i < entry->n_fields; i++)
        (void)json_add_string(object, entry->fields[i].name, entry->fields[i].value);
    if (r == 0)
        r = json_print(object, file);
    if (file && fclose(file) == 0 && r == 0)
        write_line(line);
}

static void send_text(const char *message, int priority)
{
    static const char *const colours[] = {"\033[1;31m", "\033[1;31m", "\033[1;31m", "\033[1;31m",
                                          "\033[33m",   "\033[1m",    "",           "\033[2m"};
    char now[RFC3339_SIZE];
    const char *colour = isatty(STDERR_FILENO) ? colours[priority] : "";
    CLEANUP(freep) char *line = NULL;

    if (string_format(&line, "%s %s%s%s\n", time_format_rfc3339(time_now_realtime(), now), colour,
                      message, *colour ? "\033[0m" : "") >= 0)
        write_line(line);
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

void journal_send(JournalEntry *entry, const char *format, ...)
{
    int priority = events[entry->event].priority;
    char *message = NULL;
    va_list arguments;

    if (entry->wanted) {
        va_start(arguments, format);
        (void)string_vformat(&message, format, arguments);
        va_end(arguments);
    }
    if (message) {
        replace_deceptive_characters(message);
        journal_add(entry, "MESSAGE", "%s", message);
        journal_add(entry, "MESSAGE_ID", "%s", events[entry->event].message_id);
        journal_add(entry, "PRIORITY", "%d", priority);
        journal_add(entry, "SYSLOG_IDENTIFIER", "trailstopd");
        journal_add(entry, "TRAILSTOP_EVENT", "%s", events[entry->event].name);
        if (journal_format == JOURNAL_NATIVE)
            send_native(entry);
        else if (journal_format == JOURNAL_JSON)
            send_json(entry);
        else
            send_text(message, priority);
    }
    free(message);
    for (size_t i = 0; i < entry->n_fields; i++)
        free(entry->fields[i].value);
    entry->n_fields = 0;
}
