/* HTTP byte ranges and dates (RFC 9110 sections 14.1.2 and 5.6.7). Any thread, no I/O. */
#ifndef ICHAT_WEB_RANGE_H
#define ICHAT_WEB_RANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum range_result {
    RANGE_ALL,  /* no Range, or one to be ignored (another unit, bad syntax, several ranges): send everything, 200 */
    RANGE_PART, /* *first..*last, 206 */
    RANGE_BAD,  /* nothing of the file is in it, 416 */
};

/* header NULL = none. size: of the file. */
enum range_result range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *last);

#define HTTP_DATE_MAX 32
/* "Mon, 23 Nov 2026 11:33:12 GMT" */
void http_date_format(char out[HTTP_DATE_MAX], time_t when);
/* That form only, which is what a browser sends back. false: not a date. */
bool http_date_parse(const char *text, time_t *out);

#endif
