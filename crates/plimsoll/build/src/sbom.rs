//! A package's list of components (SBOM): the crates in its programs, and the C libraries that they link or hold.
//!
//! It is a CycloneDX document (ECMA-424, version 1.6), named after the package file. It holds neither a time nor a serial number:
//! the same package gives the same bytes.

use cargo_metadata::Package;
use plimsoll_probe::Distribution;
use serde::Serialize;

use crate::bundled::Bundled;
use crate::crates::Crates;
use crate::linked::LinkedLibrary;

/// What the name of a package file is followed by.
pub const SUFFIX: &str = ".cdx.json";

/// All that a document says.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// Name of the package.
    pub name: &'a str,
    /// Its version, with its revision.
    pub version: &'a str,
    /// Its licence, an SPDX expression.
    pub license: &'a str,
    /// The SHA-256 sum of the package file.
    pub sha256: &'a str,
    /// The source that it was built from.
    pub commit: &'a str,
    /// The distribution that built it.
    pub distribution: &'a Distribution,
    /// The dependencies of the workspace.
    pub crates: &'a Crates,
    /// Those that are linked into its programs.
    pub linked: &'a [&'a Package],
    /// The shared libraries that its programs need.
    pub libraries: &'a [LinkedLibrary],
    /// The C libraries that its programs hold.
    pub bundled: &'a [Bundled],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Serialize)]
struct Metadata {
    component: Component,
}

#[derive(Serialize, Default)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct License {
    expression: String,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    depends_on: Vec<String>,
}

/// The text of the document.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn document(contents: &Contents<'_>) -> Result<String, serde_json::Error> {
    let main = main(contents);
    let crates = contents.linked.iter().map(|package| of_crate(package));
    let libraries = contents.libraries.iter().map(|it| shared(it, contents));
    let bundled = contents.bundled.iter().map(held);
    let document = Document {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        version: 1,
        dependencies: dependencies(contents, &main),
        metadata: Metadata { component: main },
        components: crates.chain(libraries).chain(bundled).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn main(contents: &Contents<'_>) -> Component {
    Component {
        kind: "application",
        reference: "package".to_owned(),
        name: contents.name.to_owned(),
        version: Some(contents.version.to_owned()),
        hashes: vec![Hash {
            alg: "SHA-256",
            content: contents.sha256.to_owned(),
        }],
        licenses: vec![License {
            expression: contents.license.to_owned(),
        }],
        properties: vec![property("plimsoll:commit", contents.commit)],
        ..Component::default()
    }
}

fn of_crate(package: &Package) -> Component {
    // Older manifests have `/` for OR.
    let license = package.license.iter();
    let licenses = license.map(|text| License {
        expression: text.replace('/', " OR "),
    });
    let is_published = package
        .source
        .as_ref()
        .is_some_and(|source| source.is_crates_io());
    let purl = || {
        format!(
            "pkg:cargo/{}@{}",
            package.name,
            encoded(&package.version.to_string())
        )
    };
    Component {
        kind: "library",
        reference: reference(package),
        name: package.name.to_string(),
        version: Some(package.version.to_string()),
        licenses: licenses.collect(),
        purl: is_published.then(purl),
        ..Component::default()
    }
}

/// A shared library, with the package that it was linked from.
fn shared(library: &LinkedLibrary, contents: &Contents<'_>) -> Component {
    let owner = library.taken.as_ref().ok();
    let owner = owner.and_then(|taken| taken.owner.as_ref().ok()?.as_ref());
    let distribution = contents.distribution;
    let purl = owner.zip(distribution.family).map(|(owner, family)| {
        let (id, version) = (&distribution.id, encoded(&owner.version));
        let name = encoded(&owner.package);
        format!("pkg:{}/{id}/{name}@{version}", family.native_format)
    });
    Component {
        kind: "library",
        reference: format!("shared:{}", library.soname),
        name: library.soname.clone(),
        version: owner.map(|owner| owner.version.clone()),
        purl,
        properties: vec![property("plimsoll:linked", "dynamic")],
        ..Component::default()
    }
}

fn held(copy: &Bundled) -> Component {
    let of_crate = copy
        .of_crate
        .iter()
        .map(|name| property("plimsoll:crate", name));
    let found = [
        property("plimsoll:linked", "static"),
        property("plimsoll:found", &copy.found),
    ];
    Component {
        kind: "library",
        reference: reference_of(copy),
        name: copy.name.clone(),
        version: copy.version.clone(),
        properties: found.into_iter().chain(of_crate).collect(),
        ..Component::default()
    }
}

/// The package needs the crates of its programs and the shared libraries, and a crate what it links.
fn dependencies(contents: &Contents<'_>, main: &Component) -> Vec<Dependency> {
    let own = contents
        .linked
        .iter()
        .filter(|package| package.source.is_none());
    let shared = contents
        .libraries
        .iter()
        .map(|it| format!("shared:{}", it.soname));
    let nameless = contents
        .bundled
        .iter()
        .filter(|copy| copy.of_crate.is_none());
    let of_main = own.map(|package| reference(package)).chain(shared);
    let main = Dependency {
        reference: main.reference.clone(),
        depends_on: of_main.chain(nameless.map(reference_of)).collect(),
    };
    let of_crates = contents.linked.iter().map(|package| {
        let name = shown(package);
        let held = contents.bundled.iter();
        let held = held.filter(|copy| copy.of_crate.as_ref() == Some(&name));
        let linked = contents.crates.of(package, contents.linked);
        let linked = linked.into_iter().map(reference);
        Dependency {
            reference: reference(package),
            depends_on: linked.chain(held.map(reference_of)).collect(),
        }
    });
    std::iter::once(main).chain(of_crates).collect()
}

/// A crate with its version.
pub(crate) fn shown(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

fn reference(package: &Package) -> String {
    format!("crate:{}@{}", package.name, package.version)
}

fn reference_of(copy: &Bundled) -> String {
    let crates = copy.of_crate.as_deref().unwrap_or("program");
    format!("held:{}:{}", crates.replace(' ', "@"), copy.name)
}

fn property(name: &'static str, value: &str) -> Property {
    Property {
        name,
        value: value.to_owned(),
    }
}

/// A part of a package URL: what is not an unreserved character is escaped.
fn encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
