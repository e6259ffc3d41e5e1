/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "respond/sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"

#define TABLE_MAX       (32u << 20)
#define TCP_ESTABLISHED 1

/* The kernel writes an address as 32-bit words in hexadecimal, each in the machine's own byte order. */
static int write_words(const char *address, char four[static 9], char six[static 33])
{
    uint32_t words[4];
    struct in_addr v4;
    struct in6_addr v6;
    four[0] = six[0] = '\0';
    if (inet_pton(AF_INET, address, &v4) == 1) {
        snprintf(four, 9, "%08X", v4.s_addr);
        snprintf(six, 33, "0000000000000000%08X%08X", htonl(0xffff), v4.s_addr);
        return 0;
    }
    if (inet_pton(AF_INET6, address, &v6) != 1)
        return -1;
    memcpy(words, &v6, sizeof words);
    snprintf(six, 33, "%08X%08X%08X%08X", words[0], words[1], words[2], words[3]);
    return 0;
}

/* sl local:port remote:port state queues timer retransmits uid timeout inode; proc(5) */
size_t sockets_parse(const char *text, const char *address, uint64_t *inodes, size_t most)
{
    char four[9], six[33], remote[40];
    size_t count = 0;
    if (write_words(address, four, six) != 0)
        return 0;
    for (const char *line = text; line && *line && count < most; line = strchr(line, '\n')) {
        line += *line == '\n';
        unsigned state;
        unsigned long long inode;
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%*x %39[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %llu",
                   remote, &state, &inode) != 3)
            continue;
        if (state == TCP_ESTABLISHED && (strcasecmp(remote, four) == 0 || strcasecmp(remote, six) == 0))
            inodes[count++] = inode;
    }
    return count;
}

size_t sockets_of(int32_t pid, const char *address, uint64_t *inodes, size_t most)
{
    static const char *const tables[] = {"tcp", "tcp6"};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        struct buf text BUF_AUTO;
        buf_init(&text, TABLE_MAX);
        snprintf(path, sizeof path, "/proc/%d/net/%s", pid, tables[i]);
        if (fd_read_file(AT_FDCWD, path, &text) == 0)
            count += sockets_parse(buf_string(&text), address, inodes + count, most - count);
    }
    return count;
}

int sockets_held(int32_t pid, const uint64_t *inodes, size_t count)
{
    char path[64], target[64];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    int held = 0;
    struct dirent *entry;
    while (folder && !held && (entry = readdir(folder))) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        if (strncmp(target, "socket:[", 8) != 0)
            continue;
        unsigned long long inode = strtoull(target + 8, NULL, 10);
        for (size_t i = 0; i < count && !held; i++)
            held = inodes[i] == inode;
    }
    if (folder)
        closedir(folder);
    return held;
}
