/* SPDX-License-Identifier: Apache-2.0 */
/* Names that daemon and client share: of the protocol, of where things are. */
#pragma once

#define TRAILSTOP_INTERFACE "io.trailstop.Imports"
#define TRAILSTOP_SOCKET_DEFAULT "/run/trailstop/io.trailstop.Imports"
#define TRAILSTOP_METRICS_SOCKET_DEFAULT "/run/systemd/report/io.trailstop.Imports"
#define TRAILSTOP_URL "https://trailstop.io/"
/* What systemd shows of a daemon that could not start begins so; the reason follows. */
#define TRAILSTOP_STATUS_CANNOT_START "Cannot start: "

#define VARLINK_SERVICE_INTERFACE "org.varlink.service"
#define SYSTEMD_SERVICE_INTERFACE "io.systemd.service"
#define SYSTEMD_METRICS_INTERFACE "io.systemd.Metrics"
