//! A pager server of a few lines, with its users: the other end of `examples/pager-c`, whose README defines the protocol.

mod presence;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs::File,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::{gateway::built, process::PATIENCE};

use presence::Presence;

pub use presence::Seen;

/// The domain of the pagers.
pub const PAGER_DOMAIN: &str = "pager.example";

/// Where the server lives: an address of loopback that no other peer has.
const PAGER_HOST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 15);
const SYSTEM: &str = "rialto";
const SECRET: &str = "beep-beep";

/// The library of the example, built as its Makefile says.
///
/// # Panics
/// When the C compiler does not take it.
pub fn pager_plugin() -> PathBuf {
    let folder = built();
    let lock = File::create(folder.join("pager.lock")).and_then(|lock| {
        lock.lock()?;
        Ok(lock)
    });
    let makefile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/pager-c/Makefile");
    let made = Command::new("make")
        .current_dir(&folder)
        .arg("-f")
        .arg(makefile)
        .output();
    assert!(
        lock.is_ok() && made.as_ref().is_ok_and(|made| made.status.success()),
        "the pager plugin cannot be built: {made:?}"
    );
    folder.join("libpager.so")
}

/// The server. Its thread ends with the test.
#[derive(Debug)]
pub struct PagerServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// Somebody with a pager.
#[derive(Debug)]
pub struct PagerUser {
    name: String,
    shared: Arc<Shared>,
}

/// A message on a pager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name that it has in this network.
    pub id: String,
    /// The sender's address.
    pub from: String,
    /// What its sender asks to be told: `d`, `r`, `dr` or `-`.
    pub receipts: String,
    /// The text.
    pub text: String,
    to: String,
}

/// What became of a message that a pager sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whom the message was for.
    pub from: String,
    /// `delivered`, `read` or `lost`.
    pub what: String,
    /// The message.
    pub about: String,
    to: String,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    users: BTreeSet<String>,
    pages: VecDeque<Page>,
    told: VecDeque<Told>,
    /// What the gateway said to lines of ours: `ACK done`, `NAK nouser`.
    answers: BTreeMap<String, String>,
    /// Messages that came before are not shown again.
    seen: BTreeSet<String>,
    presence: Presence,
    gateway: Option<TcpStream>,
    last_id: u64,
    logins: usize,
    is_silent: bool,
    has_said_goodbye: bool,
}

impl PagerServer {
    /// Starts a server that lets the gateway in.
    ///
    /// # Panics
    /// When there is no port.
    pub fn start() -> Self {
        let listener = TcpListener::bind((PAGER_HOST, 0))
            .and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, listener) =
            listener.unwrap_or_else(|error| panic!("no pager server: {error}"));
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serving.serve(stream);
            }
        });
        Self { address, shared }
    }

    /// The plugin's configuration, as lines of an adapter's section.
    pub fn lines(&self) -> [String; 5] {
        [
            format!("endpoint = \"{}\"", self.address),
            format!("domain = {PAGER_DOMAIN:?}"),
            format!("system = {SYSTEM:?}"),
            format!("secret = {SECRET:?}"),
            "reconnect_ms = 20".to_owned(),
        ]
    }

    /// Gives somebody a pager.
    pub fn user(&self, name: &str) -> PagerUser {
        let name = format!("{name}@{PAGER_DOMAIN}");
        self.shared.lock().users.insert(name.clone());
        PagerUser {
            name,
            shared: Arc::clone(&self.shared),
        }
    }

    /// Waits until the gateway has logged in that often.
    pub fn await_login(&self, times: usize) {
        self.shared
            .wait("login", |state| (state.logins >= times).then_some(()));
    }

    /// Breaks the connection to the gateway.
    pub fn hang_up(&self) {
        self.shared.lock().hang_up();
    }

    /// From now on it shows messages, and acknowledges none.
    pub fn fall_silent(&self) {
        self.shared.lock().is_silent = true;
    }

    /// From now on it acknowledges again.
    pub fn speak_again(&self) {
        self.shared.lock().is_silent = false;
    }

    /// Waits until the gateway has said that it goes.
    pub fn await_goodbye(&self) {
        let heard = |state: &mut State| state.has_said_goodbye.then_some(());
        self.shared.wait("goodbye", heard);
    }

    /// Writes a line with this name to the gateway; yields what that said.
    pub fn asks(&self, id: &str, line: &str) -> String {
        self.write(line);
        self.shared.wait("answer", |state| state.answers.remove(id))
    }

    /// Writes a line to the gateway, whatever it is.
    pub fn write(&self, line: &str) {
        self.shared.lock().write(line);
    }
}

impl PagerUser {
    /// The user's address.
    pub fn address(&self) -> &str {
        &self.name
    }

    /// Sends a message; yields its name and what the gateway said to it: `ACK done`, `ACK kept`, `NAK` and a reason.
    pub fn send(&self, to: &str, receipts: &str, text: &str) -> (String, String) {
        self.say(|id, from| format!("SEND {id} {from} {to} 70 {receipts} {}", escaped(text)))
    }

    /// Tells the sender of a message what became of it; yields what the gateway said.
    pub fn tell(&self, page: &Page, what: &str) -> String {
        let Page {
            id: about,
            from: to,
            ..
        } = page;
        self.say(|id, from| format!("TELL {id} {from} {to} {what} {about}"))
            .1
    }

    /// Takes the next message.
    pub fn receive(&self) -> Page {
        self.shared.wait("message", |state| {
            let at = state.pages.iter().position(|page| page.to == self.name)?;
            state.pages.remove(at)
        })
    }

    /// The messages that have come and were not taken.
    pub fn unread(&self) -> usize {
        let state = self.shared.lock();
        state
            .pages
            .iter()
            .filter(|page| page.to == self.name)
            .count()
    }

    /// Takes the next word on a message that the user has sent.
    pub fn told(&self) -> Told {
        self.shared.wait("word on a message", |state| {
            let at = state.told.iter().position(|told| told.to == self.name)?;
            state.told.remove(at)
        })
    }

    fn say(&self, line: impl FnOnce(&str, &str) -> String) -> (String, String) {
        let mut state = self.shared.lock();
        state.last_id += 1;
        let id = format!("p{}", state.last_id);
        state.write(&line(&id, &self.name));
        drop(state);
        let answer = self
            .shared
            .wait("answer", |state| state.answers.remove(&id));
        (id, answer)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, what: &str, mut find: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut found = None;
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), PATIENCE, |state| {
                found = find(state);
                found.is_none()
            });
        drop(waited);
        found.unwrap_or_else(|| panic!("the pager server has seen no {what}: {:?}", self.lock()))
    }

    /// Serves one connection to its end.
    fn serve(&self, stream: TcpStream) {
        let Ok(mut writer) = stream.try_clone() else {
            return;
        };
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        if lines.next() != Some(format!("HELLO 1 {SYSTEM} {SECRET}")) {
            let _gone = writer.write_all(b"BYE denied\n");
            return;
        }
        let mut state = self.lock();
        state.gateway = Some(writer);
        // What answers a PING is inside.
        state.write("WELCOME 1\nPING");
        drop(state);
        for line in lines {
            self.lock().take(&line);
            self.changed.notify_all();
        }
        self.lock().hang_up();
    }
}

impl State {
    fn take(&mut self, line: &str) {
        let words: Vec<_> = line.splitn(7, ' ').collect();
        match *words.as_slice() {
            ["BYE", _] => self.has_said_goodbye = true,
            ["PONG"] => self.logins += 1,
            ["PING"] => self.write("PONG"),
            [verb @ ("ACK" | "NAK"), id, word] => {
                self.answers.insert(id.to_owned(), format!("{verb} {word}"));
            }
            ["SEND", id, from, to, _hops, receipts, text] => {
                let page = [id, from, to, receipts].map(str::to_owned);
                let [id, from, to, receipts] = page;
                self.take_page(Page {
                    id,
                    from,
                    receipts,
                    text: unescaped(text),
                    to,
                });
            }
            ["TELL", id, from, to, what, about] => {
                let [from, to, what, about] = [from, to, what, about].map(str::to_owned);
                self.told.push_back(Told {
                    from,
                    what,
                    about,
                    to,
                });
                self.acknowledge(id, "ACK", "done");
            }
            _ => self.take_presence(line),
        }
    }

    fn take_page(&mut self, page: Page) {
        let id = page.id.clone();
        if !self.users.contains(&page.to) {
            return self.acknowledge(&id, "NAK", "nouser");
        }
        if self.seen.insert(id.clone()) {
            self.pages.push_back(page);
        }
        self.acknowledge(&id, "ACK", "done");
    }

    fn acknowledge(&mut self, id: &str, verb: &str, word: &str) {
        if !self.is_silent {
            self.write(&format!("{verb} {id} {word}"));
        }
    }

    fn write(&mut self, line: &str) {
        if let Some(gateway) = &mut self.gateway {
            let _gone = gateway.write_all(format!("{line}\n").as_bytes());
        }
    }

    fn hang_up(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            let _gone = gateway.shutdown(Shutdown::Both);
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('\n', r"\n")
        .replace('\r', r"\r")
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                _ => '\\',
            },
            other => other,
        });
    }
    plain
}
