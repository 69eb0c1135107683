//! Holds what a file mentions against the rules.

use crate::mentions::{Facts, Mention, Target};
use crate::rules::{
    self, CLOCK, CLOCKS, HIGHEST_PURE, IMPURE, MODULES, OUTSIDE, OWNERLESS, PURE_AFTER_ALL, layer_of,
};

/// A file and the module that it is.
pub(crate) struct Place {
    pub(crate) file: String,
    /// From the root of the crate; empty is the root.
    pub(crate) module: Vec<String>,
}

impl Place {
    fn is_within(&self, home: &str) -> bool {
        let home: Vec<&str> = home.split("::").collect();
        self.module.len() >= home.len() && self.module.iter().zip(home).all(|(mine, theirs)| mine == theirs)
    }
}

/// Everything that is wrong with a file, as `file:line: what was found`, then what is allowed.
pub(crate) fn findings(place: &Place, facts: &Facts) -> Vec<String> {
    let mut found: Vec<(usize, String)> = facts.refused.clone();
    let Some(top) = place.module.first() else {
        found.extend(root(facts));
        return told(place, found);
    };
    let Some(layer) = layer_of(top) else {
        return vec![format!(
            "{}: `{top}` has no layer in MODULES of tests/architecture/rules.rs",
            place.file
        )];
    };
    for mention in &facts.mentions {
        let finding = match &mention.target {
            Target::Own(path) => arrow(top, layer, path, &mention.written),
            Target::Outside(path) if !mention.is_test => at_home(place, path, &mention.written)
                .or_else(|| impure(place, layer, path, &mention.written))
                .or_else(|| ownerless(path, &mention.written)),
            Target::Outside(_) => None,
        };
        found.extend(finding.map(|finding| (mention.line, finding)));
    }
    found.sort();
    found.dedup();
    told(place, found)
}

fn told(place: &Place, found: Vec<(usize, String)>) -> Vec<String> {
    found.into_iter().map(|(line, finding)| format!("{}:{line}: {finding}", place.file)).collect()
}

/// `lib.rs` is a page to read, with the modules as its only items.
fn root(facts: &Facts) -> impl Iterator<Item = (usize, String)> {
    let told = |mention: &Mention| {
        let finding = format!("`{}` in lib.rs\n    allowed: modules only", mention.written);
        (mention.line, finding)
    };
    facts.mentions.iter().map(told)
}

/// An arrow from one top-level module to another.
fn arrow(top: &str, layer: u8, path: &[String], written: &str) -> Option<String> {
    let below = || {
        let names: Vec<&str> =
            MODULES.iter().filter(|module| module.layer < layer).map(|module| module.name).collect();
        if names.is_empty() { "nothing of this crate but itself".to_owned() } else { names.join(", ") }
    };
    let target = path.first().map_or("*", String::as_str);
    if target == top {
        return None;
    }
    match layer_of(target) {
        None => Some(format!(
            "`{written}` takes something from the root of the crate\n    allowed: {}, by their names",
            below()
        )),
        Some(other) if other < layer => None,
        Some(other) => {
            let direction = if other == layer { "sideways" } else { "up" };
            Some(format!(
                "`{written}` points {direction}: `{top}` is on layer {layer}, `{target}` on {other}\n    allowed: {}",
                below()
            ))
        }
    }
}

/// An outside crate away from home.
fn at_home(place: &Place, path: &[String], written: &str) -> Option<String> {
    let outside = OUTSIDE.iter().find(|outside| path.first().is_some_and(|first| first == outside.name))?;
    if outside.homes.iter().any(|home| place.is_within(home)) {
        return None;
    }
    Some(format!(
        "`{written}` away from home\n    allowed: `{}` in {}",
        outside.name,
        outside.homes.join(", ")
    ))
}

/// A task or thread without an owner.
fn ownerless(path: &[String], written: &str) -> Option<String> {
    let [.., of, start] = path else { return None };
    OWNERLESS.contains(&format!("{of}::{start}").as_str()).then(|| {
        format!(
            "`{written}` starts what nobody owns\n    allowed: the supervisor, or a `JoinSet` of the caller"
        )
    })
}

/// Something that pure code does without.
fn impure(place: &Place, layer: u8, path: &[String], written: &str) -> Option<String> {
    if layer > HIGHEST_PURE {
        return None;
    }
    let reads_clock = match path {
        [.., of, now] => now == "now" && CLOCKS.contains(&of.as_str()),
        _ => false,
    };
    if reads_clock && !place.is_within(CLOCK) {
        return Some(format!(
            "`{written}` reads the clock\n    allowed: in {CLOCK}; elsewhere time is an argument"
        ));
    }
    let begins = |rule: &str| {
        let mut rule = rule.split("::").peekable();
        let first_std = |segment: &str| {
            if matches!(segment, "core" | "alloc") { "std".to_owned() } else { segment.to_owned() }
        };
        path.iter().enumerate().all(|(index, segment)| {
            let segment = if index == 0 { first_std(segment) } else { segment.clone() };
            rule.next().is_none_or(|wanted| wanted == segment)
        }) && rule.peek().is_none()
    };
    if PURE_AFTER_ALL.iter().any(|path| begins(path)) {
        return None;
    }
    let rule = IMPURE.iter().find(|impure| begins(impure.path))?;
    let highest = rules::HIGHEST_PURE;
    Some(format!(
        "`{written}`: {}\n    allowed: above layer {highest}, or handed in as an argument",
        rule.why
    ))
}
