//! Which prefix stands for which namespace, at the place being read.

use bytestring::ByteString;
use rxml::NcName;

use crate::presence::namespace;

/// The namespace declarations of all open elements.
#[derive(Debug, Default)]
pub(super) struct Scope {
    bindings: Vec<Binding>,
}

#[derive(Debug)]
struct Binding {
    prefix: Option<NcName>,
    uri: ByteString,
    depth: usize,
}

impl Scope {
    /// Takes a declaration of the element at `depth`; `None` if it has declared that prefix already.
    pub(super) fn declare(
        &mut self,
        prefix: Option<NcName>,
        uri: ByteString,
        depth: usize,
    ) -> Option<()> {
        let mut own = self
            .bindings
            .iter()
            .rev()
            .take_while(|binding| binding.depth >= depth);
        if own.any(|binding| binding.prefix == prefix) {
            return None;
        }
        self.bindings.push(Binding { prefix, uri, depth });
        Some(())
    }

    /// Forgets what the element at `depth` declared.
    pub(super) fn leave(&mut self, depth: usize) {
        while self
            .bindings
            .last()
            .is_some_and(|binding| binding.depth >= depth)
        {
            self.bindings.pop();
        }
    }

    /// The namespace of an element with `prefix`; `None` if the prefix is not declared.
    pub(super) fn of_element(&self, prefix: Option<&NcName>) -> Option<ByteString> {
        let mut bindings = self.bindings.iter().rev();
        match (
            bindings.find(|binding| binding.prefix.as_ref() == prefix),
            prefix,
        ) {
            (Some(binding), _) => Some(binding.uri.clone()),
            (None, None) => Some(ByteString::new()),
            (None, Some(prefix)) if **prefix == *"xml" => {
                Some(ByteString::from_static(namespace::XML))
            }
            (None, Some(_)) => None,
        }
    }

    /// The namespace of an attribute with `prefix`, which the default namespace does not reach.
    pub(super) fn of_attribute(&self, prefix: Option<&NcName>) -> Option<ByteString> {
        match prefix {
            None => Some(ByteString::new()),
            some => self.of_element(some),
        }
    }
}
