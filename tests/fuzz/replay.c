/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz program over files: `fuzz-NAME FILE...`, or without arguments the corpus of that
 * name, as a test that speaks TAP. */
#include <dirent.h>
#include <string.h>

#include "common/memory.h"
#include "common/string.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_SIZE_MAX (1U << 20)

static void run_file(const char *path)
{
    static uint8_t data[INPUT_SIZE_MAX];
    CLEANUP(fclosep) FILE *file = fopen(path, "re");
    size_t size;

    REQUIRE(file);
    size = fread(data, 1, sizeof(data), file);
    REQUIRE(!ferror(file));
    fprintf(stderr, "# %s\n", path); /* the last one when an oracle ends the program */
    LLVMFuzzerTestOneInput(data, size);
}

static unsigned run_directory(const char *path)
{
    struct dirent **entries;
    unsigned n_run = 0;
    int n = scandir(path, &entries, NULL, alphasort);

    REQUIRE(n >= 0);
    for (int i = 0; i < n; i++) {
        CLEANUP(freep) char *file = NULL;

        REQUIRE(string_format(&file, "%s/%s", path, entries[i]->d_name) == 0);
        if (entries[i]->d_name[0] != '.') {
            run_file(file);
            n_run++;
        }
        free(entries[i]);
    }
    free(entries);
    return n_run;
}

int main(int argc, char *argv[])
{
    const char *source = getenv("srcdir"), *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    CLEANUP(freep) char *corpus = NULL;
    unsigned n_run;

    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    if (argc > 1)
        return 0;
    REQUIRE(string_format(&corpus, "%s/tests/fuzz/corpus/%s", source ? source : ".",
                          strncmp(name, "fuzz-", 5) == 0 ? name + 5 : name) == 0);
    puts("1..1");
    n_run = run_directory(corpus);
    printf("%s 1 - the oracle of %s holds for its corpus (%u inputs)\n",
           n_run > 0 ? "ok" : "not ok", name, n_run);
    return n_run > 0 ? 0 : 1;
}
