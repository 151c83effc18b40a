//! What the text of a file defines, imports and names.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItemFn, Item, ItemMod, ItemUse, Lit, Meta, MetaList, UseTree};

/// `crate::a::B`, segment by segment.
pub(super) type NamePath = Vec<String>;

/// The names of one module. Code that is for unit tests alone is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Items of the module itself.
    pub(super) defined: BTreeSet<String>,
    /// What `use` brings in, under the name that it has here.
    pub(super) imports: BTreeMap<String, NamePath>,
    /// What `use` brings everything in of.
    pub(super) globs: BTreeSet<NamePath>,
    /// All paths that occur, those of `use` too.
    pub(super) paths: BTreeSet<NamePath>,
    /// Child modules in the same file.
    pub(super) inline: BTreeMap<String, Names>,
    /// Child modules in files of their own, with the `path` attribute of each that has one.
    pub(super) files: BTreeMap<String, Option<String>>,
}

/// Reads the text of a file.
///
/// # Errors
/// When it is not Rust.
pub(super) fn names(text: &str) -> syn::Result<Names> {
    let mut names = Names::default();
    names.visit_file(&syn::parse_file(text)?);
    Ok(names)
}

impl Names {
    fn import(&mut self, before: &[String], tree: &UseTree) {
        let with = |ident: &Ident| {
            let mut path = before.to_vec();
            // `use a::{self}` is `use a`.
            if ident != "self" || before.is_empty() {
                path.push(ident.to_string());
            }
            path
        };
        let (name, path) = match tree {
            UseTree::Path(inner) => return self.import(&with(&inner.ident), &inner.tree),
            UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.import(before, tree));
            }
            UseTree::Glob(_) => {
                self.globs.insert(before.to_vec());
                self.paths.insert(before.to_vec());
                return;
            }
            UseTree::Name(name) => {
                let path = with(&name.ident);
                (path.last().cloned().unwrap_or_default(), path)
            }
            UseTree::Rename(rename) => (rename.rename.to_string(), with(&rename.ident)),
        };
        self.paths.insert(path.clone());
        self.imports.insert(name, path);
    }

    /// Finds the paths in what a macro or an attribute is given, which need not be Rust.
    fn scan(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (NamePath::new(), 0);
        for token in tokens {
            if let TokenTree::Punct(punct) = &token
                && punct.as_char() == ':'
            {
                colons += 1;
                continue;
            }
            let goes_on = matches!(token, TokenTree::Ident(_)) && colons == 2;
            colons = 0;
            if !goes_on {
                self.note(std::mem::take(&mut path));
            }
            match token {
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        self.note(path);
    }

    fn note(&mut self, path: NamePath) {
        if !path.is_empty() {
            self.paths.insert(path);
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = parts(item);
        if !attributes.iter().any(is_for_tests) {
            self.defined.extend(name.map(Ident::to_string));
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !function.attrs.iter().any(is_for_tests) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        let name = module.ident.to_string();
        match &module.content {
            None => {
                let path = module.attrs.iter().find_map(path_attribute);
                self.files.insert(name, path);
            }
            Some((_, items)) => {
                let inner = self.inline.entry(name).or_default();
                items.iter().for_each(|item| inner.visit_item(item));
            }
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter();
            self.note(segments.map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.scan(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_meta_list(&mut self, list: &'ast MetaList) {
        self.scan(list.tokens.clone());
        visit::visit_meta_list(self, list);
    }
}

/// The attributes of an item, and the name that it defines; that of a module is none of its parent's items.
fn parts(item: &Item) -> (&[Attribute], Option<&Ident>) {
    match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::TraitAlias(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Union(item) => (&item.attrs, Some(&item.ident)),
        Item::ExternCrate(item) => (&item.attrs, None),
        Item::ForeignMod(item) => (&item.attrs, None),
        Item::Impl(item) => (&item.attrs, None),
        Item::Mod(item) => (&item.attrs, None),
        Item::Use(item) => (&item.attrs, None),
        _ => (&[], None),
    }
}

/// Whether it is `#[cfg(test)]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<Ident>()
            .is_ok_and(|condition| condition == "test")
}

/// The value of `#[path = "…"]`.
fn path_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(value) if pair.path.is_ident("path") => match &value.lit {
            Lit::Str(path) => Some(path.value()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> NamePath {
        text.split("::").map(str::to_owned).collect()
    }

    #[test]
    fn what_is_defined_imported_and_named_is_found() {
        let names = names(
            r#"
            mod child;
            #[path = "../other.rs"]
            mod elsewhere;
            mod inline { pub struct Inner; }
            use crate::a::{self, B as Renamed, c::*};
            pub use super::D;

            pub struct Own(crate::e::F);

            #[error("{}", crate::g::H)]
            impl Own {
                fn one(&self) -> Vec<crate::i::J> {
                    format!("{}", [crate::k::L, 1])
                }
            }
            "#,
        )
        .unwrap();
        assert_eq!(names.defined, BTreeSet::from(["Own".to_owned()]));
        let imports = [
            ("a", "crate::a"),
            ("Renamed", "crate::a::B"),
            ("D", "super::D"),
        ];
        let imports = imports.map(|(name, of)| (name.to_owned(), path(of)));
        assert_eq!(names.imports, BTreeMap::from(imports));
        assert_eq!(names.globs, BTreeSet::from([path("crate::a::c")]));
        for named in [
            "crate::a::B",
            "crate::e::F",
            "crate::g::H",
            "crate::i::J",
            "crate::k::L",
        ] {
            assert!(names.paths.contains(&path(named)), "{named}: {names:?}");
        }
        assert!(names.inline["inline"].defined.contains("Inner"));
        let files = [("child", None), ("elsewhere", Some("../other.rs"))];
        let files = files.map(|(name, at)| (name.to_owned(), at.map(str::to_owned)));
        assert_eq!(names.files, BTreeMap::from(files));
    }

    #[test]
    fn code_for_unit_tests_names_nothing() {
        let names = names(
            "#[cfg(test)] mod tests;
            #[cfg(test)] mod inline { use crate::a::B; }
            #[cfg(test)] fn help() { crate::a::b() }
            struct Own;
            impl Own { #[cfg(test)] fn help() { crate::a::b() } }",
        )
        .unwrap();
        assert!(names.files.is_empty() && names.inline.is_empty());
        assert!(
            !names.paths.iter().any(|path| path[0] == "crate"),
            "{names:?}"
        );
        assert_eq!(names.defined, BTreeSet::from(["Own".to_owned()]));
    }
}
