/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to hosts and to their queue. */
#include <string.h>

#include "common/time.h"
#include "tests/model/hosts-private.h"

/* As a sender writes it, as EventBridge does, and as SNS does. */
static void write_body(const Import *import, unsigned target, unsigned timeout_sec, unsigned form,
                       char *buffer, size_t size)
{
    static const char *const parts[][3] = {
        {"", "\"", ""},
        {"{\"version\":\"0\",\"source\":\"my.app\",\"detail-type\":\"Stop\",\"detail\":", "\"",
         "}"},
        {"{\"Type\":\"Notification\",\"TopicArn\":\"arn:aws:sns:::t\",\"Message\":\"", "\\\"",
         "\"}"},
    };
    const char *quote = parts[form][1];

    snprintf(buffer, size,
             "%s{%simportId%s:%s%s%s,%starget%s:%st%u%s,%sservice%s:%s%s%s,%stimeout%s:%u}%s",
             parts[form][0], quote, quote, quote, import->id, quote, quote, quote, quote, target,
             quote, quote, quote, quote, import_service_name(import->service), quote, quote, quote,
             timeout_sec, parts[form][2]);
}

static void send_request(Hosts *hosts)
{
    Dice *dice = &hosts->model.dice;
    unsigned target = (unsigned)dice_below(dice, hosts->rules.n_targets);
    unsigned import = (unsigned)dice_below(dice, N_IMPORTS);
    unsigned timeout_sec = dice_chance(dice, 0.1) ? (unsigned)dice_between(dice, 1, 120) : 0;
    QueueMessage *message;
    char body[400];

    if (hosts->queue.n_messages == N_MESSAGES_MAX)
        return;
    write_body(&hosts->accounts[target].imports[import], target, timeout_sec,
               (unsigned)dice_below(dice, 3), body, sizeof(body));
    hosts->let_go[target] |= (timeout_sec > 0) << import;
    message = queue_send(&hosts->queue, &hosts->model, body);
    message->is_request = true;
    message->target = target;
    message->import = import;
    model_note(&hosts->model, "m%u is sent, for t%u i%u", message->number, target, import);
}

static void send_poison(Hosts *hosts)
{
    static const char elsewhere[] = "{\"importId\":\"ee54f254-6d13-4ac7-0000-000000000000\","
                                    "\"target\":\"nowhere\"}";
    static const char *const bodies[] = {"", "{}", "stop", "{\"importId\":\"x\",\"also\":1}",
                                         elsewhere};
    const QueueMessage *message;

    if (hosts->queue.n_messages == N_MESSAGES_MAX)
        return;
    message = queue_send(&hosts->queue, &hosts->model, bodies[dice_below(&hosts->model.dice, 5)]);
    model_note(&hosts->model, "m%u is sent, which is no request", message->number);
}

static bool host_is_busy(const Host *host)
{
    return host->core && !host->paused && !host->stopping;
}

/* On the socket of a host. */
static void request(Hosts *hosts)
{
    Dice *dice = &hosts->model.dice;
    Host *host = &hosts->hosts[dice_below(dice, hosts->n_hosts)];
    unsigned target = (unsigned)dice_below(dice, hosts->rules.n_targets);
    unsigned import = (unsigned)dice_below(dice, N_IMPORTS);
    const Import *wanted = &hosts->accounts[target].imports[import];
    char id[JOB_ID_SIZE];

    if (!host_is_busy(host))
        return;
    model_note(&hosts->model, "h%u: t%u i%u requested", host->number, target, import);
    (void)registry_request(
        core_registry(host->core),
        &(JobRequest){
            .target = core_target(host->core, target),
            .key = {.kind = JOB_STOP, .service = wanted->service, .import_id = wanted->id}},
        id);
}

/* On the socket, too. */
static void cancel(Hosts *hosts)
{
    Dice *dice = &hosts->model.dice;
    const Host *host = &hosts->hosts[dice_below(dice, hosts->n_hosts)];
    unsigned target = (unsigned)dice_below(dice, hosts->rules.n_targets);
    unsigned import = (unsigned)dice_below(dice, N_IMPORTS);
    Job *job = host_is_busy(host) ? host_find_job(host, target, import) : NULL;

    if (!job)
        return;
    model_note(&hosts->model, "h%u: t%u i%u cancelled", host->number, target, import);
    hosts->let_go[target] |= 1U << import;
    job_cancel(job, &job->record.requester);
}

static void change_weather(Hosts *hosts)
{
    static const Weather weathers[] = {WEATHER_FINE, WEATHER_LOSSY, WEATHER_OUT};
    Dice *dice = &hosts->model.dice;
    Weather weather = weathers[dice_below(dice, 3)];
    unsigned target = (unsigned)dice_below(dice, hosts->rules.n_targets + 1);

    if (hosts->kind == HOSTS_CALM)
        return;
    if (target == hosts->rules.n_targets) {
        model_note(&hosts->model, "the queue: weather %d", weather);
        hosts->queue.weather = dice_chance(dice, 0.3) ? WEATHER_ROUGH : weather;
        hosts->queue.once_more = dice_chance(dice, 0.3) ? 0.1 : 0;
    } else {
        model_note(&hosts->model, "t%u: weather %d", target, weather);
        hosts->accounts[target].weather = weather;
    }
}

static void disturb(Hosts *hosts)
{
    Host *host = &hosts->hosts[dice_below(&hosts->model.dice, hosts->n_hosts)];

    if (!host_is_busy(host))
        return;
    if (hosts->kind == HOSTS_FAULTS)
        host_reload(host, !host->without_queue);
    else if (hosts->kind == HOSTS_PAUSES)
        host_pause(host);
    else if (hosts->kind == HOSTS_KILLS && hosts->n_starts_left > 0)
        host_kill(host, "");
    else if (hosts->kind == HOSTS_STOPS && hosts->n_starts_left > 0)
        host_stop(host);
}

void hosts_happen(Hosts *hosts)
{
    Dice *dice = &hosts->model.dice;
    uint64_t what = dice_below(dice, 100);

    if (what < 45)
        send_request(hosts);
    else if (what < 50)
        send_poison(hosts);
    else if (what < 55)
        request(hosts);
    else if (what < 60)
        cancel(hosts);
    else if (what < 75)
        change_weather(hosts);
    else
        disturb(hosts);
    hosts->next_event_usec = hosts->model.now_usec;
    if (dice_chance(dice, 0.7))
        hosts->next_event_usec += dice_below(dice, 60 * USEC_PER_SEC);
}
