//! What an adapter's process cannot do.

use std::path::PathBuf;

use rialto_loader::{AdapterId, ClaimTable, Declared};

use crate::support::*;

/// Tries what is forbidden, and answers with what it could do all the same.
const TRIES: &str = r##"
    #define _GNU_SOURCE
    #include "rialto.h"
    #include <dirent.h>
    #include <fcntl.h>
    #include <signal.h>
    #include <stdio.h>
    #include <string.h>
    #include <sys/prctl.h>
    #include <sys/resource.h>
    #include <sys/wait.h>
    #include <unistd.h>
    extern char **environ;
    static char could[512];
    static void note(int done, const char *what) {
        if (done) strncat(could, what, sizeof could - strlen(could) - 1);
    }
    static void child(void) {
        const pid_t pid = fork();
        if (pid == 0) _exit(0);
        note(pid > 0, "fork ");
        if (pid > 0) waitpid(pid, 0, 0);
    }
    static int opens(const char *path, int flags) {
        const int fd = open(path, flags, 0600);
        if (fd >= 0) close(fd);
        return fd >= 0;
    }
    static int descriptors(void) {
        int count = 0;
        DIR *all = opendir("/proc/self/fd");
        for (struct dirent *one; all && (one = readdir(all));) count += one->d_name[0] != '.';
        if (all) closedir(all);
        return count - 1;
    }
    static void tries(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
        (void)adapter, (void)operation;
        struct rlimit core = { 1, 1 };
        char *const arguments[] = { "true", 0 };
        could[0] = 0;
        child();
        note(kill(getppid(), 0) == 0, "signal-gateway ");
        note(opens("/tmp/rialto-sandbox-test", O_WRONLY | O_CREAT), "write-file ");
        note(opens(SECRET, O_RDONLY), "read-secret ");
        note(opens("/etc/passwd", O_RDONLY), "read-etc ");
        note(!opens("/etc/hosts", O_RDONLY), "not-read-hosts ");
        note(!opens("/dev/null", O_WRONLY), "not-write-null ");
        note(environ && environ[0], "environment ");
        note(getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0, "core ");
        note(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1, "new-privileges ");
        // The standard three, and the socket with its copies.
        note(descriptors() > 8, "descriptors ");
        execv("/bin/true", arguments);
        RialtoResponse r = { .size = sizeof r };
        if (could[0]) {
            r.status = RIALTO_FAILURE;
            r.reason = RIALTO_REASON_REFUSED;
            r.detail = (RialtoBytes){ (const uint8_t *)could, strlen(could) };
        }
        done.complete(done.ticket, &r);
    }
    #define DELIVER tries"##;

/// The library, and the file that it tries to read.
fn tries() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "for the gateway only").unwrap();
    let defines = format!("#define SECRET {:?}\n{TRIES}", secret.display().to_string());
    let name = format!("tries_{}", folder.path().file_name().unwrap().display());
    (folder, c_plugin(&name, &defines), secret)
}

/// Needs a kernel with seccomp and with Landlock's signals, since Linux 6.12.
#[tokio::test]
async fn process_cannot_do_what_an_adapter_does_not_need() {
    let (_folder, library, _secret) = tries();
    let adapter = started(library, "{}", &Recorder::new()).await;
    let status = delivered(&adapter, "x").await;
    assert!(status.is_success(), "{status:?}");
}

#[tokio::test]
async fn process_can_read_what_its_operator_names() {
    let (_folder, library, secret) = tries();
    let isolation = own_process().with_readable(&[secret]);
    let declared = Declared::new("one", library, "{}".to_owned()).isolated(isolation);
    let loaded = declared.load(&ClaimTable::new()).unwrap();
    let starting = loaded.start(
        AdapterId::new(7),
        Recorder::new(),
        tracing::Level::INFO,
        SOON,
    );
    let (_, could) = failed(delivered(&starting.await.unwrap(), "x").await);
    assert_eq!(could, "read-secret ");
}
