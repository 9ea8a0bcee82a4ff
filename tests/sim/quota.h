/* SPDX-License-Identifier: Apache-2.0 */
/* CloudTrail's quotas: StopImport once a second, reads ten times, per service, account and region.
 *
 * Source: AWS CloudTrail User Guide, "Quotas in AWS CloudTrail". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Quotas Quotas;

int quotas_new(Quotas **ret);
void quotas_free(Quotas *quotas);
void quotas_clear(Quotas *quotas);

/* Takes one call out of the account's bucket; false when it is empty. */
bool quotas_take(Quotas *quotas, const char *service, const char *account_id, const char *region,
                 bool is_read, uint64_t now_usec);
