//! Layer 9: the daemon.

mod load;
mod reload;
mod supervisor;

pub use load::Unusable;
