//! Sets of bytes.

/// Makes the set of the bytes of which something is true: one look into a table for each byte of an address.
macro_rules! byte_set {
    ($byte:ident if $belongs:expr) => {{
        let mut set = [false; 256];
        let mut at = 0;
        while at < set.len() {
            let $byte = at as u8;
            set[at] = $belongs;
            at += 1;
        }
        set
    }};
}

pub(super) use byte_set;
