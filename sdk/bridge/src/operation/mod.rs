//! Message operations as borrowed C data, and back.

mod own;
mod payload;
mod texts;
mod view;

pub use own::own;
pub use payload::LENT_FROM;
pub use texts::MAX_TEXTS;
pub use view::View;
