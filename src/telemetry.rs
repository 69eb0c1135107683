//! Layer 5: what the service tells of itself: metrics and log lines. Never mail text, addresses or secrets.

mod logging;
mod metrics;

pub use logging::{Form, Level, LogError, Logging};
pub use metrics::Metrics;
