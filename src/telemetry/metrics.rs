//! Counters, gauges and histograms, in the names and units of Prometheus.
//!
//! Labels are names of the settings and slugs of ours, never text of a mail or a server, so that their number is
//! bounded. It measures nothing itself: everybody tells it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
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
    mailbox_fresh: Family<By<1>, Gauge>,
    mailbox_up: Family<By<1>, Gauge>,
    /// The mailboxes that the two gauges above have a line for.
    mailboxes: Mutex<BTreeSet<String>>,
    task_deaths: Family<By<1>, Counter>,
    reloads: Family<By<1>, Counter>,
    last_reload_successful: Gauge,
    start: Gauge,
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
            // From a quarter of a millisecond, a lone mail on a fast disk, to two seconds.
            commit_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
            mailbox_fresh: Family::default(),
            mailbox_up: Family::default(),
            mailboxes: Mutex::default(),
            task_deaths: Family::default(),
            reloads: Family::default(),
            last_reload_successful: Gauge::default(),
            start: Gauge::default(),
        };
        metrics.last_reload_successful.set(1);
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
        self.register_health();
    }

    fn register_health(&mut self) {
        let registry = &mut self.registry;
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What runs", build);
        registry.register_with_unit(
            "start_timestamp",
            "When the process started, in seconds since 1970",
            Unit::Seconds,
            self.start.clone(),
        );
        registry.register_with_unit(
            "mailbox_fresh_timestamp",
            "When it was last proven that no mail of a mailbox was missed, in seconds since 1970; 0 before the first time",
            Unit::Seconds,
            self.mailbox_fresh.clone(),
        );
        registry.register(
            "mailbox_up",
            "Whether the link to a mailbox stands and is read",
            self.mailbox_up.clone(),
        );
        registry.register(
            "task_deaths",
            "Tasks that died and were started again, by name",
            self.task_deaths.clone(),
        );
        registry.register("reloads", "Reloads of settings and policies, by outcome", self.reloads.clone());
        registry.register(
            "last_reload_successful",
            "Whether the settings and policies read last are in force",
            self.last_reload_successful.clone(),
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

    /// The process started at this instant, in seconds since 1970.
    pub fn started(&self, at: i64) {
        self.start.set(at);
    }

    /// All mailboxes that are watched: name, when it was last proven fresh (seconds since 1970, 0 for never), and
    /// whether its link stands. Mailboxes that are not named any more are forgotten.
    pub fn mailboxes<'a>(&self, seen: impl Iterator<Item = (&'a str, i64, bool)>) {
        let mut gone = self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut present = BTreeSet::new();
        for (name, fresh_at, up) in seen {
            let label = [("mailbox", name.to_owned())];
            self.mailbox_fresh.get_or_create(&label).set(fresh_at);
            self.mailbox_up.get_or_create(&label).set(i64::from(up));
            gone.remove(name);
            present.insert(name.to_owned());
        }
        for name in std::mem::replace(&mut *gone, present) {
            let label = [("mailbox", name)];
            self.mailbox_fresh.remove(&label);
            self.mailbox_up.remove(&label);
        }
    }

    /// A task died and is started again.
    pub fn task_died(&self, task: &str) {
        self.task_deaths.get_or_create(&[("task", task.to_owned())]).inc();
    }

    /// A reload was done or refused.
    pub fn reload(&self, outcome: &str, in_force: bool) {
        self.reloads.get_or_create(&[("outcome", outcome.to_owned())]).inc();
        self.last_reload_successful.set(i64::from(in_force));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_names_and_units_as_collectors_expect_them() {
        let metrics = Metrics::default();
        metrics.started(1_700_000_000);
        metrics.mails("support", "decided", 3);
        metrics.mailboxes([("support", 1_700_000_100, true), ("billing", 0, false)].into_iter());
        metrics.task_died("mailbox support");
        metrics.reload("refused", false);
        let page = metrics.page().unwrap();
        let version = env!("CARGO_PKG_VERSION");
        for line in [
            &format!("nightdesk_build_info{{version=\"{version}\"}} 1"),
            "nightdesk_start_timestamp_seconds 1700000000",
            "nightdesk_mails_total{mailbox=\"support\",state=\"decided\"} 3",
            "nightdesk_mailbox_fresh_timestamp_seconds{mailbox=\"support\"} 1700000100",
            "nightdesk_mailbox_fresh_timestamp_seconds{mailbox=\"billing\"} 0",
            "nightdesk_mailbox_up{mailbox=\"billing\"} 0",
            "nightdesk_task_deaths_total{task=\"mailbox support\"} 1",
            "nightdesk_reloads_total{outcome=\"refused\"} 1",
            "nightdesk_last_reload_successful 0",
            "# EOF",
        ] {
            assert!(page.lines().any(|found| found == line), "no line {line} in\n{page}");
        }
    }

    #[test]
    fn a_mailbox_that_is_no_longer_watched_leaves_the_page() {
        let metrics = Metrics::default();
        metrics.mailboxes([("support", 5, true), ("billing", 5, true)].into_iter());
        metrics.mailboxes([("support", 9, true)].into_iter());
        let page = metrics.page().unwrap();
        assert!(page.contains("mailbox=\"support\"} 9"));
        assert!(!page.contains("billing"), "{page}");
    }
}
