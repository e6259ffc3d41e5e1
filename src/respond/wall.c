/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Needs: CAP_NET_ADMIN; CAP_SYS_ADMIN with setns(CLONE_NEWNET) only for a file server in another network
 * namespace; system calls: socket(AF_NETLINK, NETLINK_NETFILTER and NETLINK_ROUTE), bind, getsockname,
 * sendmsg, sendto, recvmsg, setsockopt, getsockopt, poll, setns, clone (a thread), and reading /proc.
 */
#include "respond/wall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

/* Made if missing and otherwise left as it is, but for the chain, which is emptied and filled in the same
 * transaction, so that the rules never stand there twice. Priority -400 is before connection tracking (-200).
 */
static const char *const house =
    "add table inet beffroi\n"
    "add set inet beffroi dropped4 { type ipv4_addr; }\n"
    "add set inet beffroi dropped6 { type ipv6_addr; }\n"
    "add chain inet beffroi input { type filter hook input priority -400; policy accept; }\n"
    "flush chain inet beffroi input\n"
    "add rule inet beffroi input ip saddr @dropped4 drop\n"
    "add rule inet beffroi input ip6 saddr @dropped6 drop\n";

int wall_address(const char *client, char out[static WALL_ADDRESS_SIZE])
{
    char text[WALL_ADDRESS_SIZE];
    struct in_addr four;
    struct in6_addr six;
    size_t length = strcspn(client, "%");
    if (length >= sizeof text || (client[length] && !strchr(client, ':')))
        return err_set(ERR_INVALID, _("“%.60s” is not an address"), client);
    memcpy(text, client, length);
    text[length] = '\0';
    if (inet_pton(AF_INET, text, &four) == 1) {
        inet_ntop(AF_INET, &four, out, WALL_ADDRESS_SIZE);
        return 0;
    }
    if (inet_pton(AF_INET6, text, &six) != 1)
        return err_set(ERR_INVALID, _("“%.60s” is not an address"), client);
    if (IN6_IS_ADDR_V4MAPPED(&six))
        inet_ntop(AF_INET, &six.s6_addr[12], out, WALL_ADDRESS_SIZE);
    else
        inet_ntop(AF_INET6, &six, out, WALL_ADDRESS_SIZE);
    return 0;
}

bool wall_is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* Dropping an address of this machine would cut its own services off from each other. */
static bool is_own_address(const char *address)
{
    struct ifaddrs *all;
    bool own = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (struct ifaddrs *a = all; a && !own; a = a->ifa_next) {
        char text[INET6_ADDRSTRLEN] = "";
        if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET)
            inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr, text, sizeof text);
        else if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET6)
            inet_ntop(AF_INET6, &((struct sockaddr_in6 *)(void *)a->ifa_addr)->sin6_addr, text, sizeof text);
        own = strcmp(text, address) == 0;
    }
    freeifaddrs(all);
    return own;
}

struct job {
    int namespace_fd; /* -1: stay */
    const char *address;
    bool drop;
    int result;
    char error[400];
};

static int run_commands(const char *commands)
{
    struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
    if (!nft)
        return err_set(ERR_SYSTEM, _("the firewall cannot be reached"));
    nft_ctx_buffer_error(nft);
    nft_ctx_buffer_output(nft);
    int err = 0;
    if (nft_run_cmd_from_buffer(nft, commands) != 0) {
        const char *why = nft_ctx_get_error_buffer(nft);
        err = err_set(ERR_SYSTEM, _("the firewall refuses: %.*s"), (int)strcspn(why, "\n"), why);
    }
    nft_ctx_free(nft);
    return err;
}

static int change(const struct job *job)
{
    char commands[2048];
    const char *set = strchr(job->address, ':') ? "dropped6" : "dropped4";
    if (job->drop && is_own_address(job->address))
        return err_set(ERR_INVALID, _("%s is this machine's own address"), job->address);
    if (job->drop)
        snprintf(commands, sizeof commands, "%sadd element inet beffroi %s { %s }\n", house, set,
                 job->address);
    else /* added first, because removing what is not there fails */
        snprintf(commands, sizeof commands,
                 "%sadd element inet beffroi %s { %s }\ndelete element inet beffroi %s { %s }\n", house, set,
                 job->address, set, job->address);
    return run_commands(commands);
}

/* A thread of its own, because it may change its network namespace and need not find its way back. */
static void *work(void *argument)
{
    struct job *job = argument;
    if (job->namespace_fd >= 0 && setns(job->namespace_fd, CLONE_NEWNET) != 0)
        job->result = err_sys(_("cannot enter the file server's network namespace"));
    else
        job->result = change(job);
    snprintf(job->error, sizeof job->error, "%.399s", job->result ? err_text() : "");
    return NULL;
}

uint64_t wall_namespace(int32_t pid)
{
    char path[48] = "/proc/self/ns/net";
    struct stat st;
    if (pid > 0)
        snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int change_in(int32_t pid, const char *address, bool drop)
{
    char path[48];
    struct job job = {.namespace_fd = -1, .address = address, .drop = drop};
    if (pid > 0 && wall_namespace(pid) != wall_namespace(0)) {
        snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
        job.namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
        if (job.namespace_fd < 0)
            return err_sys(_("cannot open the file server's network namespace"));
    }
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, work, &job);
    if (failed == 0)
        pthread_join(thread, NULL);
    fd_close(&job.namespace_fd);
    errno = failed;
    if (failed)
        return err_sys(_("cannot start a thread"));
    return job.result ? err_set((enum err)job.result, "%s", job.error) : 0;
}

int wall_drop(int32_t pid, const char *address)
{
    return change_in(pid, address, true);
}

int wall_undrop(int32_t pid, const char *address)
{
    return change_in(pid, address, false);
}
