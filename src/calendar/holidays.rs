//! Holidays from iCalendar files.
use jiff::civil::Date;
use std::collections::BTreeMap;
/// The whole days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays {
    days: BTreeMap<Date, String>,
}
/// A problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolidayProblem;
impl Holidays {
    /// Name.
    pub fn name_on(&self, date: Date) -> Option<&str> {
        self.days.get(&date).map(String::as_str)
    }
}
