/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where an SFTP repository is, as restic writes it, after "sftp:"
 *
 *     [USER@]HOST:PATH               a path that does not begin with / is below the user's home there
 *     //[USER@]HOST[:PORT]/PATH      the same; an absolute path has two slashes: //host//srv/vault
 *
 * and the program that leads there: ssh, or what -o sftp.command= names.
 */
#ifndef BLOB_SFTP_PLACE_H
#define BLOB_SFTP_PLACE_H

struct sftp_place {
    char *user; /* or NULL */
    char *host;
    char *port; /* or NULL */
    char *path; /* without a slash at its end, "." for the home itself */
};

/* ERR_INVALID when it is not such a place. sftp_place_free it also then. */
int sftp_place_parse(const char *rest, struct sftp_place *out);
void sftp_place_free(struct sftp_place *place);

/* The words of the command to start, a list that ends with NULL, for sftp_command_free. `command` replaces
 * ssh and all its arguments, `args` is added to those; either may be NULL. ERR_INVALID. */
int sftp_command(const struct sftp_place *place, const char *command, const char *args, char ***out);
void sftp_command_free(char **argv); /* NULL is fine */

#endif
