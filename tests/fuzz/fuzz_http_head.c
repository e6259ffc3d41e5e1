/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base blob */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "blob/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The lines of a head, each in memory of its own, as curl hands them over; then what is looked for in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"etag", "location", "content-range", "x-amz-version-id"};
    struct http_answer answer = {0};
    buf_init(&answer.body, 0);
    buf_init(&answer.headers, 4096);
    bool more = true;
    while (size > 0 && more) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t length = newline ? (size_t)(newline - data) + 1 : size;
        char *line MEM_AUTO = mem_dup(data, length);
        more = http_head_line(&answer, line, length);
        data += length;
        size -= length;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char value[100];
        if (http_answer_header(&answer, names[i], value, sizeof value) && strlen(value) >= sizeof value)
            abort();
    }
    struct http_request request = {.method = "GET", .url = "http://host/"};
    buf_put(&answer.body, data, size);
    if (http_refused(&request, &answer) >= 0)
        abort();
    http_answer_free(&answer);
    return 0;
}
