//! Deaths, restarts and ends. Waiting is for events, never for time to pass; rests and deadlines are short.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

use super::*;

const AT_ONCE: Rest = Rest {
    first: Duration::from_millis(1),
    most: Duration::from_millis(4),
    well_after: Duration::from_secs(600),
};

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(20)
}

fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

async fn event(supervisor: &mut Supervisor) -> Event {
    timeout_at(in_time(), supervisor.next()).await.expect("something happens")
}

#[tokio::test]
async fn a_kept_task_starts_again_after_a_panic_and_rests_longer_each_time() {
    let mut supervisor = Supervisor::new(AT_ONCE);
    let starts = Arc::new(AtomicU32::new(0));
    supervisor.keep("mailbox support", move |cancel| {
        let start = starts.fetch_add(1, Ordering::Relaxed);
        async move {
            match start {
                0 => panic!("words of a mail"),
                1 => Err("the store takes no changes".to_owned()),
                2 | 3 => Ok(()),
                _ => {
                    cancel.cancelled().await;
                    Ok(())
                }
            }
        }
    });
    let mut seen = Vec::new();
    for _ in 0..4 {
        match event(&mut supervisor).await {
            Event::Died { name, why, rest } => {
                assert_eq!(&*name, "mailbox support");
                seen.push((why, rest.as_millis()));
            }
            Event::Lost { .. } => panic!("a kept task is not lost"),
        }
    }
    assert_eq!(
        seen,
        [
            ("it panicked".to_owned(), 1),
            ("the store takes no changes".to_owned(), 2),
            ("it ended by itself".to_owned(), 4),
            ("it ended by itself".to_owned(), 4),
        ]
    );
    assert!(timeout_at(soon(), supervisor.next()).await.is_err(), "the fifth lives");
    assert_eq!(supervisor.end_all(in_time(), Duration::ZERO).await, []);
}

#[tokio::test]
async fn the_end_of_an_essential_task_is_the_end() {
    for (done, why) in [(Ok(()), "it ended by itself"), (Err("disk full".to_owned()), "disk full")] {
        let mut supervisor = Supervisor::new(AT_ONCE);
        supervisor.essential("writer", Turn::Last, |_| async { done });
        assert_eq!(event(&mut supervisor).await, Event::Lost { name: "writer".into(), why: why.to_owned() });
    }
    let mut supervisor = Supervisor::new(AT_ONCE);
    supervisor.essential("dispatch", Turn::First, |_| async { panic!("words of a mail") });
    let why = "it panicked".to_owned();
    assert_eq!(event(&mut supervisor).await, Event::Lost { name: "dispatch".into(), why });
}

#[tokio::test]
async fn one_kept_task_ends_while_the_others_go_on_and_their_deaths_are_not_lost() {
    let mut supervisor = Supervisor::new(AT_ONCE);
    let dying = Arc::new(Notify::new());
    let go = Arc::clone(&dying);
    supervisor.keep("a", move |cancel| {
        let go = Arc::clone(&go);
        async move {
            cancel.cancelled().await;
            go.notify_one();
            Ok(())
        }
    });
    supervisor.essential("b", Turn::First, |_| async move {
        dying.notified().await;
        Err("gone".to_owned())
    });
    assert_eq!(supervisor.end(&["a".to_owned()], in_time()).await, []);
    assert!(supervisor.kept().is_empty());
    assert_eq!(event(&mut supervisor).await, Event::Lost { name: "b".into(), why: "gone".to_owned() });
}

#[tokio::test]
async fn a_task_that_rests_can_be_ended_and_does_not_come_back() {
    let mut supervisor = Supervisor::new(Rest { first: Duration::from_secs(600), ..Rest::default() });
    supervisor.keep("a", |_| async { Err("no".to_owned()) });
    assert!(matches!(event(&mut supervisor).await, Event::Died { .. }));
    assert_eq!(supervisor.kept(), ["a".into()]);
    assert_eq!(supervisor.end(&["a".to_owned()], in_time()).await, []);
    assert!(supervisor.kept().is_empty());
}

#[tokio::test]
async fn those_who_ask_end_before_those_who_serve() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut supervisor = Supervisor::new(AT_ONCE);
    let ending = |name: &'static str| {
        let order = Arc::clone(&order);
        move |cancel: CancellationToken| {
            let order = Arc::clone(&order);
            async move {
                cancel.cancelled().await;
                tokio::task::yield_now().await;
                order.lock().unwrap().push(name);
                Ok(())
            }
        }
    };
    supervisor.essential("writer", Turn::Last, ending("writer"));
    supervisor.essential("dispatch", Turn::First, ending("asks"));
    supervisor.keep("mailbox", ending("asks"));
    assert_eq!(supervisor.end_all(in_time(), Duration::from_secs(1)).await, []);
    assert_eq!(*order.lock().unwrap(), ["asks", "asks", "writer"]);
}

#[tokio::test]
async fn who_does_not_end_is_cut_off_in_time_and_the_others_still_end_well() {
    let mut supervisor = Supervisor::new(AT_ONCE);
    supervisor.keep("mailbox", |_| std::future::pending());
    let ended = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&ended);
    supervisor.essential("writer", Turn::Last, |cancel| async move {
        cancel.cancelled().await;
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let deadline = in_time();
    let cut_off = supervisor.end_all(deadline, deadline - soon()).await;
    assert_eq!(cut_off, ["mailbox".into()]);
    assert!(Instant::now() < deadline);
    assert_eq!(ended.load(Ordering::Relaxed), 1, "the writer had its time");
}

#[tokio::test]
async fn who_hangs_when_it_is_ended_alone_is_cut_off_as_well() {
    let mut supervisor = Supervisor::new(AT_ONCE);
    supervisor.keep("a", |_| std::future::pending());
    assert_eq!(supervisor.end(&["a".to_owned()], soon()).await, ["a".into()]);
    assert!(supervisor.kept().is_empty());
    assert!(timeout_at(soon(), supervisor.next()).await.is_err(), "its end is no event");
}
