//! The Rust toolchain of a build.

use std::path::PathBuf;

/// Where the Rust toolchain comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// An image laid out as the official `rust` image is: toolchains under
    /// `/usr/local/rustup/toolchains`, Cargo's home in `/usr/local/cargo`.
    Image(String),
    /// A folder with `bin/cargo` in it, as `rustc --print sysroot` names it. The crates come from
    /// the registry in the host's Cargo home, and nothing is fetched during the build.
    Folder(PathBuf),
}

impl Toolchain {
    /// What `--toolchain` names: a folder that is there, else an image.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let folder = PathBuf::from(text);
        match folder.join("bin/cargo").is_file() {
            true => Self::Folder(folder),
            false => Self::Image(text.to_owned()),
        }
    }

    /// The official image of the channel in a `rust-toolchain.toml`; none where that is no release: `stable` and `nightly` have
    /// no image of their name.
    #[must_use]
    pub fn image_of(rust_toolchain: &str) -> Option<Self> {
        let table: toml::Table = rust_toolchain.parse().ok()?;
        Self::official(table.get("toolchain")?.get("channel")?.as_str()?)
    }

    /// The official image of what `rustc --version` prints; none where that is no release.
    #[must_use]
    pub fn image_of_release(version: &str) -> Option<Self> {
        Self::official(version.split_whitespace().nth(1)?)
    }

    fn official(release: &str) -> Option<Self> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
        let is_release = release.split('.').all(is_number);
        let image = || format!("docker.io/library/rust:{release}-slim");
        is_release.then(|| Self::Image(image()))
    }
}
