/* What /proc says of a process and of the machine. Any thread. */
#ifndef ICHAT_BENCH_PROCSTAT_H
#define ICHAT_BENCH_PROCSTAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_NAMES_MAX 24

/* CPU of all threads of one name together, ended ones left out. */
struct proc_name {
    char name[16];
    unsigned threads;
    uint64_t cpu_ns;
};

struct proc_usage {
    double cpu_s;      /* utime + stime of /proc/PID/stat: all threads, ended ones too; in steps of 10 ms */
    uint64_t sched_ns; /* the scheduler's own count for the threads that live: exact */
    uint64_t rss_kb;
    unsigned threads;
    struct proc_name names[PROC_NAMES_MAX];
    unsigned name_count;
};

/* False when there is no such process. */
bool proc_read(pid_t pid, struct proc_usage *out);

/* Seconds since the start, all cores together. */
struct machine_usage {
    double busy_s; /* all but idle and iowait */
    double softirq_s;
    double steal_s; /* taken by other guests of the same host */
    double idle_s;
    unsigned cores;
};
bool machine_read(struct machine_usage *out);

uint64_t thread_cpu_ns(void); /* of the calling thread */
uint64_t wall_ns(void);       /* CLOCK_REALTIME, which the kernel stamps packets with */

#endif
