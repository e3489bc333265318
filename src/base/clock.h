/* Clocks. Any thread. Sans-IO code (proto, flow, rtc state machines, call) never calls these: time is passed in. */
#ifndef ICHAT_BASE_CLOCK_H
#define ICHAT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define US_PER_MS 1000ULL
#define US_PER_S 1000000ULL

/* Monotonic microseconds; what every `now_us` is. Never 0. */
uint64_t clock_now_us(void);
/* Sleeps until that moment; at once when it is past. */
void clock_sleep_until_us(uint64_t at_us);
/* Wall clock, microseconds since 1970-01-01 UTC; what the database stores. */
int64_t clock_wall_us(void);

#define CLOCK_RFC3339_MAX 36
/* "2026-11-23T11:33:12Z" (whole seconds, truncated). */
void clock_rfc3339(char out[CLOCK_RFC3339_MAX], int64_t wall_us);
/* With up to 6 fractional digits, trailing zeros dropped: "2026-11-23T11:33:12.5Z". */
void clock_rfc3339_frac(char out[CLOCK_RFC3339_MAX], int64_t wall_us);

#endif
