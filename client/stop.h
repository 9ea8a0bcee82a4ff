/* trailstopctl stop. */
#pragma once

#include "client/options.h"

int stop_run(const Options *options);
