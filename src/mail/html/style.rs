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
    Block,
    /// A block in a line.
    Box,
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

/// The properties that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Property {
    Display,
    Visibility,
    Opacity,
    Overflow,
    Height,
    MaxHeight,
    Width,
    MaxWidth,
    MinWidth,
    LineHeight,
    FontSize,
    Color,
    Background,
    BackgroundColor,
    BackgroundImage,
    WhiteSpace,
    Position,
    Left,
    Top,
    Margin,
    MarginLeft,
    MarginTop,
    TextIndent,
    Clip,
    ClipPath,
    Transform,
    BorderTop,
    BorderStyle,
    /// A shadow or a stroke, which show letters of any ink.
    Outline,
}

impl Property {
    const COUNT: usize = Property::Outline as usize + 1;

    const DISPLAY: u128 = packed("display");
    const VISIBILITY: u128 = packed("visibility");
    const OPACITY: u128 = packed("opacity");
    const OVERFLOW: u128 = packed("overflow");
    const HEIGHT: u128 = packed("height");
    const MAX_HEIGHT: u128 = packed("max-height");
    const WIDTH: u128 = packed("width");
    const MAX_WIDTH: u128 = packed("max-width");
    const MIN_WIDTH: u128 = packed("min-width");
    const LINE_HEIGHT: u128 = packed("line-height");
    const FONT_SIZE: u128 = packed("font-size");
    const COLOR: u128 = packed("color");
    const BACKGROUND: u128 = packed("background");
    const BACKGROUND_COLOR: u128 = packed("background-color");
    const BACKGROUND_IMAGE: u128 = packed("background-image");
    const WHITE_SPACE: u128 = packed("white-space");
    const POSITION: u128 = packed("position");
    const LEFT: u128 = packed("left");
    const TOP: u128 = packed("top");
    const MARGIN: u128 = packed("margin");
    const MARGIN_LEFT: u128 = packed("margin-left");
    const MARGIN_TOP: u128 = packed("margin-top");
    const TEXT_INDENT: u128 = packed("text-indent");
    const CLIP: u128 = packed("clip");
    const CLIP_PATH: u128 = packed("clip-path");
    const TRANSFORM: u128 = packed("transform");
    const BORDER_TOP: u128 = packed("border-top");
    const BORDER_STYLE: u128 = packed("border-style");
    const BORDER_TOP_STYLE: u128 = packed("border-top-style");
    const TEXT_SHADOW: u128 = packed("text-shadow");
    const BACKGROUND_CLIP: u128 = packed("background-clip");

    fn of(name: &str) -> Option<Property> {
        if name.len() > 16 {
            let is_outline = ["-webkit-text", "-webkit-back"]
                .iter()
                .any(|start| name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start)));
            return is_outline.then_some(Property::Outline);
        }
        Some(match packed(name) {
            Self::DISPLAY => Property::Display,
            Self::VISIBILITY => Property::Visibility,
            Self::OPACITY => Property::Opacity,
            Self::OVERFLOW => Property::Overflow,
            Self::HEIGHT => Property::Height,
            Self::MAX_HEIGHT => Property::MaxHeight,
            Self::WIDTH => Property::Width,
            Self::MAX_WIDTH => Property::MaxWidth,
            Self::MIN_WIDTH => Property::MinWidth,
            Self::LINE_HEIGHT => Property::LineHeight,
            Self::FONT_SIZE => Property::FontSize,
            Self::COLOR => Property::Color,
            Self::BACKGROUND => Property::Background,
            Self::BACKGROUND_COLOR => Property::BackgroundColor,
            Self::BACKGROUND_IMAGE => Property::BackgroundImage,
            Self::WHITE_SPACE => Property::WhiteSpace,
            Self::POSITION => Property::Position,
            Self::LEFT => Property::Left,
            Self::TOP => Property::Top,
            Self::MARGIN => Property::Margin,
            Self::MARGIN_LEFT => Property::MarginLeft,
            Self::MARGIN_TOP => Property::MarginTop,
            Self::TEXT_INDENT => Property::TextIndent,
            Self::CLIP => Property::Clip,
            Self::CLIP_PATH => Property::ClipPath,
            Self::TRANSFORM => Property::Transform,
            Self::BORDER_TOP | Self::BORDER_TOP_STYLE => Property::BorderTop,
            Self::BORDER_STYLE => Property::BorderStyle,
            Self::TEXT_SHADOW | Self::BACKGROUND_CLIP => Property::Outline,
            _ => return None,
        })
    }

    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// A name of at most sixteen bytes as a number, in lower case.
const fn packed(name: &str) -> u128 {
    let (mut packed, mut rest) = (0, name.as_bytes());
    while let [first, tail @ ..] = rest {
        packed = packed << 8 | (*first | 0x20) as u128;
        rest = tail;
    }
    packed
}

/// The value that counts of each property: the last one, before it the last important one (CSS Cascading and Inheritance
/// section 6.1).
#[derive(Debug, Default)]
struct Declared<'s> {
    /// A bit for each property that is declared: most ask for none of what hides.
    present: u32,
    important: u32,
    values: [Option<&'s str>; Property::COUNT],
}

impl<'s> Declared<'s> {
    fn read(style: &'s str) -> Declared<'s> {
        let mut declared = Declared::default();
        for declaration in style.split(';') {
            let Some((property, value)) = declaration.split_once(':') else { continue };
            let Some(property) = Property::of(property.trim()) else { continue };
            let (value, important) = value.split_once('!').map_or((value, false), |(value, _)| (value, true));
            if important || declared.important & property.bit() == 0 {
                declared.present |= property.bit();
                declared.important |= if important { property.bit() } else { 0 };
                if let Some(known) = declared.values.get_mut(property as usize) {
                    *known = Some(value.trim());
                }
            }
        }
        declared
    }

    fn value(&self, property: Property) -> Option<&'s str> {
        if self.present & property.bit() == 0 {
            return None;
        }
        self.values.get(property as usize).copied().flatten()
    }

    fn says(&self, property: Property, words: &[&str]) -> bool {
        self.value(property).is_some_and(|value| is_any(value, words))
    }

    fn is(&self, property: Property, test: impl Fn(&str) -> bool) -> bool {
        self.value(property).is_some_and(test)
    }

    fn style(&self) -> Style {
        if self.present == 0 {
            return Style::default();
        }
        let hiding = self.hiding();
        let tiny = self.value(Property::FontSize).map(is_tiny);
        let unseen = self.value(Property::Visibility).map(|v| is_any(v, &["hidden", "collapse"]));
        let sizes =
            [Property::Display, Property::Opacity, Property::Height, Property::MaxHeight, Property::Overflow];
        let shows = sizes.iter().any(|property| self.present & property.bit() != 0)
            || unseen == Some(false)
            || tiny == Some(false);
        Style {
            hiding,
            shows: hiding == Hiding::Nothing && shows,
            unseen,
            tiny,
            ink: self.ink(),
            ground: self.ground(),
            display: self.value(Property::Display).and_then(display),
            pre: self
                .value(Property::WhiteSpace)
                .map(|v| v.get(..3).is_some_and(|v| v.eq_ignore_ascii_case("pre"))),
            ruled: self.is(Property::BorderTop, is_rule) || self.is(Property::BorderStyle, is_top_rule),
        }
    }

    fn hiding(&self) -> Hiding {
        let is_faint = |v: &str| share(v).is_some_and(|share| share <= LEAST_OPACITY);
        if self.says(Property::Display, &["none"])
            || self.is(Property::Opacity, is_faint)
            || self.is_away()
            || self.is_clipped()
        {
            Hiding::All
        } else if self.has_no_room() {
            Hiding::Block
        } else {
            Hiding::Nothing
        }
    }

    fn has_no_room(&self) -> bool {
        if !self.says(Property::Overflow, &["hidden", "clip"]) {
            return false;
        }
        let none = |property| self.is(property, |v| pixels(v).is_some_and(|v| v <= LEAST_ROOM));
        // A width of zero with a least width is how a whole mail is stretched on phones.
        let stretched = self.value(Property::MinWidth).is_some();
        none(Property::Height)
            || none(Property::MaxHeight)
            || !stretched && (none(Property::Width) || none(Property::MaxWidth))
            || self.is(Property::LineHeight, is_zero)
    }

    /// Whether text stands where nobody sees it.
    fn is_away(&self) -> bool {
        let far = |property| self.is(property, |v| pixels(v).is_some_and(|v| v <= FAR));
        far(Property::TextIndent)
            || far(Property::MarginLeft)
            || far(Property::MarginTop)
            || self.says(Property::Position, &["absolute", "fixed", "relative"])
                && (far(Property::Left) || far(Property::Top))
    }

    fn is_clipped(&self) -> bool {
        let edges = |v: &str, name: &str, edge: fn(&str) -> bool| {
            let inside = v.strip_prefix(name).and_then(|v| v.strip_suffix(')'));
            inside.is_some_and(|v| v.split([',', ' ']).filter(|v| !v.is_empty()).all(edge))
        };
        let is_dot = |v: &str| pixels(v).is_some_and(|v| v.abs() <= LEAST_ROOM);
        let is_half = |v: &str| v.ends_with('%') && share(v).is_some_and(|v| v >= 0.5);
        self.is(Property::Clip, |v| edges(v, "rect(", is_dot))
            && self.says(Property::Position, &["absolute", "fixed"])
            || self.is(Property::ClipPath, |v| edges(v, "inset(", is_half))
            || self.is(Property::Transform, |v| edges(v, "scale(", is_zero))
    }

    fn ink(&self) -> Option<Paint> {
        if self.value(Property::Outline).is_some() {
            return Some(Paint::Unknown);
        }
        self.value(Property::Color).filter(|v| !is_any(v, &["inherit", "currentcolor"])).map(paint::colour)
    }

    /// An element that is moved may stand on anything.
    fn ground(&self) -> Option<Paint> {
        let is_moved = self.is(Property::Position, |v| !is_any(v, &["static", "initial"]))
            || [Property::Margin, Property::MarginTop].iter().any(|p| self.is(*p, |v| v.contains('-')));
        if is_moved || self.is(Property::BackgroundImage, |v| !is_any(v, &["none", "initial"])) {
            return Some(Paint::Unknown);
        }
        let one = self.value(Property::BackgroundColor).map(paint::colour);
        let other = self.value(Property::Background).map(paint::ground);
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

fn is_any(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

fn display(value: &str) -> Option<Display> {
    if is_any(value, &["inline-block", "inline-flex", "inline-table"]) {
        return Some(Display::Box);
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
