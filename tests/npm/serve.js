// SPDX-License-Identifier: Apache-2.0
// Serves local-aws-sqs on a free port, prints its URL, and ends with standard input: no test leaves it behind.
const { createSqsServer } = require("local-aws-sqs");

createSqsServer({ port: 0, hostname: "127.0.0.1", accountId: "111122223333", emulateQueueCreationLifecycle: false })
    .then((server) => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume().on("end", () => process.exit(0));
