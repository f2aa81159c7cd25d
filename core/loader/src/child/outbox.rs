//! The writing end of a socket, shared by threads.
//!
//! One thread writes at a time; the others only append, and so one write carries what has gathered. While frames come one by one, the
//! thread that brings one writes it, without waiting; when they come faster, or the other end is slow, the outbox's own thread does.

use std::{
    collections::VecDeque,
    io,
    os::{fd::AsRawFd, unix::net::UnixStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use nix::sys::socket::{MsgFlags, send};
use rialto_bridge::Ticket;

/// So much at work at once is "one by one".
const FEW: usize = 2;
/// Unwritten bytes from which on there is no room; a frame that comes before may go beyond.
pub(super) const FULL: usize = 16 << 20;
/// A buffer that has grown beyond this is given back when it is empty.
const KEPT: usize = 1 << 20;

/// The writing end of a socket.
#[derive(Debug)]
pub(super) struct Outbox {
    socket: UnixStream,
    out: Mutex<Out>,
    turn: Condvar,
}

#[derive(Debug, Default)]
struct Out {
    buffer: Vec<u8>,
    /// What could not be written at once; before `buffer`.
    rest: Vec<u8>,
    spare: Vec<u8>,
    appended: u64,
    written: u64,
    /// The end of what is being written right now: the other side may have it before `written` says so.
    offered: u64,
    /// Deliveries that are not wholly written: where they end, and their tickets.
    unwritten: VecDeque<(u64, Ticket)>,
    /// Somebody writes, or has been told to.
    is_writing: bool,
    /// It is the thread's turn.
    is_turn: bool,
    is_closed: bool,
    /// Somebody waits for all to be written.
    is_finishing: bool,
}

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    Closed,
    Full,
    TooLong,
}

impl Outbox {
    /// Makes an outbox and its thread, which ends when it is closed.
    pub(super) fn start(socket: UnixStream, thread_name: String) -> io::Result<Arc<Self>> {
        let outbox = Arc::new(Self {
            socket,
            out: Mutex::default(),
            turn: Condvar::new(),
        });
        let this = Arc::clone(&outbox);
        thread::Builder::new()
            .name(thread_name)
            .spawn(move || this.write_in_turn())?;
        Ok(outbox)
    }

    /// Appends a frame that is always taken: there are few of its kind, or each answers one of the other side's.
    pub(super) fn put(
        &self,
        at_work: usize,
        frame: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> Result<(), NotTaken> {
        let mut out = self.lock();
        append(&mut out, frame)?;
        self.see_to(out, at_work);
        Ok(())
    }

    /// Appends a frame if there is room, and remembers the delivery until the frame is written.
    pub(super) fn put_if_room(
        &self,
        at_work: usize,
        delivery: Option<Ticket>,
        frame: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> Result<(), NotTaken> {
        let mut out = self.lock();
        if out.appended - out.written > FULL as u64 {
            return Err(NotTaken::Full);
        }
        append(&mut out, frame)?;
        if let Some(delivery) = delivery {
            let end = out.appended;
            out.unwritten.push_back((end, delivery));
        }
        self.see_to(out, at_work);
        Ok(())
    }

    /// Keeps others from writing, so that one write carries all until [`flush`](Self::flush). False: another writes.
    pub(super) fn hold(&self) -> bool {
        !std::mem::replace(&mut self.lock().is_writing, true)
    }

    /// Writes what has gathered since [`hold`](Self::hold).
    pub(super) fn flush(&self) {
        let out = self.lock();
        self.write_now(out);
    }

    /// Ends the writing. The deliveries that the other side cannot have seen whole.
    pub(super) fn close(&self) -> Vec<Ticket> {
        let mut out = self.lock();
        out.is_closed = true;
        (out.buffer, out.rest) = Default::default();
        let unwritten = std::mem::take(&mut out.unwritten);
        self.turn.notify_all();
        let unseen = unwritten.into_iter().filter(|(end, _)| *end > out.offered);
        unseen.map(|(_, delivery)| delivery).collect()
    }

    /// Waits until all is written.
    pub(super) fn finish(&self) {
        let mut out = self.lock();
        out.is_finishing = true;
        while out.is_writing && !out.is_closed {
            out = self.turn.wait(out).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn see_to<'a>(&'a self, mut out: MutexGuard<'a, Out>, at_work: usize) {
        if std::mem::replace(&mut out.is_writing, true) {
            return; // whoever writes takes this along
        }
        if at_work <= FEW {
            self.write_now(out);
        } else {
            self.give_turn(out);
        }
    }

    fn give_turn(&self, mut out: MutexGuard<'_, Out>) {
        out.is_turn = true;
        drop(out);
        self.turn.notify_all();
    }

    /// Writes as much as goes without waiting; only by who has set `is_writing`.
    fn write_now<'a>(&'a self, mut out: MutexGuard<'a, Out>) {
        while !out.buffer.is_empty() && !out.is_closed {
            let mut taken = take(&mut out);
            drop(out);
            let len = self.send(&taken, MsgFlags::MSG_DONTWAIT);
            out = self.lock();
            note_written(&mut out, len);
            out.offered = out.written;
            if len < taken.len() {
                taken.drain(..len);
                out.rest = taken;
                return self.give_turn(out);
            }
            keep(&mut out, taken);
        }
        out.is_writing = false;
        self.tell_finished(&out);
    }

    fn tell_finished(&self, out: &Out) {
        if out.is_finishing {
            self.turn.notify_all();
        }
    }

    /// The thread: writes what others could not, and waits for it.
    fn write_in_turn(&self) {
        let mut out = self.lock();
        loop {
            while !out.is_turn && !out.is_closed {
                out = self.turn.wait(out).unwrap_or_else(PoisonError::into_inner);
            }
            if out.is_closed {
                return;
            }
            out = self.write_all(out);
        }
    }

    fn write_all<'a>(&'a self, mut out: MutexGuard<'a, Out>) -> MutexGuard<'a, Out> {
        let rest = std::mem::take(&mut out.rest);
        out.offered = out.written + rest.len() as u64;
        drop(out);
        self.send_all(&rest);
        // Others are about to bring more: one write for all of it.
        thread::yield_now();
        out = self.lock();
        while !out.buffer.is_empty() && !out.is_closed {
            let taken = take(&mut out);
            drop(out);
            self.send_all(&taken);
            out = self.lock();
            keep(&mut out, taken);
        }
        (out.is_writing, out.is_turn) = (false, false);
        self.tell_finished(&out);
        out
    }

    fn send_all(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let len = self.send(bytes, MsgFlags::empty());
            note_written(&mut self.lock(), len);
            if len == 0 {
                break; // the other end is gone; who reads from it sees that as well
            }
            bytes = bytes.get(len..).unwrap_or_default();
        }
        let mut out = self.lock();
        out.offered = out.written;
    }

    fn send(&self, bytes: &[u8], flags: MsgFlags) -> usize {
        loop {
            let flags = flags | MsgFlags::MSG_NOSIGNAL;
            match send(self.socket.as_raw_fd(), bytes, flags) {
                Err(nix::Error::EINTR) => {}
                sent => return sent.unwrap_or(0),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn append(out: &mut Out, frame: impl FnOnce(&mut Vec<u8>) -> bool) -> Result<(), NotTaken> {
    if out.is_closed {
        return Err(NotTaken::Closed);
    }
    let from = out.buffer.len();
    if !frame(&mut out.buffer) {
        out.buffer.truncate(from);
        return Err(NotTaken::TooLong);
    }
    out.appended += (out.buffer.len() - from) as u64;
    Ok(())
}

/// Takes what has gathered, to be written.
fn take(out: &mut Out) -> Vec<u8> {
    let mut taken = std::mem::take(&mut out.spare);
    std::mem::swap(&mut out.buffer, &mut taken);
    out.offered = out.appended;
    taken
}

fn note_written(out: &mut Out, len: usize) {
    out.written += len as u64;
    while out
        .unwritten
        .front()
        .is_some_and(|(end, _)| *end <= out.written)
    {
        out.unwritten.pop_front();
    }
}

fn keep(out: &mut Out, mut buffer: Vec<u8>) {
    if buffer.capacity() <= KEPT {
        buffer.clear();
        out.spare = buffer;
    }
}
