/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which request to the judge an HTTP request is, and how errors are written. Pure.
 */
#ifndef GUARD_API_ROUTE_H
#define GUARD_API_ROUTE_H

#include "base/buf.h"
#include "ipc/message.h"

/* Fills verb, incident and tree. 200, or the HTTP status of the refusal (404, 405), whose error text is set.
 */
unsigned api_route(const char *method, const char *url, struct msg_request *out);

/* {"error":{"code":...,"text":...,"hint":...}} */
void api_error_json(struct buf *out, const char *code, const char *text, const char *hint);

#endif
