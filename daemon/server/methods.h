/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of the interfaces, as rows of a table: who may call them, what they take, what they
 * do.
 *
 * A call has two moments. start() runs when the call is read: it checks, acts, and may reply
 * already. pump() runs when all calls before it on its connection are answered, and again as it
 * asked for by its answer, until that is CALL_DONE; a method whose start() always replies has none.
 * What a method only looks up it looks up in pump(), so that no reply lies here while others are
 * waited for. Both do a bounded piece of work at a time, see call_may_go_on(). */
#pragma once

#include "daemon/base/log-limit.h"
#include "daemon/config/config.h"
#include "daemon/http/client.h"
#include "daemon/jobs/outbox.h"
#include "daemon/jobs/registry.h"
#include "daemon/jobs/target-set.h"
#include "daemon/queue/queue-set.h"
#include "daemon/server/call.h"

/* What methods work on. */
struct Service {
    const Config *config;
    Timers *timers;
    Operators *operators;
    Registry *registry;
    Store *store;
    TargetSet *targets;
    QueueSet *queues;
    Outbox *outbox; /* NULL: none */
    HttpClient *http;
    unsigned n_clients;
    LogLimit denied;
    uint64_t started_usec; /* CLOCK_REALTIME */
    bool store_failing;    /* what changed could not be saved, and that was logged */
};

typedef struct Method {
    const char *name; /* with its interface */
    const ParameterSpec *parameters;
    /* 0, or negative errno that ends the session (-ENOMEM, -EIO). */
    int (*start)(Call *call);
    int (*pump)(Call *call, CallProgress *ret);
    int (*answer)(Call *call); /* in place of pump(): replies at once */
    bool operators_only;
    bool acts;    /* also for a caller that reads no answer */
    bool streams; /* knows what to do with `more` */
    bool more_only;
} Method;

/* 0: the message is a call; -EBADMSG: it is not. */
int methods_check(json_object *message);

/* Finds and starts the method the call's message names. 0 also where the reply is an error;
 * -EBADMSG: the message is not a call; other negative errno as Method.start. */
int methods_start(Call *call);

/* Goes on with a call whose turn it is. As Method.pump. */
int methods_pump(Call *call, CallProgress *ret);

/* An object with one member; takes the value. NULL: no memory, for value too. */
json_object *methods_object(const char *key, json_object *value);

/* Things that have names and places, which a reload may change. */
typedef struct ListedKind {
    size_t (*count)(const Service *service);
    const char *(*name)(const Service *service, size_t i);
    json_object *(*show)(const Service *service, size_t i); /* as it is now; NULL: no memory */
} ListedKind;

/* start() and pump() of a method that lists all things of a kind, in pieces. What is there from the
 * first piece to the last is shown once; what a reload adds meanwhile is left to the next list, and
 * what it removes is shown if its turn came before. */
int methods_list_start(Call *call, const char *member);
int methods_list_pump(Call *call, const ListedKind *kind, CallProgress *ret);

/* How long a job that the call makes may take: as it says, or the configuration; 0: no limit. */
uint64_t methods_timeout_usec(const Call *call);

/* A job that could not be written down: nobody was promised anything. */
#define CALL_ERROR_STORE_FAILED "StoreFailed"
#define MESSAGE_STORE_FAILED                                                                       \
    "the request could not be written to the state-directory and was not accepted; see the "       \
    "journal, make room and try again"

/* The target that the call is about: it names one, or means the default. */
const char *methods_target_name(const Call *call);

/* Whether the caller may stop and cancel imports of the target; see operators.h. */
bool methods_is_operator(const Call *call, const char *target);

/* Replies with an error. */
int methods_reply_target_not_found(Call *call, const char *name); /* NULL: the default */
int methods_reply_denied(Call *call); /* and logs it: whoever calls may not */
int methods_reply_failure(Call *call, const CallError *error);

/* The error of the interface that stands for an error code of AWS. */
const char *methods_failure_name(const char *code);

/* Rows that live beside what they are about. */
extern const Method methods_job[], methods_import[], methods_service[], methods_systemd[],
    methods_target[], methods_queue[], methods_metrics[]; /* ended by a row without name */
