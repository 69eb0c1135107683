//! `nightdesk replies off|on`: the switch for all automatic replies.

use clap::ValueEnum;

use super::database::Config;
use super::{Ending, output};
use crate::base::clock::{Clock, SystemClock};

/// The command line of `replies`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Off: no reply is decided, those on their way are held until `on`; alerts go on
    #[arg(value_name = "off|on")]
    switch: Switch,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    Off,
    On,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let is_on = arguments.switch == Switch::On;
    arguments.config.with(async |reader| {
        reader.set_replies(is_on, SystemClock.now()).await?;
        output::answer(if is_on {
            "automatic replies are on; the breaker is closed\n"
        } else {
            "automatic replies are off until `nightdesk replies on`; alerts go on\n"
        })?;
        Ok(Ending::Fine)
    })
}
