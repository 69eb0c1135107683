//! What a source file mentions: every path in `use` trees, types, expressions, attributes and macro calls, resolved as
//! far as names alone allow. Comments, documentation and strings mention nothing.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, UseTree};

/// What is in a file.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) mentions: Vec<Mention>,
    /// `mod name;`
    pub(crate) children: Vec<Child>,
    /// Lines in `#[cfg(test)] mod … { … }`.
    pub(crate) test_lines: usize,
    /// What is refused for its form alone: line and why.
    pub(crate) refused: Vec<(usize, String)>,
}

/// One path.
pub(crate) struct Mention {
    pub(crate) line: usize,
    /// As it is written.
    pub(crate) written: String,
    pub(crate) target: Target,
    /// It stands in test code.
    pub(crate) is_test: bool,
}

/// Where a path leads.
pub(crate) enum Target {
    /// From the root of this crate; `*` and nothing at all are the root itself.
    Own(Vec<String>),
    /// Anywhere else: an outside crate, or a name that is in scope.
    Outside(Vec<String>),
}

/// A module in a file of its own.
pub(crate) struct Child {
    pub(crate) module: Vec<String>,
    pub(crate) is_test: bool,
}

impl Facts {
    /// The first segments of all paths that leave the crate.
    pub(crate) fn outside_crates(&self) -> Vec<String> {
        let first = |mention: &Mention| match &mention.target {
            Target::Outside(path) => path.first().cloned(),
            Target::Own(_) => None,
        };
        self.mentions.iter().filter(|mention| !mention.is_test).filter_map(first).collect()
    }
}

/// Reads the source text of `module`.
pub(crate) fn facts(module: &[String], text: &str, is_test: bool) -> syn::Result<Facts> {
    let file = syn::parse_file(text)?;
    let mut reader = Reader { here: module.to_vec(), is_test, facts: Facts::default() };
    reader.visit_file(&file);
    Ok(reader.facts)
}

struct Reader {
    here: Vec<String>,
    is_test: bool,
    facts: Facts,
}

impl Reader {
    fn mention(&mut self, span: Span, segments: Vec<String>) {
        let written = segments.join("::");
        let target = self.resolve(segments);
        self.facts.mentions.push(Mention { line: span.start().line, written, target, is_test: self.is_test });
    }

    fn resolve(&self, segments: Vec<String>) -> Target {
        let mut segments = segments.into_iter().peekable();
        let mut own = match segments.peek().map(String::as_str) {
            Some("crate" | "nightdesk") => {
                segments.next();
                Vec::new()
            }
            Some("self" | "super") => self.here.clone(),
            _ => return Target::Outside(segments.collect()),
        };
        for segment in segments {
            match segment.as_str() {
                "self" => {}
                "super" => drop(own.pop()),
                _ => own.push(segment),
            }
        }
        Target::Own(own)
    }

    fn use_tree(&mut self, prefix: &[String], tree: &UseTree) {
        let with = |name: &dyn ToString| {
            let mut path = prefix.to_vec();
            path.push(name.to_string());
            path
        };
        match tree {
            UseTree::Path(path) => self.use_tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.mention(name.ident.span(), with(&name.ident)),
            UseTree::Rename(rename) => self.mention(rename.ident.span(), with(&rename.ident)),
            UseTree::Glob(glob) => self.mention(glob.star_token.span, with(&"*")),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(prefix, tree)),
        }
    }

    /// Paths in the arguments of a macro or an attribute: `a::b`, `a::{b, c}`, `a!`.
    fn tokens(&mut self, prefix: &[String], stream: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut span = Span::call_site();
        let mut colons = 0;
        for token in stream {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end(prefix, &mut path, span);
                    }
                    if path.is_empty() {
                        span = ident.span();
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Punct(punct) => {
                    if punct.as_char() == '!' && path.len() == 1 {
                        path = vec![format!("{}!", path.concat())];
                        self.mention(span, std::mem::take(&mut path));
                    }
                    if punct.as_char() == '*' && colons == 2 {
                        path.push("*".to_owned());
                    }
                    self.end(prefix, &mut path, span);
                    colons = 0;
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && colons == 2 => {
                    let inner: Vec<String> = prefix.iter().chain(&path).cloned().collect();
                    path.clear();
                    self.tokens(&inner, group.stream());
                    colons = 0;
                }
                TokenTree::Group(group) => {
                    self.end(prefix, &mut path, span);
                    self.tokens(&[], group.stream());
                    colons = 0;
                }
                TokenTree::Literal(_) => {
                    self.end(prefix, &mut path, span);
                    colons = 0;
                }
            }
        }
        self.end(prefix, &mut path, span);
    }

    fn end(&mut self, prefix: &[String], path: &mut Vec<String>, span: Span) {
        let whole: Vec<String> = prefix.iter().cloned().chain(std::mem::take(path)).collect();
        if whole.len() > prefix.len() && whole.len() > 1 {
            self.mention(span, whole);
        }
    }

    fn within(&mut self, is_test: bool, look: impl FnOnce(&mut Self)) {
        let before = self.is_test;
        self.is_test |= is_test;
        look(self);
        self.is_test = before;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let is_test = has_test_attribute(&item.attrs);
        let line = item.mod_token.span.start().line;
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("path")) {
            self.facts
                .refused
                .push((line, "a module stands where its name says, without `#[path]`".to_owned()));
        }
        self.here.push(item.ident.to_string());
        match &item.content {
            None => {
                let child = Child { module: self.here.clone(), is_test: self.is_test || is_test };
                self.facts.children.push(child);
            }
            Some((brace, _)) => {
                if is_test && !self.is_test {
                    self.facts.test_lines += brace.span.close().end().line + 1 - line;
                }
                self.within(is_test, |reader| visit::visit_item_mod(reader, item));
            }
        }
        self.here.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(has_test_attribute(&item.attrs), |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.within(has_test_attribute(&item.attrs), |reader| visit::visit_item_impl(reader, item));
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.within(has_test_attribute(&item.attrs), |reader| reader.use_tree(&[], &item.tree));
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let line = item.extern_token.span.start().line;
        self.facts
            .refused
            .push((line, "a crate comes in by its name in Cargo.toml, without `extern crate`".to_owned()));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let (Some(first), true) = (path.segments.first(), path.segments.len() > 1) {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.mention(first.ident.span(), segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.get_ident() {
            self.mention(name.span(), vec![format!("{name}!")]);
        }
        visit::visit_macro(self, call);
        self.tokens(&[], call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(&[], list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn has_test_attribute(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let condition: String = list.tokens.to_string().split_whitespace().collect();
            condition == "test" || condition.starts_with("all(test")
        }
        syn::Meta::List(_) | syn::Meta::NameValue(_) => false,
    })
}
