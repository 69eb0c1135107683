//! Layers of text laid over each other by the `config` crate, every value with its place.
//!
//! Not here: what a key means. A value's place travels with it through `config` as its origin, so what came from
//! where is never guessed afterwards. `config` merges tables key by key and replaces everything else; for that, rows
//! become a table by name here, and what is replaced whole (`secret`, `hmac`) becomes a list of one.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use config::{Config, Environment, Map, Source, Value, ValueKind};

use super::Place;
use super::mask::{is_for_secrets, masked};
use super::node::{Content, Node, Spot};
use crate::base::diagnostic::{Diagnostic, Location, SourceFile, suggest};
use crate::base::document::{self, Problems, Shape, Table, clip, list};
use crate::base::text::clean;

/// What the settings are made of, as some source delivered it.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The main file, then those of `conf.d` by name; a later one wins.
    pub files: Vec<Arc<SourceFile>>,
    /// Variables whose name begins with [`ENVIRONMENT_PREFIX`]; they win over the files.
    pub environment: Vec<(String, String)>,
    /// Where relative paths start: the folder of the main file.
    pub folder: PathBuf,
    /// Mistakes that were found before there was text, such as a file that is not UTF-8.
    pub unreadable: Vec<Diagnostic>,
}

/// How the names of our environment variables begin.
pub const ENVIRONMENT_PREFIX: &str = "NIGHTDESK__";

/// Tables whose rows are told apart by `name`.
pub(super) const ROWS: [&str; 3] = ["account", "mailbox", "channel"];

/// The keys of the root, and those that are still to come.
const ROOT: [&str; 7] = ["store", "account", "mailbox", "channel", "http", "limits", "ops"];
const ROOT_LATER: [&str; 1] = ["canary"];

/// Tables that a later layer replaces whole: one `file` and one `command` would be two secrets.
const WHOLE: [&str; 2] = ["secret", "hmac"];

/// The most rows of one kind.
const MOST_ROWS: usize = 10_000;

/// The most parts that the name of a variable may have. No key of ours lies so deep.
const MOST_PARTS: usize = 8;

/// The root of everything, merged. Mistakes are noted; what is wrong is left out.
pub(super) fn merge(layers: &Layers, problems: &mut Problems) -> Node {
    let mut merge = Merge { spots: Vec::new(), tables: HashMap::new(), names: BTreeMap::new() };
    let mut builder = Config::builder();
    for file in &layers.files {
        let file = SourceFile::new(file.name.clone(), masked(&file.text));
        let map = document::read(&file, problems, |root, problems| merge.file(root, problems));
        builder = builder.add_source(Layer(map.unwrap_or_default()));
    }
    let map = merge.environment(&layers.environment, problems);
    match builder.add_source(Layer(map)).build() {
        Ok(config) => merge.node(config.cache, &[]),
        Err(error) => {
            problems.push(Diagnostic::without_place(format!("the settings cannot be merged: {error}")));
            merge.node(Value::new(None, ValueKind::Nil), &[])
        }
    }
}

/// A layer as `config` takes it.
#[derive(Debug, Clone)]
struct Layer(Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

/// What is known of the layers so far.
struct Merge {
    /// Where each value stands; its origin is the index.
    spots: Vec<Spot>,
    /// Where each table was first written, by the keys that lead to it.
    tables: HashMap<Vec<String>, Spot>,
    /// The rows of each kind: how a variable calls one → its names.
    names: BTreeMap<&'static str, HashMap<String, Vec<String>>>,
}

impl Merge {
    fn file(&mut self, root: &Table<'_>, problems: &mut Problems) -> Map<String, Value> {
        let mut map = Map::new();
        for (key, value) in root.entries() {
            if ROOT_LATER.contains(&key.value) {
                problems.push(
                    Diagnostic::error(
                        key.location(root.file()),
                        format!("`{}` is not yet in this version", key.value),
                    )
                    .hint("leave it out for now"),
                );
                continue;
            }
            if !ROOT.contains(&key.value) {
                problems.push(
                    Diagnostic::error(key.location(root.file()), "unknown key in the settings")
                        .found(format!("`{}`", clip(key.value)))
                        .allowed(list(&ROOT))
                        .hint_if(suggest(key.value, ROOT)),
                );
                continue;
            }
            let spot = self.spot(&value, key.location(root.file()));
            let path = vec![key.value.to_owned()];
            let value = match ROWS.into_iter().find(|rows| *rows == key.value) {
                Some(kind) => self.rows(kind, &value.tables(problems), problems),
                None => self.value(&value, spot, path),
            };
            map.insert(key.value.to_owned(), value);
        }
        map
    }

    /// Rows as a table by name. A row without a usable name stays, under a name that nobody can write, so that its
    /// other mistakes are told as well.
    fn rows(&mut self, kind: &'static str, rows: &[Table<'_>], problems: &mut Problems) -> Value {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut map = Map::new();
        for row in rows {
            let name =
                row.get("name").and_then(|name| name.as_str().map(|text| (text.to_owned(), name.location())));
            let nameless = || format!("\0{}", self.spots.len());
            let name = match name {
                Some((name, location)) => {
                    let line = location.file.line(location.span.start);
                    if let Some(first) = seen.insert(name.clone(), line) {
                        problems.push(
                            Diagnostic::error(location, format!("two {kind}s have the same name"))
                                .found(format!("\"{}\", already on line {first}", clip(&name)))
                                .allowed("a name that no other has"),
                        );
                        nameless()
                    } else {
                        name
                    }
                }
                None => nameless(),
            };
            let known = self.names.entry(kind).or_default();
            if known.len() >= MOST_ROWS {
                problems.push(
                    Diagnostic::error(row.location(), format!("there are too many {kind}s"))
                        .allowed(format!("at most {MOST_ROWS}")),
                );
                break;
            }
            let called = known.entry(in_a_variable(&name)).or_default();
            if !called.contains(&name) {
                called.push(name.clone());
            }
            let spot = self.add(Place::File(row.location()), Place::File(row.location()));
            let value = self.table(row, spot, vec![kind.to_owned(), name.clone()]);
            map.insert(name, value);
        }
        Value::new(None, ValueKind::Table(map))
    }

    fn table(&mut self, table: &Table<'_>, spot: Spot, path: Vec<String>) -> Value {
        let mut map = Map::new();
        for (key, value) in table.entries() {
            let spot = self.spot(&value, key.location(table.file()));
            let path: Vec<String> =
                path.iter().map(String::as_str).chain([key.value]).map(str::to_owned).collect();
            map.insert(key.value.to_owned(), self.value(&value, spot, path));
        }
        // A row may have such a name.
        let is_whole = path.len() > 2 && path.last().is_some_and(|key| WHOLE.contains(&key.as_str()));
        let origin = spot.order.to_string();
        self.tables.entry(path).or_insert(spot);
        let value = Value::new(Some(&origin), ValueKind::Table(map));
        if is_whole { Value::new(Some(&origin), ValueKind::Array(vec![value])) } else { value }
    }

    fn value(&mut self, value: &document::Value<'_>, spot: Spot, path: Vec<String>) -> Value {
        let origin = spot.order.to_string();
        let kind = match value.shape() {
            Shape::Table(table) => return self.table(&table, spot, path),
            Shape::List(elements) => {
                let elements = elements.iter().map(|element| {
                    let spot = self.spot(element, element.location());
                    // What stands in a list is never merged: no path leads to it.
                    self.value(element, spot, vec!["\0".to_owned()])
                });
                ValueKind::Array(elements.collect())
            }
            Shape::Text(text) => ValueKind::String(text.to_owned()),
            Shape::Integer(number) => ValueKind::I64(number),
            Shape::Boolean(is) => ValueKind::Boolean(is),
            // Nothing of ours takes such a value; it is only ever shown.
            Shape::Other => ValueKind::Nil,
        };
        Value::new(Some(&origin), kind)
    }

    fn spot(&mut self, value: &document::Value<'_>, key: Location) -> Spot {
        self.add(Place::File(key), Place::File(value.location()))
    }

    fn add(&mut self, key: Place, value: Place) -> Spot {
        let spot = Spot { key, value, order: self.spots.len() };
        self.spots.push(spot.clone());
        spot
    }

    /// The environment as a layer. `config` takes the names apart; rows are found by how a variable can call them.
    fn environment(&mut self, variables: &[(String, String)], problems: &mut Problems) -> Map<String, Value> {
        let ours = variables.iter().filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX));
        let by_key: BTreeMap<String, &str> =
            ours.clone().map(|(name, _)| (name.to_lowercase(), name.as_str())).collect();
        let source = Environment::with_prefix("NIGHTDESK").prefix_separator("__").separator("__");
        let flat = source.source(Some(ours.cloned().collect())).collect().unwrap_or_default();
        let mut flat: Vec<_> = flat.into_iter().collect();
        flat.sort_by(|left, right| left.0.cmp(&right.0));
        let mut root = Map::new();
        for (key, value) in flat {
            let text = value.into_string().unwrap_or_default();
            let lower = format!("{}{}", ENVIRONMENT_PREFIX.to_lowercase(), key.replace('.', "__"));
            let name = by_key.get(&lower).copied().unwrap_or(lower.as_str());
            let variable = Variable::new(name, &key, &text);
            let Some(path) = self.path(&variable, problems) else { continue };
            let spot = self
                .add(Place::Environment(variable.name.clone()), Place::Environment(variable.value.clone()));
            let value = Value::new(Some(&spot.order.to_string()), ValueKind::String(variable.text.clone()));
            if !self.insert(&mut root, &path, value, &spot) {
                problems.push(
                    Diagnostic::error(variable.name, "this variable sets what another one sets a part of")
                        .allowed("one of the two"),
                );
            }
        }
        root
    }

    /// The keys that a variable names.
    fn path(&self, variable: &Variable, problems: &mut Problems) -> Option<Vec<String>> {
        let first = variable.path.first().map_or("", String::as_str);
        let kind = ROWS.into_iter().find(|rows| *rows == first);
        let called = variable.path.get(1).map_or("", String::as_str);
        let mut refuse = |message: &str, allowed: String, hint: Option<String>| {
            let found = clip(if kind.is_some() { called } else { first });
            problems.push(
                Diagnostic::error(variable.name.clone(), message)
                    .found(format!("`{found}`"))
                    .allowed(allowed)
                    .hint_if(hint),
            );
            None
        };
        if ROOT_LATER.contains(&first) {
            return refuse("this is not yet in this version", "to leave it out".to_owned(), None);
        }
        if !ROOT.contains(&first) || variable.path.len() > MOST_PARTS {
            let form = format!("{ENVIRONMENT_PREFIX} and then one of {}", list(&ROOT.map(str::to_uppercase)));
            return refuse("this variable names no key of the settings", form, suggest(first, ROOT));
        }
        let Some(kind) = kind else { return Some(variable.path.clone()) };
        let rows = self.names.get(kind);
        if variable.path.get(2).is_some_and(|key| key == "name") {
            return refuse(&format!("a variable cannot rename a {kind}"), "another key".to_owned(), None);
        }
        match rows.and_then(|rows| rows.get(&in_a_variable(called))).map(Vec::as_slice) {
            Some([name]) if variable.path.len() > 2 => {
                let mut path = variable.path.clone();
                path.get_mut(1)?.clone_from(name);
                Some(path)
            }
            Some([_, _, ..]) => refuse(
                &format!("two {kind}s are called like this"),
                "another name for one of them".to_owned(),
                None,
            ),
            Some(_) => {
                refuse(&format!("this variable names no key of a {kind}"), format!("{kind}, name, key"), None)
            }
            None => {
                let mut known: Vec<&str> = rows
                    .into_iter()
                    .flat_map(HashMap::keys)
                    .map(String::as_str)
                    .filter(|name| !name.starts_with('\0'))
                    .collect();
                known.sort_unstable();
                let hint = suggest(called, known.iter().copied());
                refuse(&format!("there is no {kind} of this name in the files"), list(&known), hint)
            }
        }
    }

    /// Puts a value where its keys lead; false when there is something that is no table on the way.
    fn insert(&mut self, root: &mut Map<String, Value>, path: &[String], value: Value, spot: &Spot) -> bool {
        let mut map = root;
        let Some((last, before)) = path.split_last() else { return false };
        for (depth, key) in before.iter().enumerate() {
            let so_far: Vec<String> = path.iter().take(depth + 1).cloned().collect();
            self.tables.entry(so_far).or_insert_with(|| spot.clone());
            let table = || Value::new(None, ValueKind::Table(Map::new()));
            let entry = map.entry(key.clone()).or_insert_with(|| {
                let is_whole = depth > 1 && WHOLE.contains(&key.as_str());
                let origin = spot.order.to_string();
                let inside = Value::new(Some(&origin), ValueKind::Table(Map::new()));
                if is_whole { Value::new(Some(&origin), ValueKind::Array(vec![inside])) } else { table() }
            });
            let Some(inside) = inside_of(&mut entry.kind) else { return false };
            map = inside;
        }
        map.insert(last.clone(), value).is_none()
    }

    /// What `config` made of the layers, with the places back.
    fn node(&self, value: Value, path: &[String]) -> Node {
        let spot = value.origin().and_then(|origin| self.spots.get(origin.parse::<usize>().ok()?));
        let spot = spot.or_else(|| self.tables.get(path));
        let (key, place) =
            spot.map_or((Place::Default, Place::Default), |spot| (spot.key.clone(), spot.value.clone()));
        let order = spot.map_or(0, |spot| spot.order);
        let content = match value.kind {
            ValueKind::String(text) => Content::Text(text),
            ValueKind::I64(number) => Content::Integer(number),
            ValueKind::Boolean(is) => Content::Boolean(is),
            ValueKind::Array(elements) => {
                Content::List(elements.into_iter().map(|element| self.node(element, &[])).collect())
            }
            ValueKind::Table(map) => {
                let mut children: Vec<(String, Node)> = map
                    .into_iter()
                    .map(|(key, value)| {
                        let path: Vec<String> = path.iter().chain([&key]).cloned().collect();
                        let node = self.node(value, &path);
                        (key, node)
                    })
                    .collect();
                children.sort_by_key(|(_, node)| node.order);
                Content::Table(children)
            }
            ValueKind::Nil
            | ValueKind::I128(_)
            | ValueKind::U64(_)
            | ValueKind::U128(_)
            | ValueKind::Float(_) => Content::Other,
        };
        Node { key, place, order, content }
    }
}

/// What is in a table, or in the table that is replaced whole.
fn inside_of(kind: &mut ValueKind) -> Option<&mut Map<String, Value>> {
    if let ValueKind::Array(list) = kind {
        return list.first_mut().and_then(|only| inside_of(&mut only.kind));
    }
    if let ValueKind::Table(inside) = kind { Some(inside) } else { None }
}

/// A variable of the environment, as a mistake shows it.
struct Variable {
    path: Vec<String>,
    text: String,
    name: Location,
    value: Location,
}

impl Variable {
    fn new(name: &str, key: &str, text: &str) -> Self {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let is_secret = path.last().is_some_and(|key| is_for_secrets(key));
        let text = if is_secret { "*".repeat(text.len().min(8)) } else { masked(&clean(text)) };
        let file = SourceFile::new("the environment", format!("{}={text}", clean(name)));
        let equals = clean(name).len();
        let end = file.text.len();
        Variable {
            path,
            text,
            name: Location::new(&file, 0..equals),
            value: Location::new(&file, equals + 1..end),
        }
    }
}

/// How the name of a variable can call a row: what is no letter or digit is one underscore.
fn in_a_variable(name: &str) -> String {
    if name.starts_with('\0') {
        return name.to_owned();
    }
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}
