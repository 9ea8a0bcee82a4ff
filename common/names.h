/* SPDX-License-Identifier: Apache-2.0 */
/* Names that daemon and client share: of the protocol, of CloudTrail, of where things are. */
#pragma once

#include <stddef.h>

#define TRAILSTOP_INTERFACE "io.trailstop.Imports"
#define TRAILSTOP_SOCKET_DEFAULT "/run/trailstop/io.trailstop.Imports"
#define TRAILSTOP_METRICS_SOCKET_DEFAULT "/run/systemd/report/io.trailstop.Imports"
#define TRAILSTOP_URL "https://trailstop.io/"
/* What systemd shows of a daemon that could not start begins so; the reason follows. */
#define TRAILSTOP_STATUS_CANNOT_START "Cannot start: "

#define VARLINK_SERVICE_INTERFACE "org.varlink.service"
#define SYSTEMD_SERVICE_INTERFACE "io.systemd.service"
#define SYSTEMD_METRICS_INTERFACE "io.systemd.Metrics"

/* An ImportId of CloudTrail (API_StopImport: 36 characters of [a-f0-9-]). */
#define IMPORT_ID_LENGTH 36U
#define IMPORT_ID_SIZE (IMPORT_ID_LENGTH + 1)

/* Checks size bytes of text and writes the id in lower case, ended by NUL. 0 or -EINVAL. */
int import_id_parse(const char *text, size_t size, char ret[static IMPORT_ID_SIZE]);
