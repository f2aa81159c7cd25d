//! What the two kinds of addresses share; their types stay apart.

/// Makes an address type: a URI of one scheme with one mailbox.
macro_rules! one_mailbox {
    ($(#[$doc:meta])* $name:ident, $scheme:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Mailbox);

        impl $name {
            const SCHEME: &str = concat!($scheme, ":");

            /// Parses a URI with exactly one mailbox; headers after `?` are passed over.
            pub fn parse(uri: &str) -> Result<Self, AddressError> {
                Self::from_shared(uri.into())
            }

            /// As [`parse`](Self::parse); shares the text when it is canonical already.
            #[inline]
            pub fn from_shared(uri: ByteString) -> Result<Self, AddressError> {
                Mailbox::parse(Self::SCHEME, uri).map(Self)
            }

            /// Makes an address of a local part as it is meant, neither quoted nor encoded, and a domain.
            pub fn new(local_part: &str, domain: &Domain) -> Result<Self, AddressError> {
                Mailbox::new(Self::SCHEME, local_part, domain).map(Self)
            }

            /// The address with the same local part at another domain.
            pub fn with_domain(&self, domain: &Domain) -> Result<Self, AddressError> {
                self.0.with_domain(domain).map(Self)
            }

            /// The canonical URI.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The canonical URI, shared.
            pub const fn uri(&self) -> &ByteString {
                self.0.uri()
            }

            /// The canonical URI without its scheme, encoded as there.
            pub fn mailbox(&self) -> &str {
                self.0.mailbox(Self::SCHEME)
            }

            /// The local part as it is meant: neither quoted nor encoded.
            pub fn local_part(&self) -> Cow<'_, str> {
                self.0.local_part(Self::SCHEME)
            }

            /// The domain, as [`Domain`] writes it.
            pub fn domain(&self) -> &str {
                self.0.domain()
            }
        }

        impl Address for $name {
            const SCHEME: &'static str = Self::SCHEME;

            fn from_encoded(mailbox: &str) -> Result<Self, AddressError> {
                Mailbox::from_encoded(Self::SCHEME, mailbox).map(Self)
            }

            fn mailbox(&self) -> &str {
                self.mailbox()
            }
        }

        impl FromStr for $name {
            type Err = AddressError;

            fn from_str(uri: &str) -> Result<Self, AddressError> {
                Self::parse(uri)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(super) use one_mailbox;
