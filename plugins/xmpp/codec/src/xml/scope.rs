//! Which prefix stands for which namespace, at the place being read.

use bytestring::ByteString;
use rxml::NcName;

use super::namespace;

/// Keeps the namespace declarations of all open elements.
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
    /// Takes a declaration of the element at `depth`.
    pub(super) fn declare(&mut self, prefix: Option<NcName>, uri: String, depth: usize) {
        self.bindings.push(Binding {
            prefix,
            uri: namespace::intern(uri),
            depth,
        });
    }

    /// Has the element at `depth` declared this already?
    pub(super) fn is_declared(&self, prefix: Option<&NcName>, depth: usize) -> bool {
        let own = self.bindings.iter().rev();
        own.take_while(|binding| binding.depth >= depth)
            .any(|binding| binding.prefix.as_ref() == prefix)
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
        let found = self
            .bindings
            .iter()
            .rev()
            .find(|binding| binding.prefix.as_ref() == prefix);
        match (found, prefix) {
            (Some(binding), _) => Some(binding.uri.clone()),
            (None, None) => Some(ByteString::from_static(namespace::NONE)),
            (None, Some(prefix)) if **prefix == *"xml" => {
                Some(ByteString::from_static(namespace::XML))
            }
            (None, Some(_)) => None,
        }
    }

    /// The namespace of an attribute with `prefix`: the default namespace does not reach
    /// attributes.
    pub(super) fn of_attribute(&self, prefix: Option<&NcName>) -> Option<ByteString> {
        match prefix {
            None => Some(ByteString::from_static(namespace::NONE)),
            some => self.of_element(some),
        }
    }
}
