/* SPDX-License-Identifier: Apache-2.0 */
/* A turn: one pass over the descriptors that are ready, the timers that are due, then turn(), where
 * the daemon serves clients for a bounded time, commits every change of this turn with one sync,
 * and sends the replies that the commit made possible. At the end of a turn, everything that was
 * acknowledged is durable. Calls to AWS start in a later turn than the change that asks for them,
 * so that kill -9 at any point repeats nothing.
 *
 * All promises about time rest on a turn being short: signals, deadlines, polls and the watchdog
 * wait for its end. So nothing in it may wait for anybody outside, except for the one sync.
 * libevent adds no fairness, for no event here has a priority or a budget; a handler that has much
 * to do takes a share and asks for the next turn at once.
 *
 * The timers are on a timerfd of CLOCK_BOOTTIME, since libevent's stand still while the host is
 * suspended, and in a heap of our own, since the model tests run it on a virtual clock. */
#include "daemon/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "common/time.h"
#include "daemon/base/aside.h"
#include "daemon/base/journal.h"
#include "daemon/base/notify.h"
#include "daemon/base/stats.h"

/* Of one turn: after this, what else is ready, or due, is left to the next. A hundred thousand
 * deadlines may fall into one instant, and a thousand answers come at once. */
#define PASS_USEC (3 * USEC_PER_MSEC)
/* To save the end of a job takes many times as long as its deadline took to fire. */
#define TIMERS_USEC (USEC_PER_MSEC / 4)

#define N_SIGNALS 3U
#define N_LOOP_EVENTS (1U + N_SIGNALS)
#define FLUSH_USEC (50 * USEC_PER_MSEC) /* between two tries to get rid of log lines */

struct Loop {
    struct event_base *base;
    Timers *timers;
    LoopHandler handler;
    int timer_fd; /* CLOCK_BOOTTIME: libevent's own timers stand still during suspend */
    uint64_t armed_usec;
    struct event *events[N_LOOP_EVENTS]; /* the timer's, and of each signal */
    Timer watchdog_timer;
    Timer flush_timer;      /* set while lines for the log or systemd are not taken */
    uint64_t watchdog_usec; /* between two signs of life; 0: none expected */
    bool busy;              /* the last turn left work over */
    bool stopped;
};

static void on_terminate(evutil_socket_t signal_number, short events, void *userdata);
static void on_hangup(evutil_socket_t signal_number, short events, void *userdata);

static const struct {
    int number;
    event_callback_fn handle;
} handled[N_SIGNALS] = {{SIGTERM, on_terminate}, {SIGINT, on_terminate}, {SIGHUP, on_hangup}};

static uint64_t clock_boottime_usec(void *userdata)
{
    (void)userdata;
    return time_now_boottime();
}

static uint64_t clock_realtime_usec(void *userdata)
{
    (void)userdata;
    return time_now_realtime();
}

const Clock loop_clock = {clock_boottime_usec, clock_realtime_usec, NULL};

/* Spreads retries and polls; nothing secret depends on it. */
static double random_uniform(void *userdata)
{
    (void)userdata;
    return drand48();
}

const Random loop_random = {random_uniform, NULL};

struct event_base *loop_base(Loop *loop)
{
    return loop->base;
}

Timers *loop_timers(Loop *loop)
{
    return loop->timers;
}

/* CLOCK_MONOTONIC; WORK_NOT_BEGUN: by no handler of this pass. libevent knows when a pass began, by
 * a coarse clock that it shows as wall-clock time alone, which may jump. */
#define WORK_NOT_BEGUN 0
#define NO_PASS UINT64_MAX
static uint64_t work_began_usec = NO_PASS;

void loop_begin_work(void)
{
    if (work_began_usec == WORK_NOT_BEGUN)
        work_began_usec = time_now_monotonic();
}

/* What is ready stays so when a pass is broken off. libevent's own limit of a pass only has it look
 * for further events in between. */
void loop_end_work(struct event_base *base)
{
    assert(work_began_usec != WORK_NOT_BEGUN);
    if (time_since(work_began_usec, time_now_monotonic()) >= PASS_USEC)
        (void)event_base_loopbreak(base);
}

void loop_stop(Loop *loop)
{
    loop->stopped = true;
}

/* Whether the loop's signals wait. Before there is a loop, SIGHUP would end the process. */
static void hold_signals(int how)
{
    sigset_t signals;

    sigemptyset(&signals);
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaddset(&signals, handled[i].number);
    (void)sigprocmask(how, &signals, NULL); /* cannot fail with these arguments */
}

void loop_hold_signals(void)
{
    hold_signals(SIG_BLOCK);
}

static void on_timer(evutil_socket_t fd, short events, void *userdata)
{
    Loop *loop = userdata;
    uint64_t expirations;
    ssize_t size = read(fd, &expirations, sizeof(expirations));

    (void)size, (void)events; /* the turn runs the timers in any case */
    loop->armed_usec = TIMER_NEVER;
}

static void on_terminate(evutil_socket_t signal_number, short events, void *userdata)
{
    Loop *loop = userdata;

    (void)signal_number, (void)events;
    loop->handler.shut_down(loop->handler.userdata);
}

static void on_hangup(evutil_socket_t signal_number, short events, void *userdata)
{
    Loop *loop = userdata;

    (void)signal_number, (void)events;
    loop->handler.reload(loop->handler.userdata);
}

/* A sign of life comes from a timer, and so from a loop that turns, and only while the handler
 * finds all well. */
static void on_watchdog(void *userdata)
{
    Loop *loop = userdata;

    if (loop->handler.is_well(loop->handler.userdata))
        notify_send("WATCHDOG=1");
    timer_set(&loop->watchdog_timer, timers_boottime_usec(loop->timers) + loop->watchdog_usec);
}

/* Here alone what the log and systemd did not take is tried again: by a timer, for a regular look
 * is enough, and not every such descriptor can be watched. */
static void loop_flush(void *userdata)
{
    Loop *loop = userdata;
    bool log_waits = journal_flush(), notify_waits = notify_flush();

    if ((log_waits || notify_waits) && !loop->flush_timer.set)
        timer_set(&loop->flush_timer, timers_boottime_usec(loop->timers) + FLUSH_USEC);
}

static int loop_add_events(Loop *loop)
{
    loop->events[0] = event_new(loop->base, loop->timer_fd, EV_READ | EV_PERSIST, on_timer, loop);
    for (size_t i = 0; i < N_SIGNALS; i++)
        loop->events[1 + i] = evsignal_new(loop->base, handled[i].number, handled[i].handle, loop);
    for (size_t i = 0; i < N_LOOP_EVENTS; i++)
        if (!loop->events[i] || event_add(loop->events[i], NULL) < 0)
            return -ENOMEM;
    return 0;
}

static void loop_seed_random(void)
{
    unsigned short seed[3] = {0};

    (void)!getrandom(seed, sizeof(seed), 0); /* so few bytes are always given */
    seed48(seed);
}

int loop_new(Loop **ret)
{
    CLEANUP(loop_freep) Loop *loop = malloc(sizeof(*loop));
    int r;

    if (!loop)
        return -ENOMEM;
    *loop = (Loop){.timer_fd = -1, .armed_usec = TIMER_NEVER};
    loop_seed_random();
    r = timers_new(&loop_clock, &loop->timers);
    if (r < 0)
        return r;
    loop->base = event_base_new();
    if (!loop->base)
        return -ENOMEM;
    loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->timer_fd < 0)
        return -errno;
    timer_init(&loop->watchdog_timer, loop->timers, on_watchdog, loop);
    timer_init(&loop->flush_timer, loop->timers, loop_flush, loop);
    r = loop_add_events(loop);
    if (r < 0)
        return r;
    *ret = TAKE(loop);
    return 0;
}

void loop_free(Loop *loop)
{
    if (!loop)
        return;
    timer_clear(&loop->watchdog_timer);
    timer_clear(&loop->flush_timer);
    for (size_t i = 0; i < N_LOOP_EVENTS; i++)
        if (loop->events[i])
            event_free(loop->events[i]);
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    timers_free(loop->timers);
    if (loop->base)
        event_base_free(loop->base);
    free(loop);
}

/* Sets the descriptor to the earliest timer. */
static void loop_arm(Loop *loop, uint64_t at_usec)
{
    struct itimerspec when = {0};
    int r;

    if (at_usec == loop->armed_usec)
        return;
    if (at_usec != TIMER_NEVER) {
        when.it_value.tv_sec = (time_t)(at_usec / USEC_PER_SEC);
        when.it_value.tv_nsec = (long)(at_usec % USEC_PER_SEC) * 1000;
    }
    r = timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    assert(r == 0);
    loop->armed_usec = at_usec;
}

/* EVLOOP_ONCE leaves after one pass over what is ready. EVLOOP_NONBLOCK without it would go on for
 * as long as anything is: a few descriptors that are ready again and again would hold off timers,
 * commits and signs of life without end. */
static int loop_turn(Loop *loop)
{
    uint64_t next_usec = timers_next_usec(loop->timers);
    bool waits = !loop->busy && next_usec > timers_boottime_usec(loop->timers);
    int r;

    assert(!loop->stopped);
    if (waits)
        loop_arm(loop, next_usec);
    work_began_usec = WORK_NOT_BEGUN;
    r = event_base_loop(loop->base, EVLOOP_ONCE | (waits ? 0 : EVLOOP_NONBLOCK));
    work_began_usec = NO_PASS;
    if (r < 0)
        return -EIO;
    timers_run_for(loop->timers, TIMERS_USEC);
    stats_add(STAT_TURNS, 1);
    r = loop->handler.turn(loop->handler.userdata);
    assert(r <= LOOP_BUSY);
    loop->busy = r == LOOP_BUSY;
    loop_flush(loop);
    return r;
}

int loop_run(Loop *loop, const LoopHandler *handler)
{
    uint64_t watchdog_usec = 0;
    int r = 0;

    loop->handler = *handler;
    aside_set_wait(ASIDE_TURN_USEC);
    if (sd_watchdog_enabled(0, &watchdog_usec) > 0) {
        loop->watchdog_usec = watchdog_usec / 2;
        on_watchdog(loop);
    }
    hold_signals(SIG_UNBLOCK);
    while (r >= 0 && !loop->stopped)
        r = loop_turn(loop);
    loop_hold_signals(); /* what comes now would end the process before it has put things away */
    return r < 0 ? r : 0;
}
