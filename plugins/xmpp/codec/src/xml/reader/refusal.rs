//! Children of the root that are not taken: what is kept of them, and how the reader goes on.

use rxml::RawQName;

use super::{CHILD, Head, ROOT, Reader, parser};
use crate::xml::skip::Skip;
use crate::xml::{Item, LimitError, ReadError, Refusal, RefusalError};

impl Reader {
    /// Refuses the child of the root that is being read.
    ///
    /// # Errors
    /// The limit itself, if it was crossed outside of a child, or once more.
    pub(super) fn refuse_for(&mut self, error: LimitError) -> Result<(), ReadError> {
        let in_the_roots_head = self.depth < ROOT || self.depth == ROOT && self.head.is_some();
        if in_the_roots_head || self.refusal.is_some() {
            return Err(error.into());
        }
        self.refuse(error.into());
        Ok(())
    }

    /// Drops the child of the root that is being read, but for its head.
    fn refuse(&mut self, error: RefusalError) {
        if self.depth > CHILD {
            self.head = None;
            self.attributes.clear();
        }
        let child = self.open.drain(..).next();
        let head = child.map(|child| child.element.without_nodes());
        self.refusal = Some(Refusal { error, head });
        // What need not be kept need not be put together either.
        self.parser.set_text_buffering(false);
    }

    /// Leaves the parser, which has given up behind an attribute of the element that begins here.
    pub(super) fn skip_from_here(&mut self) -> Result<(), ReadError> {
        if self.refusal.is_none() {
            let offset = self.begin;
            self.refuse(RefusalError::ReservedNamespace { offset });
        }
        // Of the child's own head, what came so far.
        self.close_head()?;
        self.skip = Some(Skip::in_head(self.depth - CHILD));
        Ok(())
    }

    /// Goes on to the end of the child, behind which a new parser begins.
    pub(super) fn skip_on(&mut self, input: &mut &[u8]) -> Result<Option<Option<Item>>, ReadError> {
        let limit = self.limits.last_byte();
        let allowed = limit.saturating_sub(self.used());
        let Some(skip) = &mut self.skip else {
            return Ok(Some(None));
        };
        let (chunk, rest) = input.split_at_checked(allowed).unwrap_or((input, &[]));
        let end = skip.take(chunk).map_err(|error| error.at(self.position))?;
        let consumed = end.unwrap_or(chunk.len());
        self.position += consumed as u64;
        *input = input.get(consumed..).unwrap_or_default();
        if end.is_some() {
            self.skip = None;
            self.parser = parser(self.limits, self.root.as_ref());
            self.depth = CHILD;
            return Ok(Some(self.leave()));
        }
        if rest.is_empty() {
            return Ok(None);
        }
        let offset = self.begin;
        Err(LimitError::StanzaTooLarge { offset, limit }.into())
    }

    /// Has an element a prefix that was not declared, itself or in an attribute?
    pub(super) fn has_undeclared(&self, head: &Head) -> bool {
        let is_undeclared = |(prefix, _): &RawQName| {
            prefix.is_some() && self.scope.of_element(prefix.as_ref()).is_none()
        };
        is_undeclared(&head.name) || self.attributes.iter().any(|(name, _)| is_undeclared(name))
    }

    /// Refuses the child for such a prefix. Is this its own head, which can be kept without it?
    pub(super) fn refuse_undeclared(&mut self, head: &Head) -> Result<bool, ReadError> {
        if self.depth == ROOT {
            return Err(self.undeclared());
        }
        if self.refusal.is_none() {
            let offset = self.begin;
            self.refuse(RefusalError::UndeclaredPrefix { offset });
        }
        let scope = &self.scope;
        let is_kept = self.depth == CHILD && scope.of_element(head.name.0.as_ref()).is_some();
        let is_declared = |name: &RawQName| scope.of_attribute(name.0.as_ref()).is_some();
        self.attributes
            .retain(|(name, _)| is_kept && is_declared(name));
        Ok(is_kept)
    }

    /// The limit that the element crosses which has just begun.
    pub(super) fn element_limit(&self) -> Option<LimitError> {
        let (limits, offset) = (&self.limits, self.position);
        let Head { name, .. } = self.head.as_ref()?;
        if self.depth > limits.depth {
            let limit = limits.depth;
            return Some(LimitError::TooDeep { offset, limit });
        }
        if self.elements > limits.elements {
            let (offset, limit) = (self.begin, limits.elements);
            return Some(LimitError::TooManyElements { offset, limit });
        }
        self.token_limit(length(name))
    }

    pub(super) fn token_limit(&self, length: usize) -> Option<LimitError> {
        let (offset, limit) = (self.position, self.limits.token_bytes);
        (length > limit).then_some(LimitError::TokenTooLong { offset, limit })
    }

    /// Is this attribute needed to say what was refused?
    pub(super) fn is_kept(&self, (prefix, name): &RawQName, value: &str) -> bool {
        let Some(head) = &self.head else {
            return false;
        };
        let local: &str = name;
        match (prefix.as_deref().map(|prefix| &**prefix), local) {
            (None, "xmlns") => head.name.0.is_none(),
            (Some("xmlns"), _) => head.name.0.as_ref() == Some(name),
            (None, "type" | "id" | "from" | "to") | (Some("xml"), "lang") => {
                value.len() <= self.limits.token_bytes
            }
            _ => false,
        }
    }
}

/// Bytes of a name as it was written.
pub(super) fn length((prefix, name): &RawQName) -> usize {
    prefix.as_deref().map_or(0, |prefix| prefix.len() + 1) + name.len()
}
