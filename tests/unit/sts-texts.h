/* SPDX-License-Identifier: Apache-2.0 */
/* What STS is asked and answers in tests. */
#pragma once

#include "common/time.h"
#include "daemon/credentials/role.h"
#include "tests/unit/sts-world.h"

#define ROLE "arn:aws:iam::123456789:role/integration-test"
#define FORM                                                                                       \
    "Action=AssumeRole&Version=2011-06-15"                                                         \
    "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789%3Arole%2Fintegration-test"                            \
    "&RoleSessionName=assume-role-provider-session"

/* As STS answers, with white space between the elements. */
#define ANSWER(action, credentials)                                                                \
    "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"                   \
    "  <" action "Result>\n"                                                                       \
    "    <AssumedRoleUser>\n"                                                                      \
    "      <AssumedRoleId>AROARABCDEFGHIJKLMNOP:session</AssumedRoleId>\n"                         \
    "    </AssumedRoleUser>\n"                                                                     \
    "    <Credentials>\n" credentials "    </Credentials>\n"                                       \
    "  </" action "Result>\n"                                                                      \
    "  <ResponseMetadata>\n"                                                                       \
    "    <RequestId>c2e971c2-702d-4124-9b1f-1670febbea18</RequestId>\n"                            \
    "  </ResponseMetadata>\n"                                                                      \
    "</" action "Response>\n"
#define KEY_ID "<AccessKeyId>ASIARTESTID</AccessKeyId>\n"
#define SECRET "<SecretAccessKey>TESTSECRETKEY</SecretAccessKey>\n"
#define TOKEN "<SessionToken>TESTSESSIONTOKEN</SessionToken>\n"
#define EXPIRATION "<Expiration>2026-11-22T13:23:45Z</Expiration>\n"
#define SUCCESS ANSWER("AssumeRole", KEY_ID SECRET TOKEN EXPIRATION)
#define EXPIRES_USEC (STS_WORLD_REALTIME + USEC_PER_HOUR)

#define ERROR(code, message)                                                                       \
    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"                        \
    "  <Error>\n"                                                                                  \
    "    <Type>Sender</Type>\n"                                                                    \
    "    <Code>" code "</Code>\n"                                                                  \
    "    <Message>" message "</Message>\n"                                                         \
    "  </Error>\n"                                                                                 \
    "  <RequestId>5045ca91-d123-4749-9d66-00a3c906be6c</RequestId>\n"                              \
    "</ErrorResponse>\n"

static const AwsRole plain_role = {.arn = (char *)ROLE,
                                   .session_name = (char *)"assume-role-provider-session"};
#define WEB_TOKEN "w3b.t0k3n"
