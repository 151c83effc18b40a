//! A fake system made of values, for tests without a host.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::{
    CProgram, CargoFeature, Command, Family, Flavour, FlavourName, KernelCheck, LibraryCheck,
    Linking, Matrix, NativeDep, Output, Packages, RunError, System, Tool, ToolCheck, Tried,
    Version,
};

/// A [`System`] that has what it was given and nothing else.
#[derive(Debug, Clone, Default)]
pub struct FakeSystem {
    env: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, String>,
    programs: BTreeMap<String, PathBuf>,
    commands: BTreeMap<String, Output>,
    compilers: BTreeMap<String, Vec<(String, Tried)>>,
}

impl FakeSystem {
    /// A machine with nothing on it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Puts a file there, and with it the folders that it is in.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }

    /// Puts an executable there, found by the last part of its path.
    #[must_use]
    pub fn program(mut self, path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        self.programs.insert(name, path.into());
        self
    }

    /// Answers the command line `line` with exit status 0 and `stdout`.
    #[must_use]
    pub fn answers(self, line: &str, stdout: &str) -> Self {
        let output = Output {
            status: Some(0),
            stdout: stdout.into(),
            stderr: String::new(),
        };
        self.replies(line, output)
    }

    /// Answers the command line `line` with exit status 1 and `stderr`.
    #[must_use]
    pub fn refuses(self, line: &str, stderr: &str) -> Self {
        let output = Output {
            status: Some(1),
            stdout: String::new(),
            stderr: stderr.into(),
        };
        self.replies(line, output)
    }

    /// Answers the command line `line` with `output`.
    #[must_use]
    pub fn replies(mut self, line: &str, output: Output) -> Self {
        self.commands.insert(line.into(), output);
        self
    }

    /// Has `compiler` treat each program whose source or flags hold `needle` as `tried`; the
    /// first needle that fits counts.
    #[must_use]
    pub fn compiles(mut self, compiler: &str, needle: &str, tried: Tried) -> Self {
        self.compilers
            .entry(compiler.into())
            .or_default()
            .push((needle.into(), tried));
        self
    }
}

impl System for FakeSystem {
    fn run(&self, command: &Command) -> Result<Output, RunError> {
        let not_found = || RunError::NotFound {
            program: command.program.clone(),
        };
        self.commands
            .get(&command.line())
            .cloned()
            .ok_or_else(not_found)
    }

    fn try_c(&self, program: &CProgram) -> Result<Tried, RunError> {
        let not_found = || RunError::NotFound {
            program: program.compiler.clone(),
        };
        let known = self
            .compilers
            .get(&program.compiler)
            .ok_or_else(not_found)?;
        let text = format!("{} {}", program.source, program.flags.join(" "));
        let fits = |(needle, _): &&(String, Tried)| text.contains(needle.as_str());
        known
            .iter()
            .find(fits)
            .map(|(_, tried)| tried.clone())
            .ok_or_else(not_found)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let inside = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(folder).ok());
        let first = inside.filter_map(|rest| rest.iter().next());
        let mut names: Vec<String> = first.map(|name| name.to_string_lossy().into()).collect();
        names.dedup();
        match names.is_empty() {
            true => Err(io::ErrorKind::NotFound.into()),
            false => Ok(names),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.keys().any(|file| file.starts_with(path))
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        self.programs.get(name).cloned()
    }
}

/// The declaration of libnftables, as the tests of this crate and of its users need it.
pub fn libnftables() -> NativeDep {
    let everywhere = |debian, others| -> Packages {
        let names = [
            ("debian", debian),
            ("fedora", others),
            ("rhel", others),
            ("suse", others),
        ];
        let names = names.into_iter();
        names
            .filter_map(|(family, name)| Some((Family::named(family)?, name)))
            .collect()
    };
    NativeDep {
        pkg_config: "libnftables".into(),
        soname: "libnftables.so.1".into(),
        min_version: Version::new(&[0, 9, 3]),
        required: false,
        cargo_feature: Some(CargoFeature {
            package: "sampled".into(),
            feature: "libnftables".into(),
        }),
        linked_by: Vec::new(),
        symbol_version_ceiling: Some("LIBNFTABLES_1".into()),
        devel: everywhere("libnftables-dev", "nftables-devel"),
        runtime: everywhere("libnftables1", "nftables"),
        tool: Some(Tool {
            program: "nft".into(),
            packages: everywhere("nftables", "nftables"),
            check: vec![ToolCheck {
                name: "JSON".into(),
                arguments: vec!["-V".into()],
                yes: "json: yes".into(),
                no: "json: no".into(),
            }],
        }),
        check: vec![LibraryCheck {
            name: "JSON".into(),
            program: "int main(void) { return nft_ctx_new(0) == 0; }".into(),
        }],
        kernel: Some(KernelCheck {
            module: "nf_tables".into(),
            tried_by: ["add", "table", "inet", "probe"].map(str::to_owned).into(),
        }),
    }
}

/// A daemon that links libnftables or runs nft, in three flavours.
pub fn sampled() -> Matrix {
    let flavour = |name, linking, libraries: &[&str]| Flavour {
        name,
        linking,
        libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
    };
    Matrix {
        libraries: BTreeMap::from([("libnftables".to_owned(), libnftables())]),
        flavours: vec![
            flavour(FlavourName::DYNAMIC, Linking::Dynamic, &["libnftables"]),
            flavour(FlavourName::DYNAMIC_EXEC, Linking::Dynamic, &[]),
            flavour(FlavourName::STATIC, Linking::Static, &[]),
        ],
    }
}

/// A compressor that always links zlib, bzip2 and lzma where they are there, and neither runs another program nor has a
/// static flavour without libraries.
pub fn compressor() -> Matrix {
    let library = |name: &str, soname: &str, devel: &str, required| {
        let debian = Family::named("debian");
        let packages = |name: &str| debian.map(|debian| (debian, name)).into_iter().collect();
        let dep = NativeDep {
            pkg_config: name.into(),
            soname: soname.into(),
            min_version: Version::new(&[1]),
            required,
            cargo_feature: (!required).then(|| CargoFeature {
                package: "press".into(),
                feature: name.into(),
            }),
            linked_by: Vec::new(),
            symbol_version_ceiling: None,
            devel: packages(devel),
            runtime: packages(name),
            tool: None,
            check: Vec::new(),
            kernel: None,
        };
        (name.to_owned(), dep)
    };
    let flavour = |name, linking, libraries: &[&str]| Flavour {
        name: FlavourName::new(name),
        linking,
        libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
    };
    Matrix {
        libraries: BTreeMap::from([
            library("bzip2", "libbz2.so.1.0", "libbz2-dev", false),
            library("lzma", "liblzma.so.5", "liblzma-dev", false),
            library("zlib", "libz.so.1", "zlib1g-dev", true),
        ]),
        flavours: vec![
            flavour("full", Linking::Dynamic, &["bzip2", "lzma"]),
            flavour("lean", Linking::Dynamic, &["lzma"]),
            flavour("plain", Linking::Dynamic, &[]),
            flavour("static", Linking::Static, &["lzma"]),
        ],
    }
}
