/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/linkhash.h>

#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/clock.h"
#include "tests/sim/import-private.h"

/* How much of the statistics shows while they are not final. */
#define UNSETTLED 0.9

struct Imports {
    struct lh_table *table; /* id → Import, in the order of declaration; the entry owns it */
    uint64_t n_generated;
    uint64_t n_declared;
};

static void import_free(Import *import)
{
    if (!import)
        return;
    import_spec_unref(import->spec);
    free(import->id);
    free(import);
}

static void free_entry(struct lh_entry *entry)
{
    import_free(lh_entry_v(entry));
}

int imports_new(Imports **ret)
{
    Imports *imports = calloc(1, sizeof(*imports));
    if (!imports)
        return -ENOMEM;
    imports->table = lh_kchar_table_new(1024, free_entry);
    if (!imports->table) {
        free(imports);
        return -ENOMEM;
    }
    *ret = imports;
    return 0;
}

void imports_free(Imports *imports)
{
    if (!imports)
        return;
    lh_table_free(imports->table);
    free(imports);
}

void imports_clear(Imports *imports)
{
    while (imports->table->head)
        lh_table_delete_entry(imports->table, imports->table->head);
    imports->n_generated = 0;
}

static bool is_end(ImportService service, const char *status)
{
    return strcmp(status, service == SERVICE_LOGS ? "CANCELLED" : "STOPPED") == 0 ||
           strcmp(status, "COMPLETED") == 0 || strcmp(status, "FAILED") == 0;
}

static int add_one(Imports *imports, ImportSpec *spec, Import **ret)
{
    Import *import = calloc(1, sizeof(*import));
    char id[IMPORT_ID_SIZE];

    if (!import)
        return -ENOMEM;
    if (spec->id)
        snprintf(id, sizeof(id), "%s", spec->id);
    else
        snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012" PRIx64, ++imports->n_generated);
    if (fields_set_string(&import->id, id) < 0) {
        free(import);
        return -ENOMEM;
    }
    import->spec = import_spec_ref(spec);
    import->sequence = ++imports->n_declared;
    import->status = spec->status;
    import->phase = is_end(spec->service, spec->status) ? IMPORT_ENDED : IMPORT_RUNNING;
    import->since_usec = clock_monotonic_usec();
    import->created_usec = spec->created_seconds < 0
                               ? time_now_realtime()
        : (uint64_t)(spec->created_seconds * (double)USEC_PER_SEC);
    import->updated_usec = import->created_usec;

    lh_table_delete(imports->table, import->id);
    if (lh_table_insert(imports->table, import->id, import) < 0) {
        import_free(import);
        return -ENOMEM;
    }
    *ret = import;
    return 0;
}

static void import_spec_unrefp(ImportSpec **spec)
{
    import_spec_unref(*spec);
}

int imports_add(Imports *imports, json_object *declaration, json_object *ids, char **ret_error)
{
    CLEANUP(import_spec_unrefp) ImportSpec *spec = NULL;

    int r = import_spec_new(declaration, &spec, ret_error);
    for (uint64_t i = 0; r == 0 && i < spec->count; i++) {
        Import *import;
        r = add_one(imports, spec, &import);
        if (r == 0 && ids && json_object_array_add(ids, json_object_new_string(import->id)) < 0)
            r = -ENOMEM;
    }
    return r;
}

static bool is_visible(const Import *import, ImportService service, const Account *account,
                       const char *region)
{
    const ImportSpec *spec = import->spec;

    return !account || (spec->service == service &&
                        (!spec->owner || strcmp(spec->owner, account->account_id) == 0) &&
                        (!spec->region || strcmp(spec->region, region) == 0));
}

Import *imports_find(Imports *imports, ImportService service, const char *id,
                     const Account *account, const char *region)
{
    void *import;

    if (!lh_table_lookup_ex(imports->table, id, &import) ||
        !is_visible(import, service, account, region))
        return NULL;
    return import;
}

Import *imports_next(Imports *imports, ImportService service, const Import *import,
                     const Account *account, const char *region)
{
    struct lh_entry *entry =
        import ? lh_table_lookup_entry(imports->table, import->id)->next : imports->table->head;

    while (entry && !is_visible(lh_entry_v(entry), service, account, region))
        entry = entry->next;
    return entry ? lh_entry_v(entry) : NULL;
}

uint64_t import_sequence(const Import *import)
{
    return import->sequence;
}

const char *import_id(const Import *import)
{
    return import->id;
}

const ImportSpec *import_spec(const Import *import)
{
    return import->spec;
}

static void set_phase(Import *import, ImportPhase phase, const char *status)
{
    import->phase = phase;
    import->status = status;
    import->polls = 0;
    import->since_usec = clock_monotonic_usec();
    import->updated_usec = time_now_realtime();
}

/* How far the phase is: by polls, or by time where the spec names one. 1: it is over. */
static double phase_progress(const Import *import, uint64_t polls, double seconds)
{
    if (seconds >= 0) {
        double passed =
            (double)(clock_monotonic_usec() - import->since_usec) / (double)USEC_PER_SEC;
        return passed < seconds ? passed / seconds : 1;
    }
    return import->polls < polls ? (double)import->polls / (double)polls : 1;
}

double import_progress(Import *import)
{
    const ImportSpec *spec = import->spec;

    if (import->phase == IMPORT_RUNNING && (spec->run_polls > 0 || spec->run_seconds > 0)) {
        double run =
            phase_progress(import, spec->run_polls, spec->run_seconds > 0 ? spec->run_seconds : -1);
        if (run < 1)
            return run;
        set_phase(import, IMPORT_ENDED, spec->run_ends);
    }
    if (import->phase == IMPORT_STOPPING) {
        double stop = phase_progress(import, spec->stop_polls, spec->stop_seconds);
        if (stop < 1)
            return import->progress_at_stop + (1 - import->progress_at_stop) * stop;
        set_phase(import, IMPORT_ENDED, spec->ends);
    }
    if (import->phase != IMPORT_ENDED)
        return 0;
    /* AWS brings the statistics up to date only some time after the end. */
    return phase_progress(import, spec->settle_polls, spec->settle_seconds) < 1 ? UNSETTLED : 1;
}

const char *import_status(Import *import)
{
    import_progress(import);
    return import->status;
}

bool import_has_ended(Import *import)
{
    import_progress(import);
    return import->phase == IMPORT_ENDED;
}

void import_stop(Import *import)
{
    double progress = import_progress(import);

    if (import->phase != IMPORT_RUNNING)
        return;
    import->progress_at_stop = progress;
    set_phase(import, IMPORT_STOPPING,
              import->spec->stopping_status ? import->spec->stopping_status : import->spec->status);
}

void import_restart(Import *import)
{
    set_phase(import, IMPORT_RUNNING,
              is_end(import->spec->service, import->spec->status) ? "IN_PROGRESS"
                                                                  : import->spec->status);
}

void import_poll(Import *import)
{
    import->polls++;
}
