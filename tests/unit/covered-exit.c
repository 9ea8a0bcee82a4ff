/* SPDX-License-Identifier: Apache-2.0 */
/* In a build for coverage, in the place of the C library's: what a process that a test forks has
 * run counts as well, although it ends without a word to anybody. */
#include <sys/syscall.h>
#include <unistd.h>

void __gcov_dump(void);

void _exit(int status)
{
    __gcov_dump();
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}
