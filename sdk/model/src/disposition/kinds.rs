//! What can become of a message.

/// What became of a message, as far as one who handled it can say. RFC 5438 §5.
///
/// Never more than one of each [type](Self::disposition_type) is sent for a message and a recipient (§7.2.1, §8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disposition {
    /// It was delivered to the recipient.
    Delivered,
    /// It was not, and will not be.
    Failed,
    /// Somebody on the way did with it what is to be done.
    Processed,
    /// Somebody on the way keeps it, to deliver it later.
    Stored,
    /// It was shown to the user, which does not mean that it was read.
    Displayed,
    /// The sender may not be told.
    Forbidden(DispositionType),
    /// It cannot be found out.
    Error(DispositionType),
}

/// The three sides of what can become of a message. RFC 5438 §5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DispositionType {
    /// Whether it reached the recipient.
    Delivery,
    /// What those on the way did with it; only they report it (§8.1).
    Processing,
    /// Whether it was shown to the user.
    Display,
}

impl Disposition {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Delivered,
        Self::Failed,
        Self::Processed,
        Self::Stored,
        Self::Displayed,
        Self::Forbidden(DispositionType::Delivery),
        Self::Forbidden(DispositionType::Processing),
        Self::Forbidden(DispositionType::Display),
        Self::Error(DispositionType::Delivery),
        Self::Error(DispositionType::Processing),
        Self::Error(DispositionType::Display),
    ];

    /// What it speaks of.
    pub const fn disposition_type(self) -> DispositionType {
        match self {
            Self::Delivered | Self::Failed => DispositionType::Delivery,
            Self::Processed | Self::Stored => DispositionType::Processing,
            Self::Displayed => DispositionType::Display,
            Self::Forbidden(of) | Self::Error(of) => of,
        }
    }
}

impl DispositionType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Delivery, Self::Processing, Self::Display];
}
