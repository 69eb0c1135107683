//! The few styles of text for people. Each says what it is for, so that a colour means one thing everywhere; whoever
//! prints to something else than a terminal strips them.

use anstyle::{AnsiColor, Color, Style};

/// A heading, or a name.
pub const TITLE: Style = Style::new().bold();
/// What one reads only when looking for it: places, what was not so.
pub const DIM: Style = Style::new().dimmed();
/// What wakes people, and what is wrong.
pub const LOUD: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Red)));
/// What is as it should be.
pub const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// A word that counts.
pub const HIT: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
