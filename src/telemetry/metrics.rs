//! Counters and histograms, in the names and units of Prometheus.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// A label set of one label.
type By<const N: usize> = [(&'static str, String); N];

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    mails: Family<By<2>, Counter>,
    attempts: Family<By<2>, Counter>,
    connection_errors: Family<By<2>, Counter>,
    alarms: Family<By<1>, Counter>,
    outbox_waiting: Gauge,
    commit_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("nightdesk"),
            mails: Family::default(),
            attempts: Family::default(),
            connection_errors: Family::default(),
            alarms: Family::default(),
            outbox_waiting: Gauge::default(),
            commit_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("mails", "Mails recorded, by mailbox and state of the ledger", self.mails.clone());
        registry.register("attempts", "Attempts to deliver, by channel and outcome", self.attempts.clone());
        registry.register(
            "connection_errors",
            "Links to a mailbox that broke, by mailbox and reason",
            self.connection_errors.clone(),
        );
        registry.register("alarms", "Alarms raised, by kind", self.alarms.clone());
        registry.register(
            "outbox_waiting",
            "Entries of the outbox that are neither sent nor given up",
            self.outbox_waiting.clone(),
        );
        registry.register_with_unit(
            "commit",
            "Time of a transaction of the writer",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
    }

    /// Mails of a mailbox were recorded in a state of the ledger.
    pub fn mails(&self, mailbox: &str, state: &str, count: u64) {
        self.mails
            .get_or_create(&[("mailbox", mailbox.to_owned()), ("state", state.to_owned())])
            .inc_by(count);
    }

    /// An attempt over a channel ended with an outcome.
    pub fn attempt(&self, channel: &str, outcome: &str) {
        self.attempts
            .get_or_create(&[("channel", channel.to_owned()), ("outcome", outcome.to_owned())])
            .inc();
    }

    /// The link to a mailbox broke; the reason is a slug.
    pub fn connection_error(&self, mailbox: &str, reason: &str) {
        self.connection_errors
            .get_or_create(&[("mailbox", mailbox.to_owned()), ("reason", reason.to_owned())])
            .inc();
    }

    /// An alarm of a kind was raised.
    pub fn alarm(&self, kind: &str) {
        self.alarms.get_or_create(&[("kind", kind.to_owned())]).inc();
    }

    /// So many entries of the outbox wait.
    pub fn outbox_waiting(&self, count: i64) {
        self.outbox_waiting.set(count);
    }

    /// A transaction of the writer took so long.
    pub fn commit(&self, seconds: f64) {
        self.commit_seconds.observe(seconds);
    }

    /// The page that a collector reads (`OpenMetrics` text).
    ///
    /// # Errors
    /// When it cannot be formatted.
    pub fn page(&self) -> Result<String, std::fmt::Error> {
        let mut page = String::new();
        encode(&mut page, &self.registry)?;
        Ok(page)
    }
}
