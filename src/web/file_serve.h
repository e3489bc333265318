/* A file as an answer: validators, ranges (RFC 9110 sections 13 and 14). Web thread. */
#ifndef ICHAT_WEB_FILE_SERVE_H
#define ICHAT_WEB_FILE_SERVE_H

#include <sys/stat.h>

struct web_req;

/* A regular file below dir: names with a part that starts with a dot, or with other characters than a path of ours has,
 * are not found. -1, or the descriptor and its status. */
int file_open_below(const char *dir, const char *name, struct stat *st);

/* Answers 200, 206, 304 or 416. The caller has set its own headers (caching) before. */
void file_serve_take(struct web_req *req, int fd_take, const struct stat *st, const char *type);

#endif
