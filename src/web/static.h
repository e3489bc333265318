/* The web client's files, from http.web_root. Web thread. */
#ifndef ICHAT_WEB_STATIC_H
#define ICHAT_WEB_STATIC_H

struct conf;
struct web_req;

/* Where the built client is: http.web_root; else beside the binary, in the build tree, or installed. malloc'd; NULL
 * when there is none. */
char *static_find_root(const struct conf *conf);

/* GET and HEAD of anything outside /api: the file, else index.html for a page of the client (a path without an
 * extension), else 404. Other methods: 403. */
void static_serve(struct web_req *req);

#endif
