/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of procs.h: for whom a file server works.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/procs.h"

#define PORT_SMB     445
#define PORT_NETBIOS 139
#define ESTABLISHED  1

/* The kernel prints each 32-bit word of the address as a number in the machine's byte order. */
static bool parse_address(const char *text, size_t digits, uint8_t *bytes)
{
    for (size_t word = 0; word < digits / 8; word++) {
        char part[9] = {0};
        char *end;
        memcpy(part, text + word * 8, 8);
        uint32_t value = (uint32_t)strtoul(part, &end, 16);
        if (*end || !isxdigit((unsigned char)part[0]))
            return false;
        memcpy(bytes + word * 4, &value, 4);
    }
    return true;
}

static bool write_address(const char *text, size_t digits, char out[static ACTOR_CLIENT_SIZE])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    uint8_t bytes[16];
    if ((digits != 8 && digits != 32) || !parse_address(text, digits, bytes))
        return false;
    if (digits == 8)
        return inet_ntop(AF_INET, bytes, out, ACTOR_CLIENT_SIZE) != NULL;
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return inet_ntop(AF_INET, bytes + 12, out, ACTOR_CLIENT_SIZE) != NULL;
    return inet_ntop(AF_INET6, bytes, out, ACTOR_CLIENT_SIZE) != NULL;
}

/* One line: "N: LOCAL:PORT REMOTE:PORT STATE queues timer retransmits uid timeout INODE ..." */
static bool parse_line(char *line, const uint64_t *inodes, size_t inode_count,
                       char out[static ACTOR_CLIENT_SIZE])
{
    char *fields[10], *rest = line;
    size_t count = 0;
    for (char *field; count < 10 && (field = strtok_r(rest, " ", &rest));)
        fields[count++] = field;
    char *local_port = count == 10 ? strchr(fields[1], ':') : NULL;
    char *colon = local_port ? strchr(fields[2], ':') : NULL;
    if (!colon || strtoul(fields[3], NULL, 16) != ESTABLISHED)
        return false;
    unsigned long port = strtoul(local_port + 1, NULL, 16);
    uint64_t inode = strtoull(fields[9], NULL, 10);
    if (port != PORT_SMB && port != PORT_NETBIOS)
        return false;
    for (size_t i = 0; i < inode_count; i++)
        if (inodes[i] == inode)
            return write_address(fields[2], (size_t)(colon - fields[2]), out);
    return false;
}

bool procs_parse_peer(const char *table, size_t length, const uint64_t *inodes, size_t inode_count,
                      char out[static ACTOR_CLIENT_SIZE])
{
    for (const char *at = table, *end = table + length; at < end;) {
        char line[256];
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop ? stop : end) - at);
        if (size < sizeof line) {
            memcpy(line, at, size);
            line[size] = '\0';
            if (strlen(line) == size && parse_line(line, inodes, inode_count, out))
                return true;
        }
        at += size + 1;
    }
    return false;
}
