//! Waiting for what somebody outside could see.

use std::time::Duration;

/// Far beyond what anything here may take, on a machine that does other work.
const DEADLINE: Duration = Duration::from_mins(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until there is something to see, and gives it back.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let seen = tokio::time::timeout(DEADLINE, looking).await;
    seen.unwrap_or_else(|_| panic!("this did not happen: {what}"))
}
