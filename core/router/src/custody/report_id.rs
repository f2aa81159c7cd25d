//! Names of dispositions on their way to adapters.

/// The custodian's name for a disposition that an adapter has; never given twice while anything may still answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReportId {
    index: u32,
    generation: u32,
}

impl ReportId {
    /// The name as one number, of the form of [`AttemptId::to_bits`](crate::AttemptId::to_bits).
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// The name from [`to_bits`](Self::to_bits); any other number is a name that no disposition has.
    pub const fn from_bits(bits: u64) -> Self {
        Self {
            index: bits as u32,
            generation: (bits >> 32) as u32,
        }
    }
}
