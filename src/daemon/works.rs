//! What really stands behind the daemon: the store and its writer, the ways out, the owners of mailboxes, the console.

use std::sync::Arc;

use super::Shared;
use super::present::{Ownership, Present, Works};
use super::reload::Owed;
use super::supervisor::{Done, Supervisor};
use crate::service::World;
use crate::settings::Settings;
use tokio_util::sync::CancellationToken;

pub(super) struct Machinery;

impl Works for Machinery {
    fn own(
        self: Arc<Self>,
        _: Ownership,
        cancel: CancellationToken,
    ) -> impl Future<Output = Done> + Send + 'static {
        async move {
            cancel.cancelled().await;
            Ok(())
        }
    }
    async fn owed(&self) -> Result<Owed, String> {
        Ok(Owed::default())
    }
    async fn turn_to(&self, _: &Settings) -> Result<(), String> {
        Ok(())
    }
}

pub(super) async fn start(_: World, _: &Shared, _: &mut Supervisor) -> anyhow::Result<Present<Machinery>> {
    anyhow::bail!("the writer is not there yet")
}
