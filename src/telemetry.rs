//! Layer 5: what the service tells of itself: metrics and log lines. Never mail text, addresses or secrets.

mod metrics;

pub use metrics::Metrics;
