//! Rules by the addresses that they name.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rialto_model::InstantInbox;

use super::block_list::parents;
use crate::AddressPattern;

/// The numbers of rules by the pattern of one side, so that a message meets few of many.
///
/// Keys are the operator's, so a fixed hash will do. Each list rises.
#[derive(Debug, Default)]
pub(super) struct Buckets(HashMap<Box<str>, Bucket, FixedState>);

/// The rules that name a domain.
#[derive(Debug, Default)]
struct Bucket {
    one: HashMap<InstantInbox, Vec<usize>, FixedState>,
    at: Vec<usize>,
    below: Vec<usize>,
}

impl Buckets {
    pub(super) fn add(&mut self, pattern: &AddressPattern, rule: usize) {
        let bucket = self.0.entry(pattern.domain().into()).or_default();
        match pattern {
            AddressPattern::One(inbox) => bucket.one.entry(inbox.clone()).or_default(),
            AddressPattern::At(_) => &mut bucket.at,
            AddressPattern::Below(_) => &mut bucket.below,
        }
        .push(rule);
    }

    /// Shows every list that may hold rules for an inbox.
    pub(super) fn visit(&self, inbox: &InstantInbox, mut visit: impl FnMut(&[usize])) {
        if self.0.is_empty() {
            return;
        }
        let domain = inbox.domain();
        if let Some(bucket) = self.0.get(domain) {
            if !bucket.one.is_empty()
                && let Some(rules) = bucket.one.get(inbox)
            {
                visit(rules);
            }
            visit(&bucket.at);
        }
        for parent in parents(domain) {
            if let Some(bucket) = self.0.get(parent) {
                visit(&bucket.below);
            }
        }
    }
}
