//! This test program as its own child: a writer in another process.

#![allow(dead_code, reason = "each file of tests uses its part")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
};

use rialto_store::{Batch, CommitError, Done, EmbeddedStore, Limits, OpenError, Store};

/// Names the folder to the child.
const FOLDER: &str = "RIALTO_STORE_OF_THE_TEST";

/// Of this, little is kept for what deletes: many of these stores are made.
const SMALL: u64 = 8 << 20;

/// A test of this program, by name, in a process of its own.
pub(crate) fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The folder that was named to this process.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os(FOLDER)
        .expect("this is started by another test, with a folder")
        .into()
}

pub(crate) fn open(folder: &Path) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(folder, Limits::default().with_max_disk(SMALL))
}

pub(crate) fn commit(store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
    let (sender, answer) = mpsc::channel();
    store.commit(
        batch,
        Done::call(move |result| sender.send(result).unwrap()),
    );
    answer.recv().unwrap()
}
