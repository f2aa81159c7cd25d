//! How much a presentity prefers one communication address to others.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A preference between 0 and 1, in thousandths; more is preferred. RFC 3863 §4.1.5.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u16);

/// It is not between 0 and 1, or has more than three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a priority is 0 to 1 with at most three decimals")]
#[non_exhaustive]
pub struct PriorityError;

impl Priority {
    /// Makes one of thousandths, at most 1000.
    pub const fn from_thousandths(thousandths: u16) -> Result<Self, PriorityError> {
        if thousandths > ONE {
            return Err(PriorityError);
        }
        Ok(Self(thousandths))
    }

    /// The preference in thousandths.
    pub const fn thousandths(self) -> u16 {
        self.0
    }

    /// Takes what is nearly one: cut to three decimals, brought between 0 and 1, a decimal comma.
    pub(super) fn parse_loose(text: &str) -> Option<Self> {
        let text = text.trim().replace(',', ".");
        let number: f64 = text.parse().ok()?;
        if !number.is_finite() {
            return None;
        }
        let thousandths = (number * f64::from(ONE)).clamp(0.0, f64::from(ONE));
        Some(Self(thousandths as u16))
    }
}

const ONE: u16 = 1000;

impl FromStr for Priority {
    type Err = PriorityError;

    fn from_str(text: &str) -> Result<Self, PriorityError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PriorityError);
        }
        let whole = match whole {
            "0" => 0,
            "1" => ONE,
            _ => return Err(PriorityError),
        };
        let decimals: u16 = format!("{decimals:0<3}")
            .parse()
            .map_err(|_| PriorityError)?;
        Self::from_thousandths(whole + decimals)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            ONE => f.write_str("1"),
            thousandths => {
                let decimals = format!("{thousandths:03}");
                write!(f, "0.{}", decimals.trim_end_matches('0'))
            }
        }
    }
}

impl fmt::Debug for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
