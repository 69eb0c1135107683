//! Colours, as far as they tell whether text can be told from what it stands on.
//!
//! Not all of CSS: a colour that is not understood makes text visible.

/// Differences of red, green and blue up to this cannot be seen.
const LEAST_DIFFERENCE: u32 = 8;
/// Opacities, out of 255, up to this cannot be seen.
const LEAST_OPACITY: u8 = 12;

/// What text or its ground is painted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Paint {
    /// Nothing is known of it, or it is a picture.
    #[default]
    Unknown,
    /// Not painted at all.
    Clear,
    /// Red, green and blue, and how opaque they are.
    Solid([u8; 3], u8),
}

/// What a mail is read on when it says nothing else.
pub(super) const WHITE: Paint = Paint::Solid([255; 3], 255);

/// The names that occur most, white and black in all their shades among them.
const NAMES: &[(&str, [u8; 3])] = &[
    ("white", [255, 255, 255]),
    ("black", [0, 0, 0]),
    ("windowtext", [0, 0, 0]),
    ("window", [255, 255, 255]),
    ("red", [255, 0, 0]),
    ("blue", [0, 0, 255]),
    ("navy", [0, 0, 128]),
    ("green", [0, 128, 0]),
    ("gray", [128, 128, 128]),
    ("grey", [128, 128, 128]),
    ("silver", [192, 192, 192]),
    ("maroon", [128, 0, 0]),
    ("purple", [128, 0, 128]),
    ("fuchsia", [255, 0, 255]),
    ("magenta", [255, 0, 255]),
    ("lime", [0, 255, 0]),
    ("olive", [128, 128, 0]),
    ("yellow", [255, 255, 0]),
    ("teal", [0, 128, 128]),
    ("aqua", [0, 255, 255]),
    ("cyan", [0, 255, 255]),
    ("orange", [255, 165, 0]),
    ("whitesmoke", [245, 245, 245]),
    ("snow", [255, 250, 250]),
    ("ivory", [255, 255, 240]),
    ("ghostwhite", [248, 248, 255]),
    ("floralwhite", [255, 250, 240]),
    ("azure", [240, 255, 255]),
    ("mintcream", [245, 255, 250]),
    ("gainsboro", [220, 220, 220]),
    ("lightgray", [211, 211, 211]),
    ("lightgrey", [211, 211, 211]),
    ("darkgray", [169, 169, 169]),
    ("darkgrey", [169, 169, 169]),
    ("dimgray", [105, 105, 105]),
    ("dimgrey", [105, 105, 105]),
];

/// Words of a `background` that say nothing of its colour.
const PLACES: &[&str] = &[
    "none",
    "no-repeat",
    "repeat",
    "repeat-x",
    "repeat-y",
    "scroll",
    "center",
    "top",
    "bottom",
    "left",
    "right",
];

/// A colour of CSS (CSS Color Level 4 section 4), as in `color` and `background-color`.
pub(super) fn colour(value: &str) -> Paint {
    let value = value.trim();
    if let Some(digits) = value.strip_prefix('#') {
        return hexadecimal(digits);
    }
    if starts_with(value, "rgb") {
        return components(value);
    }
    if value.eq_ignore_ascii_case("transparent") {
        return Paint::Clear;
    }
    named(value)
}

/// A colour as the attributes of HTML have it (HTML Living Standard section 2.3.6); there, the `#` may be forgotten.
pub(super) fn legacy(value: &str) -> Paint {
    let value = value.trim();
    match named(value) {
        Paint::Unknown => hexadecimal(value.strip_prefix('#').unwrap_or(value)),
        known @ (Paint::Clear | Paint::Solid(..)) => known,
    }
}

/// The colour in a `background`; a picture may be any colour.
pub(super) fn ground(value: &str) -> Paint {
    if value.contains("url") || value.contains("gradient") || value.contains("image") || value.contains("var")
    {
        return Paint::Unknown;
    }
    if let Some(at) = value.find('(') {
        // One colour with components, whatever stands beside it.
        let start = value.get(..at).unwrap_or_default().rfind(' ').map_or(0, |blank| blank + 1);
        return colour(value.get(start..).unwrap_or_default());
    }
    let mut painted = Paint::Clear;
    for word in value.split_ascii_whitespace() {
        let is_place = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.' | '/'))
            || PLACES.iter().any(|place| word.eq_ignore_ascii_case(place));
        if !is_place {
            painted = colour(word);
        }
    }
    painted
}

/// What is seen where `over` lies on `under`.
pub(super) fn laid(over: Paint, under: Paint) -> Paint {
    match (over, under) {
        (Paint::Clear, under) => under,
        (Paint::Solid(top, opacity), Paint::Solid(mut seen, 255)) if opacity < 255 => {
            for (under, over) in seen.iter_mut().zip(top) {
                *under = mixed(over, *under, opacity);
            }
            Paint::Solid(seen, 255)
        }
        (Paint::Solid(_, 255), _) => over,
        (Paint::Solid(..) | Paint::Unknown, _) => Paint::Unknown,
    }
}

/// Whether ink cannot be told from its ground.
pub(super) fn is_lost(ink: Paint, ground: Paint) -> bool {
    match (ink, ground) {
        (Paint::Clear, _) => true,
        (Paint::Solid(_, opacity), _) if opacity <= LEAST_OPACITY => true,
        (Paint::Solid(ink, opacity), Paint::Solid(ground, _)) => {
            ink.iter().zip(ground).all(|(&one, other)| {
                u32::from(one.abs_diff(other)) * u32::from(opacity) <= LEAST_DIFFERENCE * 255
            })
        }
        (Paint::Unknown, _) | (Paint::Solid(..), Paint::Unknown | Paint::Clear) => false,
    }
}

fn mixed(over: u8, under: u8, opacity: u8) -> u8 {
    let (over, under, opacity) = (u32::from(over), u32::from(under), u32::from(opacity));
    u8::try_from((over * opacity + under * (255 - opacity)) / 255).unwrap_or(u8::MAX)
}

fn named(value: &str) -> Paint {
    let known = NAMES.iter().find(|(name, _)| value.eq_ignore_ascii_case(name));
    known.map_or(Paint::Unknown, |(_, colour)| Paint::Solid(*colour, 255))
}

/// Three, four, six or eight digits.
fn hexadecimal(digits: &str) -> Paint {
    if !matches!(digits.len(), 3 | 4 | 6 | 8) {
        return Paint::Unknown;
    }
    let is_short = digits.len() < 6;
    let mut bytes = [255_u8; 4];
    for (at, digit) in digits.chars().enumerate() {
        let digit = digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = bytes.get_mut(if is_short { at } else { at / 2 });
        let (Some(digit), Some(byte)) = (digit, byte) else { return Paint::Unknown };
        *byte = match (is_short, at % 2) {
            (true, _) => digit * 17,
            (false, 0) => digit * 16,
            (false, _) => *byte + digit,
        };
    }
    let [red, green, blue, opacity] = bytes;
    Paint::Solid([red, green, blue], opacity)
}

/// `rgb(1, 2, 3)`, `rgba(1,2,3,.5)`, `rgb(1 2 3 / 50%)`.
fn components(value: &str) -> Paint {
    let inside = value.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let Some((inside, _)) = inside else { return Paint::Unknown };
    let mut values = [255_u8; 4];
    let mut count = 0;
    let numbers = inside.split([',', ' ', '/', '\t', '\n']).filter(|number| !number.is_empty());
    for number in numbers.take(5) {
        let (number, percent) = number.strip_suffix('%').map_or((number, false), |number| (number, true));
        let Ok(mut read) = number.parse::<f32>() else { return Paint::Unknown };
        if percent {
            read *= 2.55;
        } else if count == 3 {
            read *= 255.0;
        }
        let Some(value) = values.get_mut(count) else { return Paint::Unknown };
        *value = byte(read);
        count += 1;
    }
    let [red, green, blue, opacity] = values;
    if count < 3 { Paint::Unknown } else { Paint::Solid([red, green, blue], opacity) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a byte holds; not a number is nought"
)]
fn byte(value: f32) -> u8 {
    value.clamp(0.0, 255.0).round() as u8
}

fn starts_with(value: &str, beginning: &str) -> bool {
    value.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_people_write_them() {
        let white = Paint::Solid([255; 3], 255);
        for value in
            ["white", "WHITE", "#fff", "#FFFFFF", "rgb(255, 255, 255)", "rgb(100%,100%,100%)", "#ffff"]
        {
            assert_eq!(colour(value), white, "{value}");
        }
        assert_eq!(colour("rgba(0,0,0,.5)"), Paint::Solid([0; 3], 128));
        assert_eq!(colour("rgb(1 2 3 / 0%)"), Paint::Solid([1, 2, 3], 0));
        assert_eq!(legacy("ffffff"), white);
        assert_eq!(ground("#fff none repeat scroll 0 0"), white);
        assert_eq!(ground("rgb(255, 255, 255) none"), white);
        assert_eq!(ground("none"), Paint::Clear);
        for value in
            ["var(--x)", "hsl(0 0% 0%)", "#ggg", "#12345", "rgb(1,2)", "rgb(", "papaya", "", "é", "#éé"]
        {
            assert_eq!(colour(value), Paint::Unknown, "{value}");
        }
        for value in ["url(x.png) #fff", "linear-gradient(#fff, #000)", "inherit"] {
            assert_eq!(ground(value), Paint::Unknown, "{value}");
        }
    }

    #[test]
    fn ink_is_lost_on_its_own_colour_only() {
        let lost = |ink: &str, under: &str| is_lost(colour(ink), laid(ground(under), WHITE));
        assert!(lost("#fff", "none"));
        assert!(lost("#fefefe", "white"));
        assert!(lost("transparent", "url(x)"));
        assert!(lost("rgba(0,0,0,0.01)", "white"));
        assert!(lost("#808080", "rgba(0,0,0,.5)"));
        assert!(!lost("#fff", "#333"));
        assert!(!lost("#fff", "url(x)"));
        assert!(!lost("#eee", "#fff"));
        assert!(!lost("papaya", "#fff"));
        assert!(!lost("rgba(0,0,0,.5)", "white"));
    }
}
