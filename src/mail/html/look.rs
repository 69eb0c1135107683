//! Whether a reader sees the text of an element: what its tag and the style sheets hide, and what its colours do.

use super::element::{Layout, Look, Sight, name};
use super::paint::{self, Paint};
use super::sheet::Effects;
use super::style::{Hiding, Style};
use super::tag::Tag;

/// Whether text may be hidden by its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Colours {
    #[default]
    Seen,
    Ignored,
}

/// Whether an element is hidden with all that stands in it.
pub(super) fn sight(tag: &Tag, flow: Layout, style: &Style, effects: Effects) -> Sight {
    let makes_room = matches!(tag.packed, name::TABLE | name::TBODY | name::TR | name::BODY | name::HTML);
    let is_block = matches!(flow, Layout::Block | Layout::Paragraph) && !makes_room;
    let by_sheet = effects.has(Effects::HIDES) && !effects.has(Effects::SHOWS) && !style.shows;
    if style.hiding == Hiding::All
        || style.hiding == Hiding::Block && is_block
        || tag.hidden && style.display.is_none()
        || by_sheet
    {
        Sight::Hidden
    } else {
        Sight::Shown
    }
}

/// How the text of an element looks within one that looks like `outer`.
pub(super) fn look(tag: &Tag, outer: Look, style: &Style, effects: Effects, colours: Colours) -> Look {
    let sized = tag.sized.then_some(false);
    let look = Look {
        tiny: style.tiny.or(sized).unwrap_or(outer.tiny),
        unseen: style.unseen.unwrap_or(outer.unseen),
        ..outer
    };
    if colours == Colours::Ignored {
        return look;
    }
    // What a style sheet paints is not worked out.
    let ink = if effects.has(Effects::INKS) { Some(Paint::Unknown) } else { ink(tag, outer, style) };
    let ground = if effects.has(Effects::GROUNDS) { Some(Paint::Unknown) } else { ground(tag, style) };
    if ink.is_none() && ground.is_none() {
        return look;
    }
    let ink = ink.unwrap_or(outer.ink);
    let ground = ground.map_or(outer.ground, |ground| paint::laid(ground, outer.ground));
    Look { ink, ground, lost: paint::is_lost(ink, ground), ..look }
}

/// Whether an element has colours of its own that no attribute tells.
pub(super) fn paints_itself(name: u64, outer: Look) -> bool {
    has_own_ground(name) || is_link(name, outer)
}

fn has_own_ground(name: u64) -> bool {
    matches!(name, name::BUTTON | name::SELECT | name::TEXTAREA | name::MARK)
}

/// Whether it is a link where the colour of the text around it is known.
fn is_link(name: u64, outer: Look) -> bool {
    name == name::A && outer.ink != Paint::Unknown
}

fn ink(tag: &Tag, outer: Look, style: &Style) -> Option<Paint> {
    let declared = style.ink.or_else(|| (!tag.color.is_empty()).then(|| paint::legacy(&tag.color)));
    declared.or(is_link(tag.packed, outer).then_some(Paint::Unknown))
}

fn ground(tag: &Tag, style: &Style) -> Option<Paint> {
    if !tag.background.is_empty() || has_own_ground(tag.packed) {
        return Some(Paint::Unknown);
    }
    if style.ground.is_some() || tag.bgcolor.is_empty() {
        return style.ground;
    }
    let is_painted = matches!(
        tag.packed,
        name::BODY | name::TABLE | name::TBODY | name::THEAD | name::TFOOT | name::TR | name::TD | name::TH
    );
    Some(if is_painted { paint::legacy(&tag.bgcolor) } else { Paint::Unknown })
}
