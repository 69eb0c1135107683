//! What a `style` attribute, or the body of a rule in a style sheet, does to the text of an element.
//!
//! Only what hides text or shapes its lines. Whatever is not understood leaves text visible: a preheader that is read
//! costs a look, a hidden cry for help costs the desk its name.

use super::paint::{self, Paint};

/// Sizes up to this, in pixels, cannot be read.
const LEAST_SIZE: f32 = 2.0;
/// Shares of the size around up to this, likewise.
const LEAST_SHARE: f32 = 0.1;
/// Boxes up to this high or wide, in pixels, show nothing when they clip.
const LEAST_ROOM: f32 = 1.0;
/// Opacities up to this cannot be seen.
const LEAST_OPACITY: f32 = 0.05;
/// Moved that many pixels, text is off every screen.
const FAR: f32 = -999.0;

/// How an element stands among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Display {
    Inline,
    Block,
    Cell,
}

/// How much of an element is hidden, whatever stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Hiding {
    #[default]
    Nothing,
    /// A block has no room and shows nothing beyond it. Text in lines and table cells make their own room.
    Block,
    All,
}

/// What is declared.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Style {
    pub(super) hiding: Hiding,
    /// Something is declared that makes other elements hidden, but shows this one.
    pub(super) shows: bool,
    /// Whether its text is invisible in its place; `None` when the style does not say, as below.
    pub(super) unseen: Option<bool>,
    /// Whether its font is too small to be read.
    pub(super) tiny: Option<bool>,
    pub(super) ink: Option<Paint>,
    pub(super) ground: Option<Paint>,
    pub(super) display: Option<Display>,
    /// Whether blanks and line ends are kept.
    pub(super) pre: Option<bool>,
    /// A rule is drawn above it.
    pub(super) ruled: bool,
}

/// A value and whether it is important.
type Slot<'s> = (Option<&'s str>, bool);

/// The value that counts of each property that is looked at: the last one, before it the last important one (CSS
/// Cascading and Inheritance section 6.1).
#[derive(Debug, Default)]
struct Declared<'s> {
    display: Slot<'s>,
    visibility: Slot<'s>,
    opacity: Slot<'s>,
    overflow: Slot<'s>,
    height: Slot<'s>,
    max_height: Slot<'s>,
    width: Slot<'s>,
    max_width: Slot<'s>,
    min_width: Slot<'s>,
    line_height: Slot<'s>,
    font_size: Slot<'s>,
    color: Slot<'s>,
    background: Slot<'s>,
    background_color: Slot<'s>,
    background_image: Slot<'s>,
    white_space: Slot<'s>,
    position: Slot<'s>,
    left: Slot<'s>,
    top: Slot<'s>,
    margin_left: Slot<'s>,
    margin_top: Slot<'s>,
    margin: Slot<'s>,
    text_indent: Slot<'s>,
    clip: Slot<'s>,
    clip_path: Slot<'s>,
    transform: Slot<'s>,
    border_top: Slot<'s>,
    border_style: Slot<'s>,
    /// A shadow or a stroke, which show letters of any ink.
    outline: Slot<'s>,
}

impl<'s> Declared<'s> {
    fn read(style: &'s str) -> Declared<'s> {
        let mut declared = Declared::default();
        for declaration in style.split(';') {
            let Some((property, value)) = declaration.split_once(':') else { continue };
            let Some((known, was_important)) = declared.slot(property.trim()) else { continue };
            let (value, important) = value.split_once('!').map_or((value, false), |(value, _)| (value, true));
            if important || !*was_important {
                *known = Some(value.trim());
                *was_important = important;
            }
        }
        declared
    }

    fn slot(&mut self, property: &str) -> Option<&mut Slot<'s>> {
        let mut lower = [0_u8; 24];
        let name = lower.get_mut(..property.len())?;
        name.copy_from_slice(property.as_bytes());
        name.make_ascii_lowercase();
        Some(match &*name {
            b"color" => &mut self.color,
            b"font-size" => &mut self.font_size,
            b"line-height" => &mut self.line_height,
            b"background" => &mut self.background,
            b"background-color" => &mut self.background_color,
            b"background-image" => &mut self.background_image,
            b"display" => &mut self.display,
            b"visibility" => &mut self.visibility,
            b"opacity" => &mut self.opacity,
            b"overflow" => &mut self.overflow,
            b"height" => &mut self.height,
            b"max-height" => &mut self.max_height,
            b"width" => &mut self.width,
            b"max-width" => &mut self.max_width,
            b"min-width" => &mut self.min_width,
            b"white-space" => &mut self.white_space,
            b"position" => &mut self.position,
            b"left" => &mut self.left,
            b"top" => &mut self.top,
            b"margin" => &mut self.margin,
            b"margin-left" => &mut self.margin_left,
            b"margin-top" => &mut self.margin_top,
            b"text-indent" => &mut self.text_indent,
            b"clip" => &mut self.clip,
            b"clip-path" => &mut self.clip_path,
            b"transform" => &mut self.transform,
            b"border-top" | b"border-top-style" => &mut self.border_top,
            b"border-style" => &mut self.border_style,
            b"text-shadow" | b"background-clip" => &mut self.outline,
            name if name.starts_with(b"-webkit-text") || name.starts_with(b"-webkit-background") => {
                &mut self.outline
            }
            _ => return None,
        })
    }

    fn style(&self) -> Style {
        let tiny = value(self.font_size).map(is_tiny);
        let unseen = value(self.visibility).map(|v| is_any(v, &["hidden", "collapse"]));
        let hidden = says(self.display, "none")
            || value(self.opacity).is_some_and(|v| share(v).is_some_and(|share| share <= LEAST_OPACITY))
            || self.is_away()
            || self.is_clipped();
        let hiding = match (hidden, self.has_no_room()) {
            (true, _) => Hiding::All,
            (false, true) => Hiding::Block,
            (false, false) => Hiding::Nothing,
        };
        let sized = [self.height, self.max_height, self.overflow].iter().any(|slot| slot.0.is_some());
        Style {
            hiding,
            shows: hiding == Hiding::Nothing
                && (self.display.0.is_some()
                    || self.opacity.0.is_some()
                    || unseen == Some(false)
                    || tiny == Some(false)
                    || sized),
            unseen,
            tiny,
            ink: self.ink(),
            ground: self.ground(),
            display: value(self.display).and_then(display),
            pre: value(self.white_space).map(|v| v.get(..3).is_some_and(|v| v.eq_ignore_ascii_case("pre"))),
            ruled: value(self.border_top).is_some_and(is_rule)
                || value(self.border_style).is_some_and(is_top_rule),
        }
    }

    fn has_no_room(&self) -> bool {
        let none = |slot: Slot<'_>| value(slot).is_some_and(|v| pixels(v).is_some_and(|v| v <= LEAST_ROOM));
        // A width of zero with a least width is how a whole mail is stretched on phones.
        let narrow = self.min_width.0.is_none() && (none(self.width) || none(self.max_width));
        let flat = value(self.line_height).is_some_and(is_zero);
        let clips = value(self.overflow).is_some_and(|v| is_any(v, &["hidden", "clip"]));
        clips && (none(self.height) || none(self.max_height) || narrow || flat)
    }

    /// Whether text stands where nobody sees it.
    fn is_away(&self) -> bool {
        let far = |slot: Slot<'_>| value(slot).is_some_and(|v| pixels(v).is_some_and(|v| v <= FAR));
        let positioned = value(self.position).is_some_and(|v| is_any(v, &["absolute", "fixed", "relative"]));
        far(self.text_indent)
            || far(self.margin_left)
            || far(self.margin_top)
            || positioned && (far(self.left) || far(self.top))
    }

    fn is_clipped(&self) -> bool {
        let positioned = value(self.position).is_some_and(|v| is_any(v, &["absolute", "fixed"]));
        let edges = |v: &str, name: &str, edge: fn(&str) -> bool| {
            let inside = v.strip_prefix(name).and_then(|v| v.strip_suffix(')'));
            inside.is_some_and(|v| v.split([',', ' ']).filter(|v| !v.is_empty()).all(edge))
        };
        positioned
            && value(self.clip)
                .is_some_and(|v| edges(v, "rect(", |v| pixels(v).is_some_and(|v| v.abs() <= LEAST_ROOM)))
            || value(self.clip_path).is_some_and(|v| {
                edges(v, "inset(", |v| v.ends_with('%') && share(v).is_some_and(|v| v >= 0.5))
            })
            || value(self.transform).is_some_and(|v| edges(v, "scale(", is_zero))
    }

    fn ink(&self) -> Option<Paint> {
        if self.outline.0.is_some() {
            return Some(Paint::Unknown);
        }
        value(self.color).filter(|v| !is_any(v, &["inherit", "currentcolor"])).map(paint::colour)
    }

    /// An element that is moved may stand on anything.
    fn ground(&self) -> Option<Paint> {
        let moved = value(self.position).is_some_and(|v| !is_any(v, &["static", "initial"]))
            || [self.margin, self.margin_top]
                .iter()
                .any(|slot| value(*slot).is_some_and(|v| v.contains('-')));
        let pictured = value(self.background_image).is_some_and(|v| !is_any(v, &["none", "initial"]));
        if moved || pictured {
            return Some(Paint::Unknown);
        }
        let one = value(self.background_color).map(paint::colour);
        let other = value(self.background).map(paint::ground);
        match (one, other) {
            (Some(one), Some(other)) if one != other && other != Paint::Clear => Some(Paint::Unknown),
            (Some(one), _) => Some(one),
            (None, other) => other,
        }
    }
}

/// Reads the declarations of a `style` attribute or of a rule.
pub(super) fn style(declarations: &str) -> Style {
    if declarations.is_empty() {
        return Style::default();
    }
    Declared::read(declarations).style()
}

fn value<'s>(slot: Slot<'s>) -> Option<&'s str> {
    slot.0
}

fn says(slot: Slot<'_>, word: &str) -> bool {
    value(slot).is_some_and(|v| v.eq_ignore_ascii_case(word))
}

fn is_any(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

fn display(value: &str) -> Option<Display> {
    if is_any(value, &["inline", "inline-block", "contents", "inline-flex", "inline-table"]) {
        return Some(Display::Inline);
    }
    if is_any(value, &["table-cell"]) {
        return Some(Display::Cell);
    }
    let block = ["block", "table", "table-row", "list-item", "flex", "grid", "flow-root"];
    is_any(value, &block).then_some(Display::Block)
}

/// `solid #E1E1E1 1.0pt`, and the same with the words of the program's own order; not `none`.
fn is_rule(value: &str) -> bool {
    value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("solid"))
}

/// `solid none none`: a line above, none below and none at the sides.
fn is_top_rule(value: &str) -> bool {
    let mut words = value.split_ascii_whitespace();
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("solid"))
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case("none"))
}

/// A number and what follows it.
fn number(value: &str) -> Option<(f32, &str)> {
    let end =
        value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

/// A length in pixels, as far as it does not depend on other lengths; ems are taken for 16.
fn pixels(value: &str) -> Option<f32> {
    let (number, unit) = number(value)?;
    let scale = match unit.to_ascii_lowercase().as_str() {
        "" | "px" => 1.0,
        "pt" => 4.0 / 3.0,
        "pc" | "em" | "rem" => 16.0,
        "in" => 96.0,
        "cm" => 37.8,
        "mm" => 3.78,
        _ => return (number == 0.0).then_some(0.0),
    };
    Some(number * scale)
}

/// A part of something: `0.5`, `50%`.
fn share(value: &str) -> Option<f32> {
    match number(value)? {
        (number, "%") => Some(number / 100.0),
        (number, "") => Some(number),
        _ => None,
    }
}

fn is_tiny(value: &str) -> bool {
    match number(value) {
        Some((number, "em" | "rem")) => number <= LEAST_SHARE,
        Some((number, "%")) => number / 100.0 <= LEAST_SHARE,
        // A number alone is none of CSS; a nought is meant as one.
        Some((number, "")) => number == 0.0,
        Some(_) => pixels(value).is_some_and(|size| size <= LEAST_SIZE),
        None => false,
    }
}

/// `0`, `0px`, `0.0em`, `0%`; not `0.5em`.
fn is_zero(value: &str) -> bool {
    number(value).is_some_and(|(number, _)| number == 0.0)
}
