//! Operations as borrowed C data, and back.

mod disposition;
mod disposition_view;
mod numbers;
mod own;
mod payload;
mod presence;
mod presence_numbers;
mod presence_view;
mod texts;
mod view;

pub use disposition_view::DispositionView;
pub use own::{Operation, own};
pub use payload::LENT_FROM;
pub use presence_view::PresenceView;
pub use texts::MAX_TEXTS;
pub use view::{EMPTY, View};
