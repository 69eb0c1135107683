//! Work on many threads whose results come in the order of the work.
//!
//! Pieces are dealt round like cards, and the results are collected in the same round; every channel holds one piece.
//! So nothing is sorted, nothing piles up behind a slow piece, and at most a few pieces a thread are under way.

use std::sync::mpsc::sync_channel;
use std::thread;

/// Does `work` to every piece on as many threads as there are cores, and hands the results to `collect` in order.
///
/// # Errors
/// The first error of `collect`, which ends everything.
pub(super) fn run<T: Send, R: Send>(
    pieces: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
    mut collect: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let work = &work;
    thread::scope(|scope| {
        let (mut hands, mut results) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (hand, dealt) = sync_channel::<T>(1);
            let (done, result) = sync_channel::<R>(1);
            hands.push(hand);
            results.push(result);
            scope.spawn(move || {
                for piece in dealt {
                    // Nobody listens any more: an output has failed.
                    if done.send(work(piece)).is_err() {
                        break;
                    }
                }
            });
        }
        scope.spawn(move || {
            for (piece, hand) in pieces.zip(hands.iter().cycle()) {
                if hand.send(piece).is_err() {
                    break;
                }
            }
        });
        // Where the round finds no more result, there is none behind it either.
        for result in results.iter().cycle() {
            let Ok(result) = result.recv() else { break };
            collect(result)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whatever_takes_long() {
        for length in [0, 1, 2, 3, 1000] {
            let mut seen = Vec::new();
            let work = |piece: u64| (0..(piece % 7) * 10_000).fold(piece, |sum, _| std::hint::black_box(sum));
            let collect = |result| {
                seen.push(result);
                Ok(())
            };
            run(0..length, work, collect).expect("no error");
            assert_eq!(seen, (0..length).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_ends_an_endless_work() {
        let collect = |result| {
            anyhow::ensure!(result < 10, "enough");
            Ok(())
        };
        assert!(run(0_u64.., |piece| piece, collect).is_err());
    }
}
