/* Server processes. See child.h. */
#include "bench/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_MS 5000
#define POLL_MS 10

enum err child_start(const char *const *argv, const char *log_path, pid_t *out)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return ERR_IO;
    if (pid == 0) {
        int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int null = open("/dev/null", O_RDONLY);
        if (fd < 0 || null < 0)
            _exit(127);
        dup2(null, 0);
        dup2(fd, 1);
        dup2(fd, 2);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever becomes of us, it does not stay behind */
        if (getppid() != parent)
            _exit(127);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    *out = pid;
    return ERR_OK;
}

bool child_is_alive(pid_t pid)
{
    return pid > 0 && waitpid(pid, NULL, WNOHANG) == 0;
}

void child_stop(pid_t pid)
{
    if (pid <= 0 || kill(pid, SIGTERM) < 0)
        return;
    for (int waited = 0; waited < STOP_MS; waited += POLL_MS) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
    kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}
