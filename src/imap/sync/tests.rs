//! The planner against servers that are sparse, dense and wrong.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What a server would answer.
fn list(mails: &BTreeSet<u32>, from: u64, to: u64, most: usize) -> Listing {
    let mut uids: Vec<u32> =
        mails.iter().copied().filter(|uid| (from..to).contains(&u64::from(*uid))).collect();
    let complete_to = uids.get(most).map_or(to, |beyond| u64::from(*beyond));
    uids.truncate(most);
    Listing { uids, complete_to }
}

/// From, to, mails.
type Window = (u64, u64, Vec<u32>);

/// Reads a mailbox to its end; the windows, and how often the server was asked.
fn read(plan: &mut Plan, mails: &BTreeSet<u32>, most: usize) -> (Vec<Window>, usize) {
    let (mut windows, mut asked) = (Vec::new(), 0);
    loop {
        asked += 1;
        assert!(asked < 10_000, "it does not end");
        let from = plan.next();
        let fetched = match plan.step() {
            Step::Rest => return (windows, asked - 1),
            Step::List { from, to } => {
                plan.listed(list(mails, from, to, most));
                continue;
            }
            Step::Look { from, to } => list(mails, from, to, WINDOW).uids,
            Step::Fetch(uids) => uids,
        };
        let to = fetched.last().map_or(from, |last| u64::from(*last) + 1);
        plan.fetched(to);
        if !fetched.is_empty() {
            windows.push((from, to, fetched));
        }
    }
}

fn check(cursor: u64, mails: &BTreeSet<u32>, windows: &[Window]) {
    let mut next = cursor;
    let mut seen = Vec::new();
    for (from, to, uids) in windows {
        assert_eq!(*from, next, "windows are contiguous");
        assert_eq!(u64::from(*uids.last().expect("a mail")) + 1, *to);
        seen.extend_from_slice(uids);
        next = *to;
    }
    let expected: Vec<u32> = mails.iter().copied().filter(|uid| u64::from(*uid) >= cursor).collect();
    assert_eq!(seen, expected);
}

/// Name, cursor, mails, EXISTS, UIDNEXT, and how many questions may be asked at most.
type Case<'a> = (&'a str, u64, &'a BTreeSet<u32>, u32, Option<u32>, usize);

#[test]
fn questions_are_few_however_the_uids_lie() {
    let dense: BTreeSet<u32> = (1..=20_000).collect();
    let sparse: BTreeSet<u32> = (0..20).map(|at| 1 + at * 200_000_000).collect();
    let end = BTreeSet::from([u32::MAX]);
    let cases: [Case<'_>; 9] = [
        ("all recorded", 20_001, &dense, 20_000, Some(20_001), 1),
        ("one new", 20_000, &dense, 20_000, Some(20_001), 3),
        ("all of it", 1, &dense, 20_000, Some(20_001), 322),
        ("no UIDNEXT", 1, &dense, 20_000, None, 322),
        ("UIDNEXT too low", 1, &dense, 20_000, Some(2), 322),
        ("UIDNEXT too high", 1, &sparse, 20, Some(4_000_000_000), 3),
        ("many mails, all recorded, no UIDNEXT", 20_001, &dense, 20_000, None, 5),
        ("the last UID", 1, &end, 1, Some(u32::MAX), 2),
        ("after the last UID", ALL_UIDS, &end, 1, Some(u32::MAX), 0),
    ];
    for (name, cursor, mails, exists, uid_next, most) in cases {
        let mut plan = Plan::new(cursor, exists, uid_next);
        let (windows, asked) = read(&mut plan, mails, STRETCH);
        check(cursor, mails, &windows);
        assert!(asked <= most, "{name}: {asked} questions");
    }
}

#[test]
fn a_new_mail_takes_one_question() {
    let mut mails = BTreeSet::from([1, 2, 3]);
    let mut plan = Plan::new(4, 3, Some(4));
    assert_eq!(read(&mut plan, &mails, STRETCH).1, 1);
    mails.insert(9);
    plan.news(true);
    assert_eq!(plan.step(), Step::Look { from: 4, to: 68 });
    plan.fetched(10);
    assert_eq!(plan.step(), Step::List { from: 10, to: ALL_UIDS });
    mails.insert(1_000);
    plan.news(true);
    check(10, &mails, &read(&mut plan, &mails, STRETCH).0);
}

#[test]
fn a_listing_that_lies_moves_nothing_backwards() {
    let mut plan = Plan::new(10, 5, Some(12));
    plan.listed(Listing { uids: vec![9, 10], complete_to: ALL_UIDS });
    assert_eq!(plan.step(), Step::Fetch(vec![10]));
    plan.fetched(3);
    assert_eq!(plan.next(), 10);
    plan.fetched(11);
    assert_eq!(plan.step(), Step::Rest);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Every mail at or above the cursor is in one window, also when more come in between.
    #[test]
    fn every_listed_mail_is_in_one_window(
        first in proptest::collection::btree_set(1_u32.., 0..200),
        dense in 1_u32..1_000_000,
        later in proptest::collection::btree_set(0_u32..500, 0..50),
        cursor in prop_oneof![Just(1), 1..2_000_000_u64, 1..ALL_UIDS],
        exists in any::<u32>(),
        uid_next in any::<Option<u32>>(),
        most in 1..100_usize,
        few in any::<bool>(),
    ) {
        let mut mails: BTreeSet<u32> = first;
        mails.extend(dense..dense + 150);
        let mut plan = Plan::new(cursor, exists, uid_next);
        if dense % 2 == 0 {
            plan = plan.one_by_one();
        }
        let (mut windows, _) = read(&mut plan, &mails, most);
        let above = mails.last().map_or(1, |last| last.saturating_add(1));
        mails.extend(later.into_iter().filter_map(|more| above.checked_add(more)));
        plan.news(few);
        windows.extend(read(&mut plan, &mails, most).0);
        check(cursor, &mails, &windows);
    }
}
