/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-bus.h>

#include "client/text.h"
#include "common/memory.h"
#include "common/names.h"
#include "common/string.h"
#include "common/time.h"

#define UNIT_PATH "/org/freedesktop/systemd1/unit/trailstopd_2eservice"
#define BUS_TIMEOUT_USEC (2 * USEC_PER_SEC)

/* How often another try of systemd is looked at, until it has failed like the last one or goes on.
 */
#define LOOKS_MAX 20U

/* Properties of org.freedesktop.systemd1.Unit and Service. */
typedef struct Unit {
    char *active_state, *result, *status_text; /* owned */
    int32_t exit_status;
    uint32_t n_restarts;
} Unit;

static void unit_clear(Unit *unit)
{
    free(unit->active_state);
    free(unit->result);
    free(unit->status_text);
}

static int get_string(sd_bus *bus, const char *interface, const char *name, char **ret)
{
    return sd_bus_get_property_string(bus, "org.freedesktop.systemd1", UNIT_PATH, interface, name,
                                      NULL, ret);
}

static int get_number(sd_bus *bus, const char *name, char type, void *ret)
{
    return sd_bus_get_property_trivial(bus, "org.freedesktop.systemd1", UNIT_PATH,
                                       "org.freedesktop.systemd1.Service", name, NULL, type, ret);
}

static int unit_read(Unit *unit)
{
    static const char *const interfaces[] = {"org.freedesktop.systemd1.Unit",
                                             "org.freedesktop.systemd1.Service"};
    sd_bus *bus = NULL;
    int r = sd_bus_open_system(&bus);

    if (r >= 0)
        r = sd_bus_set_method_call_timeout(bus, BUS_TIMEOUT_USEC);
    if (r >= 0)
        r = get_string(bus, interfaces[0], "ActiveState", &unit->active_state);
    if (r >= 0)
        r = get_string(bus, interfaces[1], "Result", &unit->result);
    if (r >= 0)
        r = get_string(bus, interfaces[1], "StatusText", &unit->status_text);
    if (r >= 0)
        r = get_number(bus, "ExecMainStatus", 'i', &unit->exit_status);
    if (r >= 0)
        r = get_number(bus, "NRestarts", 'u', &unit->n_restarts);
    sd_bus_flush_close_unref(bus);
    return r;
}

/* Of the exit statuses of systemd.exec(5), those that a drop-in or a missing file leads to. */
static const char *reason_of_exit_status(int32_t status)
{
    switch (status) {
    case 200:
        return " (200/CHDIR: its directory cannot be entered)";
    case 203:
        return " (203/EXEC: the program cannot be run)";
    case 216:
        return " (216/GROUP: there is no such group)";
    case 217:
        return " (217/USER: there is no such user)";
    case 226:
        return " (226/NAMESPACE: a path that its sandbox needs is not there)";
    case 238:
        return " (238/STATE_DIRECTORY: its state directory cannot be set up)";
    case 243:
        return " (243/CREDENTIALS: its credentials cannot be set up)";
    default:
        return "";
    }
}

static UnitVerdict judge(const Unit *unit, char **ret_sentence)
{
    static const char cannot_start[] = TRAILSTOP_STATUS_CANNOT_START;
    const char *why = unit->status_text;

    if (strcmp(unit->active_state, "active") == 0 || strcmp(unit->active_state, "reloading") == 0)
        return UNIT_WORKS;
    if (strncmp(why, cannot_start, strlen(cannot_start)) == 0) {
        (void)string_format(ret_sentence,
                            "trailstopd cannot start: %s; see journalctl -u trailstopd",
                            why + strlen(cannot_start));
        return UNIT_CANNOT_START;
    }
    if (strcmp(unit->result, "success") == 0)
        return UNIT_WORKS;
    (void)string_format(ret_sentence,
                        "trailstopd is not running: its service failed with result \"%s\"%s%s; see "
                        "systemctl status "
                        "trailstopd and journalctl -u trailstopd",
                        unit->result, reason_of_exit_status(unit->exit_status),
                        unit->n_restarts > 0 ? ", and systemd tries again" : "");
    return UNIT_FAILS;
}

/* At the moment of another try systemd shows none of the last one's failure. */
static bool is_tried_again(const Unit *unit)
{
    return strcmp(unit->active_state, "activating") == 0 && unit->n_restarts > 0;
}

static UnitVerdict examine_once(char **ret_sentence, bool *ret_tried_again)
{
    UnitVerdict verdict = UNIT_UNKNOWN;
    Unit unit = {0};

    if (unit_read(&unit) >= 0) {
        verdict = judge(&unit, ret_sentence);
        *ret_tried_again = verdict == UNIT_WORKS && is_tried_again(&unit);
    }
    unit_clear(&unit);
    return verdict;
}

UnitVerdict unit_examine(const char *socket_path, char **ret_sentence)
{
    static const struct timespec pause = {.tv_nsec = 50000000};
    UnitVerdict verdict = UNIT_UNKNOWN;

    if (strcmp(socket_path, TRAILSTOP_SOCKET_DEFAULT) != 0)
        return UNIT_UNKNOWN;
    for (unsigned i = 0; i < LOOKS_MAX; i++) {
        bool tried_again = false;

        verdict = examine_once(ret_sentence, &tried_again);
        if (!tried_again)
            break;
        nanosleep(&pause, NULL);
    }
    return verdict;
}

int unit_run_connection(Connection *connection, const Options *options)
{
    const char *socket_path = options->socket_path;
    bool complained = false;
    int r;

    while ((r = connection_run(connection)) == -ETIME) {
        CLEANUP(freep) char *sentence = NULL;
        UnitVerdict verdict = unit_examine(socket_path, &sentence);

        if (verdict >= UNIT_FAILS)
            return r;
        if (verdict == UNIT_UNKNOWN && strcmp(socket_path, TRAILSTOP_SOCKET_DEFAULT) == 0 &&
            !complained)
            text_remark(options, "No answer from the daemon yet (systemctl status trailstopd)");
        complained = true;
    }
    return r;
}
