//! A disk that is a row of bytes: batches one after the other, each with its length and checksum.
//!
//! What was not synchronised may be cut off anywhere at a crash, and the last of what is left may be anything; reading
//! stops at the first batch that is not whole.

use bytes::Bytes;
use rand::Rng;

use crate::{
    Batch, Table,
    batch::{Change, Write},
    record::Expiry,
};

#[derive(Debug, Default)]
pub(crate) struct Log {
    bytes: Vec<u8>,
    synchronised: usize,
}

const HEADER: usize = 8;

impl Log {
    pub(crate) fn append(&mut self, batch: &Batch) {
        let mut body = Vec::new();
        for write in batch.writes() {
            encode(&mut body, write);
        }
        self.bytes.extend((body.len() as u32).to_be_bytes());
        self.bytes.extend(crc32fast::hash(&body).to_be_bytes());
        self.bytes.extend(body);
    }

    pub(crate) const fn synchronise(&mut self) {
        self.synchronised = self.bytes.len();
    }

    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What a crash leaves: all that was synchronised, and any part of the rest, the end of which may be torn.
    pub(crate) fn crash(&self, rng: &mut impl Rng) -> Self {
        let keeps = rng.random_range(self.synchronised..=self.bytes.len());
        let mut bytes: Vec<u8> = self.bytes.iter().copied().take(keeps).collect();
        let torn = rng.random_range(0..=(keeps - self.synchronised).min(64));
        bytes
            .iter_mut()
            .rev()
            .take(torn)
            .for_each(|byte| *byte = rng.random());
        Self {
            bytes,
            synchronised: 0,
        }
    }

    /// The batches that are whole; cuts off what is behind them.
    pub(crate) fn recover(&mut self) -> Vec<Vec<Write>> {
        let mut batches = Vec::new();
        let mut rest = &self.bytes[..];
        while let Some((writes, behind)) = next_batch(rest) {
            batches.push(writes);
            rest = behind;
        }
        let whole = self.bytes.len() - rest.len();
        self.bytes.truncate(whole);
        self.synchronise();
        batches
    }
}

fn next_batch(bytes: &[u8]) -> Option<(Vec<Write>, &[u8])> {
    let (length, rest) = take_u32(bytes)?;
    let (sum, rest) = take_u32(rest)?;
    let (mut body, behind) = rest.split_at_checked(length as usize)?;
    if crc32fast::hash(body) != sum || bytes.len() < HEADER {
        return None;
    }
    let mut writes = Vec::new();
    while !body.is_empty() {
        let (write, rest) = decode(body)?;
        writes.push(write);
        body = rest;
    }
    Some((writes, behind))
}

fn encode(into: &mut Vec<u8>, write: &Write) {
    into.push(write.table.code());
    put_bytes(into, &write.key);
    match &write.change {
        Change::Delete => into.push(0),
        Change::Put { value, expires } => {
            into.push(1);
            into.extend(Expiry::new(*expires).0.to_be_bytes());
            put_bytes(into, value);
        }
    }
}

fn decode(bytes: &[u8]) -> Option<(Write, &[u8])> {
    let (code, rest) = bytes.split_first()?;
    let table = Table::from_code(*code)?;
    let (key, rest) = take_bytes(rest)?;
    let (kind, rest) = rest.split_first()?;
    if *kind == 0 {
        let change = Change::Delete;
        return Some((Write { table, key, change }, rest));
    }
    let (expires, rest) = rest.split_first_chunk::<8>()?;
    let expires = Expiry(u64::from_be_bytes(*expires)).time();
    let (value, rest) = take_bytes(rest)?;
    let change = Change::Put { value, expires };
    Some((Write { table, key, change }, rest))
}

fn put_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend((bytes.len() as u32).to_be_bytes());
    into.extend(bytes);
}

fn take_bytes(bytes: &[u8]) -> Option<(Bytes, &[u8])> {
    let (length, rest) = take_u32(bytes)?;
    let (taken, rest) = rest.split_at_checked(length as usize)?;
    Some((Bytes::copy_from_slice(taken), rest))
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}
