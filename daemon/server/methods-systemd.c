/* SPDX-License-Identifier: Apache-2.0 */
/* io.systemd.service, as systemd 257 and newer have it for services of their own. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/base/journal.h"
#include "daemon/server/methods.h"

static int ping(Call *call)
{
    return call_reply(call, json_object_new_object());
}

static int reply_permission_denied(Call *call)
{
    return call_reply_error(call, VARLINK_SERVICE_INTERFACE ".PermissionDenied",
                            json_object_new_object());
}

/* As systemd has it: root, and who the service runs as. */
static bool is_privileged(const Call *call)
{
    uid_t uid = call->caller->peer.process.uid;

    return uid == 0 || uid == getuid();
}

static int set_log_level(Call *call)
{
    if (!is_privileged(call))
        return reply_permission_denied(call);
    journal_set_level((int)call->parameters.level);
    return call_reply(call, json_object_new_object());
}

static bool is_secret(const char *variable)
{
    static const char *const secrets[] = {
        "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN=", "AWS_CONTAINER_AUTHORIZATION_TOKEN="};

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (strncmp(variable, secrets[i], strlen(secrets[i])) == 0)
            return true;
    return false;
}

static int get_environment(Call *call)
{
    CLEANUP(json_object_putp) json_object *environment = json_object_new_array();

    if (!is_privileged(call))
        return reply_permission_denied(call);
    for (char **variable = environ; environment && *variable; variable++) {
        if (!is_secret(*variable) &&
            json_append(environment, json_object_new_string(*variable)) < 0)
            return -ENOMEM;
    }
    return call_reply(call, methods_object("environment", TAKE(environment)));
}

static const ParameterSpec no_parameters[] = {{0}};
static const ParameterSpec level_parameter[] = {{"level", parameter_read_level, .required = true},
                                                {0}};

const Method methods_systemd[] = {
    {SYSTEMD_SERVICE_INTERFACE ".Ping", no_parameters, .answer = ping},
    {SYSTEMD_SERVICE_INTERFACE ".SetLogLevel", level_parameter, .start = set_log_level},
    {SYSTEMD_SERVICE_INTERFACE ".GetEnvironment", no_parameters, .answer = get_environment},
    {0}};
