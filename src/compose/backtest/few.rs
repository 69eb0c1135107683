//! The first few of many: what a page shows of lists without an end.

use jiff::Timestamp;

/// How many names are kept.
const MOST_NAMES: usize = 5;

/// How many there are, and the first of their names.
#[derive(Debug, Default)]
pub(super) struct FirstNames {
    count: usize,
    names: Vec<String>,
}

impl FirstNames {
    pub(super) fn add(&mut self, name: &str) {
        self.count += 1;
        if self.names.len() < MOST_NAMES {
            self.names.push(name.to_owned());
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// `a, b and 3 more`.
    pub(super) fn in_words(&self) -> String {
        let names = self.names.join(", ");
        let more = self.count - self.names.len();
        if more == 0 { names } else { format!("{names} and {} more", super::grouped(more)) }
    }
}

/// The earliest of many; of the same instant, the ones that were added first.
#[derive(Debug)]
pub(super) struct Earliest<T> {
    most: usize,
    kept: Vec<(Timestamp, T)>,
}

impl<T> Earliest<T> {
    pub(super) fn new(most: usize) -> Self {
        Earliest { most, kept: Vec::new() }
    }

    pub(super) fn add(&mut self, at: Timestamp, item: impl FnOnce() -> T) {
        let place = self.kept.partition_point(|(kept, _)| *kept <= at);
        if place < self.most {
            self.kept.insert(place, (at, item()));
            self.kept.truncate(self.most);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Timestamp, T)> {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_are_kept_in_order() {
        let mut earliest = Earliest::new(3);
        for (second, name) in [(5, "e"), (1, "a"), (5, "f"), (3, "c"), (1, "b"), (9, "z")] {
            earliest.add(Timestamp::from_second(second).expect("in range"), || name);
        }
        assert_eq!(earliest.iter().map(|(_, name)| *name).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn names_end_in_how_many_more_there_are() {
        let mut names = FirstNames::default();
        names.add("a");
        assert_eq!(names.in_words(), "a");
        for _ in 0..1234 {
            names.add("b");
        }
        assert_eq!((names.count(), names.in_words().as_str()), (1235, "a, b, b, b, b and 1,230 more"));
    }
}
