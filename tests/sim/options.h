/* The command line of trailstop-sim. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

typedef struct Options {
    bool help, version;
    const char *listen;
    const char *certificate, *key; /* NULL: no TLS */
    int ready_fd;                  /* -1: standard output */
    bool log, print_calls;
    size_t log_size;
    json_object *scenarios; /* what is declared, then the scenario files: an array, owned */
} Options;

/* 0; -EINVAL and an owned sentence; another negative errno and a sentence for a file; -ENOMEM. */
int options_parse(int argc, char **argv, Options *ret, char **ret_error);
void options_clear(Options *options);

void options_print_help(void);
