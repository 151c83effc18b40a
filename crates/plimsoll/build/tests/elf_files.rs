//! Helpers and libraries among the assets: their dependencies are the package's.

#![expect(clippy::unwrap_used, reason = "a test reports a failure by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_build::audit::fixtures::owners;
use plimsoll_build::audit::{BuiltProgram, Fault, PackageFacts, audit_build, audit_libraries};
use plimsoll_build::depends::DependsError;
use plimsoll_build::elf_files;
use plimsoll_build::format::{Format, Formats, Programs};
use plimsoll_plan::fixtures;
use plimsoll_plan::plan::PackagePlan;
use plimsoll_probe::{Answer, FlavourName, Ownership};
use plimsoll_spec::{FileKind, FormatName, PackageFile, PackageReport, Relations};

/// Compiles C with options, for a file of that name.
fn compiled(folder: &Path, name: &str, code: &str, options: &[&str]) -> PathBuf {
    let source = folder.join(format!("{name}.c"));
    let out = folder.join(name);
    std::fs::write(&source, code).unwrap();
    let output = Command::new("cc")
        .current_dir(folder)
        .arg("-o")
        .args([&out, &source])
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    out
}

fn packaged(source: &Path, dest: &str) -> PackageFile {
    PackageFile {
        source: source.to_owned(),
        dest: dest.to_owned(),
        mode: 0o755,
        kind: FileKind::Plain,
        gzip: false,
        link: None,
        owner: plimsoll_spec::Owner::default(),
        folder: false,
    }
}

/// A package with a program, a library that is its own, and a helper that needs it and zlib.
struct Sample {
    folder: tempfile::TempDir,
    files: Vec<PackageFile>,
    programs: Vec<BuiltProgram>,
}

impl Sample {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let program = compiled(at, "sampled", "int main(void) { return 0; }", &[]);
        let shared = ["-shared", "-fPIC", "-Wl,-soname,libown.so.1"];
        let own = compiled(at, "libown.so.1.0", "int own(void) { return 1; }", &shared);
        std::os::unix::fs::symlink("libown.so.1.0", at.join("libown.so.1")).unwrap();
        let helper = compiled(
            at,
            "helper",
            "int own(void);\nconst char *zlibVersion(void);\n\
             int main(void) { return own() + zlibVersion()[0]; }",
            &["-L.", "-l:libown.so.1", "-l:libz.so.1"],
        );
        let link = PackageFile {
            link: Some("libown.so.1.0".into()),
            ..packaged(&at.join("libown.so.1"), "/usr/lib/sample/libown.so.1")
        };
        let files = vec![
            packaged(&program, "/usr/sbin/sampled"),
            packaged(&own, "/usr/lib/sample/libown.so.1.0"),
            link,
            packaged(&helper, "/usr/lib/sample/helper"),
        ];
        let built = BuiltProgram::read("sampled", &program, Vec::new()).unwrap();
        let programs = all(&files, &[built]).unwrap();
        Self {
            folder,
            files,
            programs,
        }
    }

    fn derived(&self, format: FormatName) -> Result<Vec<String>, DependsError> {
        let formats = Formats::standard();
        let format: &dyn Format = formats.get(format).unwrap();
        format.derive(&Programs {
            package: "sample",
            built: &self.programs,
            lent: &[],
            files: &self.files,
            work: &self.folder.path().join("work"),
        })
    }
}

fn all(
    files: &[PackageFile],
    built: &[BuiltProgram],
) -> Result<Vec<BuiltProgram>, plimsoll_build::elf::ElfError> {
    let files = files.iter().filter(|file| file.link.is_none());
    let files = files.map(|file| (file.dest.clone(), file.source.clone()));
    elf_files::all(files, built, FlavourName::DYNAMIC_EXEC, &fixtures::config())
}

#[test]
fn helpers_and_libraries_are_found_by_what_they_are() {
    let sample = Sample::new();
    let names: Vec<&str> = sample.programs.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "sampled",
            "/usr/lib/sample/libown.so.1.0",
            "/usr/lib/sample/helper"
        ]
    );
}

#[test]
fn an_rpm_requires_what_a_helper_needs_and_the_package_does_not_bring() {
    let derived = Sample::new().derived(FormatName::RPM).unwrap();
    assert!(
        derived.contains(&"libz.so.1()(64bit)".to_owned()),
        "{derived:?}"
    );
    let own = derived.iter().any(|name| name.contains("libown"));
    assert!(!own, "{derived:?}");
}

#[test]
fn rpm_reads_every_elf_file_as_we_do() {
    let sample = Sample::new();
    let plan = PackagePlan {
        name: "sample".to_owned(),
        holds: vec!["sample".to_owned()],
        programs: Vec::new(),
        debug_of: None,
        file: "sample.rpm".to_owned(),
        format: FormatName::RPM,
        flavour: FlavourName::DYNAMIC_EXEC,
        driver: String::new(),
        arch: String::new(),
        declared: Relations::default(),
    };
    let facts = PackageFacts {
        plan: &plan,
        libraries: &fixtures::config().native_dep,
        owners: &owners(),
        programs: &sample.programs,
        lent: &[],
        files: &[],
        report: &PackageReport::default(),
    };
    let paths: Vec<&Path> = sample.programs.iter().map(|it| it.path.as_path()).collect();
    let formats = Formats::standard();
    let format = formats.get(FormatName::RPM).unwrap();
    // None where rpm is not installed.
    assert_eq!(format.second_reading(&facts, &paths).unwrap(), []);
}

#[test]
fn a_debian_package_depends_on_what_a_helper_needs_and_the_package_does_not_bring() {
    let derived = match Sample::new().derived(FormatName::DEB) {
        Err(DependsError::NoShlibdeps { .. }) => return,
        derived => derived.unwrap(),
    };
    let packages: Vec<_> = derived
        .iter()
        .filter_map(|it| it.split(' ').next())
        .collect();
    assert_eq!(packages, ["libc6", "zlib1g"]);
}

#[test]
fn what_a_helper_should_not_need_is_named_with_its_path() {
    let mut sample = Sample::new();
    let mut owners = owners();
    let nobody = Ownership {
        package: None,
        toolchain: Answer::no("no package has it"),
    };
    owners.insert("libown.so.1".to_owned(), nobody);
    let texts = |flavour, programs: &[BuiltProgram]| -> Vec<String> {
        let config = fixtures::config();
        let mut faults = audit_build(flavour, &config, programs);
        faults.extend(audit_libraries(&config, &owners, programs, &[]));
        faults.iter().map(Fault::to_string).collect()
    };
    let assets = sample.programs.split_off(1);
    let undeclared =
        |soname| format!("/usr/lib/sample/helper: needs {soname}, which no native-dep declares");
    assert_eq!(
        texts(FlavourName::DYNAMIC_EXEC, &assets),
        [undeclared("libz.so.1")]
    );
    assert_eq!(
        texts(FlavourName::DYNAMIC_EXEC, &assets[1..]),
        [undeclared("libown.so.1"), undeclared("libz.so.1")]
    );
    let faults = texts(FlavourName::STATIC, &assets[1..]);
    let wanted = "/usr/lib/sample/helper: flavour static is planned, but the file is dynamic";
    assert!(faults[0].starts_with(wanted), "{faults:?}");
}

#[test]
fn a_helper_for_another_processor_is_refused_by_name() {
    let sample = Sample::new();
    let helper = sample.folder.path().join("helper");
    let mut content = std::fs::read(&helper).unwrap();
    content[18] = 0xb7;
    content[19] = 0;
    std::fs::write(&helper, content).unwrap();
    let built = &sample.programs[..1];
    let error = all(&sample.files, built).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("helper is for processor 183, and the programs"),
        "{text}"
    );
}
