//! ejabberd, from its Debian package, without Erlang's distribution.
//!
//! It is started as `erl`, not through `ejabberdctl`: that one gives the node a name, which needs the port
//! mapper that all nodes of a machine share, and changes to its own user.

use tempfile::TempDir;

use super::{
    XmppServer, XmppSettings, folder, write,
    xmpp_server::{PASSWORD, USERS},
};
use crate::{
    process::{Process, tethered},
    transcript::holds,
};

/// How a component stands in the configuration.
const COMPONENT: &str = "      \"@COMPONENT@\":\n        password: \"@SECRET@\"\n";

/// Where Erlang is told how to find hosts: by its own list alone, so that no test asks the DNS of its machine.
const NAMES: &str = "inetrc";

/// A running ejabberd.
#[derive(Debug)]
pub struct Ejabberd {
    process: Process,
    settings: XmppSettings,
    folder: TempDir,
}

impl XmppServer for Ejabberd {
    fn start(settings: XmppSettings) -> Self {
        let folder = folder("ejabberd");
        let file = folder.path().join("ejabberd.yml");
        write(
            &file,
            settings.fill("ejabberd/ejabberd.yml", folder.path(), COMPONENT),
        );
        write(&folder.path().join(NAMES), "{lookup, [file]}.\n");
        Self {
            process: run(&folder, &settings.domain),
            settings,
            folder,
        }
    }

    fn settings(&self) -> &XmppSettings {
        &self.settings
    }

    fn stop(&mut self) {
        self.process.terminate();
    }

    fn start_again(&mut self) {
        self.process = run(&self.folder, &self.settings.domain);
    }
}

fn run(folder: &TempDir, domain: &str) -> Process {
    let dir = folder.path();
    let mut command = tethered("erl");
    command
        .args(["-noinput", "+S", "1:1", "-mnesia", "dir"])
        .arg(format!("\"{}\"", dir.join("mnesia").display()))
        .args(["-s", "ejabberd", "-eval", &registration(domain)])
        .current_dir(dir)
        .env("HOME", dir)
        .env(
            "ERL_LIBS",
            "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu",
        )
        .env("ERL_INETRC", dir.join(NAMES))
        .env("ERL_CRASH_DUMP", dir.join("crash.dump"))
        .env("EJABBERD_CONFIG_PATH", dir.join("ejabberd.yml"))
        .env("EJABBERD_LOG_PATH", dir.join("ejabberd.log"));
    let process = Process::spawn("ejabberd", command);
    // The listeners are up before the application's start, and so this line, is done.
    process.await_stdout("registered users", holds("users are registered\n"));
    process
}

/// Registers the users once ejabberd is up; they may be there from an earlier start.
fn registration(domain: &str) -> String {
    let users: Vec<String> = USERS.iter().map(|user| format!("<<\"{user}\">>")).collect();
    format!(
        "[case ejabberd_auth:try_register(U, <<\"{domain}\">>, <<\"{PASSWORD}\">>) of \
         ok -> ok; {{error, exists}} -> ok end || U <- [{}]], \
         io:format(\"users are registered~n\").",
        users.join(", ")
    )
}
