/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

#define BACKLOG 4096

int listen_parse(const char *text, char host[static LISTEN_HOST_SIZE], char port[static LISTEN_PORT_SIZE])
{
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    const char *from = text;
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        from++;
        length -= 2;
    } else if (colon && memchr(text, ':', length)) {
        colon = NULL; /* an IPv6 address without its brackets */
    }
    if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strlen(colon + 1) > 5 || length >= LISTEN_HOST_SIZE)
        return err_hint(err_set(ERR_INVALID, _("--listen wants HOST:PORT, not \"%s\""), text),
                        _("for example: :8000, 192.0.2.1:8000, [2001:db8::1]:8000"));
    memcpy(host, from, length);
    host[length] = '\0';
    snprintf(port, LISTEN_PORT_SIZE, "%s", colon + 1);
    return 0;
}

static int try_one(const struct addrinfo *a)
{
    int on = 1, off = 0;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    fd_close(&fd);
    return -1;
}

static void tell_where(int fd, const char *host, char *where, size_t size)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    char port[LISTEN_PORT_SIZE] = "?", address[LISTEN_HOST_SIZE] = "";
    if (getsockname(fd, (struct sockaddr *)&bound, &length) == 0)
        getnameinfo((struct sockaddr *)&bound, length, address, sizeof address, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    const char *shown = *host ? host : address;
    snprintf(where, size, strchr(shown, ':') ? "[%s]:%s" : "%s:%s", shown, port);
}

int listen_open(const char *text, char *where, size_t size)
{
    char host[LISTEN_HOST_SIZE], port[LISTEN_PORT_SIZE];
    int err = listen_parse(text, host, port);
    if (err)
        return err;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (code != 0)
        return err_set(ERR_NOT_FOUND, _("cannot find the address %s: %s"), text, gai_strerror(code));
    int fd = -1;
    /* All addresses are one socket where there is IPv6. */
    for (const struct addrinfo *a = found; fd < 0 && !*host && a; a = a->ai_next)
        if (a->ai_family == AF_INET6)
            fd = try_one(a);
    for (const struct addrinfo *a = found; fd < 0 && a; a = a->ai_next)
        fd = try_one(a);
    freeaddrinfo(found);
    if (fd < 0)
        return err_sys(_("cannot listen at %s"), text);
    tell_where(fd, host, where, size);
    return fd;
}
