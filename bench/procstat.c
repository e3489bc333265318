/* Readers of /proc. See procstat.h. */
#include "bench/procstat.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static bool read_text(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t n = fread(out, 1, size - 1, file);
    fclose(file);
    out[n] = '\0';
    return n > 0;
}

static bool read_cpu(pid_t pid, struct proc_usage *out)
{
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!read_text(path, text, sizeof(text)))
        return false;
    /* Fields count from behind the name, which may hold anything: utime and stime are the 14th and 15th of all. */
    const char *at = strrchr(text, ')');
    unsigned long long utime = 0, stime = 0;
    unsigned threads = 0;
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %u", &utime,
                      &stime, &threads) != 3)
        return false;
    out->cpu_s = (double)(utime + stime) / (double)sysconf(_SC_CLK_TCK);
    out->threads = threads;
    return true;
}

static void add_name(struct proc_usage *out, const char *name, uint64_t cpu_ns)
{
    unsigned i = 0;
    while (i < out->name_count && strcmp(out->names[i].name, name) != 0)
        i++;
    if (i == PROC_NAMES_MAX)
        return;
    if (i == out->name_count) {
        out->names[i] = (struct proc_name){.threads = 0};
        text_copy(out->names[i].name, sizeof(out->names[i].name), name);
        out->name_count++;
    }
    out->names[i].threads++;
    out->names[i].cpu_ns += cpu_ns;
}

static void read_threads(pid_t pid, struct proc_usage *out)
{
    char path[320], text[256], name[64];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        unsigned long long ns = 0;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
        if (!read_text(path, text, sizeof(text)) || sscanf(text, "%llu", &ns) != 1)
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", (int)pid, entry->d_name);
        if (!read_text(path, name, sizeof(name)))
            continue;
        name[strcspn(name, "\n")] = '\0';
        out->sched_ns += ns;
        add_name(out, name, ns);
    }
    closedir(dir);
}

bool proc_read(pid_t pid, struct proc_usage *out)
{
    memset(out, 0, sizeof(*out));
    if (pid <= 0 || !read_cpu(pid, out))
        return false;
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    const char *rss = read_text(path, text, sizeof(text)) ? strstr(text, "VmRSS:") : NULL;
    if (rss)
        out->rss_kb = strtoull(rss + 6, NULL, 10);
    read_threads(pid, out);
    return true;
}

bool machine_read(struct machine_usage *out)
{
    char text[4096];
    unsigned long long f[8] = {0};
    if (!read_text("/proc/stat", text, sizeof(text)) ||
        sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6],
               &f[7]) != 8)
        return false;
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    *out = (struct machine_usage){.busy_s = (double)(f[0] + f[1] + f[2] + f[5] + f[6] + f[7]) * tick,
                                  .softirq_s = (double)f[6] * tick,
                                  .steal_s = (double)f[7] * tick,
                                  .idle_s = (double)(f[3] + f[4]) * tick,
                                  .cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN)};
    return true;
}

static uint64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

uint64_t thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}
