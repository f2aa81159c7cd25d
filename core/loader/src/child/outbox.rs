//! The writing end of a socket, shared by threads.
//!
//! One thread writes at a time; the others only append, and so one write carries what has gathered. While frames come one by one, the
//! thread that brings one writes it, without waiting; when they come faster, or the other end is slow, the outbox's own thread does.

use std::{
    collections::VecDeque,
    io,
    os::{fd::AsRawFd, unix::net::UnixStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
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
    /// Who writes, but not yet: only its own frames wait for that.
    holder: Option<ThreadId>,
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
        if out.is_closed {
            return Err(NotTaken::Closed);
        }
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

    /// Gathers what this thread brings until [`flush`](Self::flush), so that one write carries it; a frame of another thread ends that. False:
    /// another writes, and takes it along.
    pub(super) fn hold(&self) -> bool {
        let mut out = self.lock();
        let holds = !std::mem::replace(&mut out.is_writing, true);
        if holds {
            out.holder = Some(thread::current().id());
        }
        holds
    }

    /// Writes what has gathered since [`hold`](Self::hold), unless somebody else does by now.
    pub(super) fn flush(&self) {
        let mut out = self.lock();
        if out
            .holder
            .take_if(|holder| *holder == thread::current().id())
            .is_some()
        {
            self.write_now(out);
        }
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
        let is_written = std::mem::replace(&mut out.is_writing, true);
        // The holder may be long in a plugin's code.
        let mut takes_over = || {
            out.holder
                .take_if(|holder| *holder != thread::current().id())
        };
        if is_written && takes_over().is_none() {
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn outbox() -> (Arc<Outbox>, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Outbox::start(ours, "outbox".to_owned()).unwrap(), theirs)
    }

    /// A frame of so many bytes.
    fn frame(out: &mut Vec<u8>, len: usize) -> bool {
        out.resize(out.len() + len, 7);
        true
    }

    fn read(from: &mut UnixStream, len: usize) {
        from.read_exact(&mut vec![0; len]).unwrap();
    }

    #[test]
    fn frames_of_many_threads_arrive_whole_however_slowly_they_are_read() {
        let (outbox, mut theirs) = outbox();
        thread::scope(|scope| {
            for byte in 1..=4_u8 {
                let outbox = &outbox;
                scope.spawn(move || {
                    for at in 0..2000 {
                        let len = 1 + at % 700;
                        let frame = |out: &mut Vec<u8>| {
                            out.extend([byte, (len >> 8) as u8, len as u8]);
                            out.resize(out.len() + len, byte);
                            true
                        };
                        outbox.put(at % 5, frame).unwrap();
                    }
                });
            }
            for _ in 0..8000 {
                let mut head = [0; 3];
                theirs.read_exact(&mut head).unwrap();
                let mut body = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
                theirs.read_exact(&mut body).unwrap();
                assert!(body.iter().all(|byte| *byte == head[0]));
            }
        });
        outbox.finish();
        outbox.close();
    }

    #[test]
    fn only_deliveries_that_cannot_have_been_read_whole_are_unseen() {
        const LARGE: usize = 4 << 20;
        let (outbox, mut theirs) = outbox();
        let tickets: Vec<_> = (0..3).map(Ticket::from_number).collect();
        for (ticket, len) in tickets.iter().zip([16, LARGE, 16]) {
            let frame = |out: &mut Vec<u8>| frame(out, len);
            outbox.put_if_room(0, Some(*ticket), frame).unwrap();
        }
        // The first is in the socket; the second does not fit into it, and the third comes behind it.
        read(&mut theirs, 16);
        let unseen = outbox.close();
        assert!(!unseen.contains(&tickets[0]), "it was read");
        assert!(unseen.contains(&tickets[2]), "it was not written");
    }

    #[test]
    fn outbox_whose_other_end_does_not_read_is_full_and_then_closed() {
        let (outbox, _theirs) = outbox();
        let put = || outbox.put_if_room(0, None, |out| frame(out, 1 << 20));
        let taken = (0..64).take_while(|_| put().is_ok()).count();
        assert!((FULL >> 20..=(FULL >> 20) + 2).contains(&taken), "{taken}");
        assert_eq!(put(), Err(NotTaken::Full));
        outbox.close();
        assert_eq!(put(), Err(NotTaken::Closed));
    }

    #[test]
    fn frame_of_another_thread_does_not_wait_for_who_holds_the_outbox() {
        let (outbox, mut theirs) = outbox();
        assert!(outbox.hold());
        outbox.put(0, |out| frame(out, 3)).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| outbox.put(0, |out| frame(out, 5)).unwrap());
        });
        read(&mut theirs, 8);
        outbox.flush();
        outbox.put(0, |out| frame(out, 1)).unwrap();
        read(&mut theirs, 1);
        outbox.close();
    }
}
