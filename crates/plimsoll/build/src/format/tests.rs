use plimsoll_probe::FlavourName;
use plimsoll_probe::fakes::sampled;

use super::*;
use crate::audit::BuiltProgram;
use crate::audit::fixtures::{daemon, exec_daemon, owners};
use plimsoll_plan::plan::{DeclaredDepends, PackagePlan};

const DYNAMIC_DEB: [&str; 2] = ["libc6 (>= 2.34)", "libnftables1 (>= 1.0.2)"];

fn known(name: FormatName) -> &'static dyn Format {
    Formats::standard().get(name).expect("a standard format")
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn plan(format: FormatName, flavour: FlavourName) -> PackagePlan {
    let tool = vec!["nftables".to_owned()];
    let declared = if flavour == FlavourName::DYNAMIC {
        DeclaredDepends {
            depends: Vec::new(),
            recommends: tool,
        }
    } else {
        DeclaredDepends {
            depends: tool,
            recommends: Vec::new(),
        }
    };
    PackagePlan {
        name: "sample".to_owned(),
        holds: texts(&["sample"]),
        programs: texts(&["sampled"]),
        file: format!("sample.{format}"),
        format,
        flavour,
        driver: String::new(),
        arch: String::new(),
        declared,
    }
}

fn faults(plan: &PackagePlan, program: BuiltProgram, depends: &[&str]) -> Vec<String> {
    let report = PackageReport {
        depends: texts(depends),
        recommends: plan.declared.recommends.clone(),
        files: texts(&["/usr/sbin/sampled"]),
    };
    let facts = PackageFacts {
        plan,
        libraries: &sampled().libraries,
        owners: &owners(),
        programs: &[program],
        files: &texts(&["/usr/sbin/sampled"]),
        report: &report,
    };
    known(plan.format)
        .audit(&facts)
        .iter()
        .map(Fault::to_string)
        .collect()
}

fn deb(program: BuiltProgram, depends: &[&str]) -> Vec<String> {
    let flavour = if !program.libraries.is_empty() {
        FlavourName::DYNAMIC
    } else {
        FlavourName::DYNAMIC_EXEC
    };
    faults(&plan(FormatName::DEB, flavour), program, depends)
}

fn rpm(program: BuiltProgram, depends: &[&str]) -> Vec<String> {
    let flavour = if !program.libraries.is_empty() {
        FlavourName::DYNAMIC
    } else {
        FlavourName::DYNAMIC_EXEC
    };
    faults(&plan(FormatName::RPM, flavour), program, depends)
}

#[test]
fn packages_that_agree_have_no_fault() {
    assert_eq!(deb(daemon(), &DYNAMIC_DEB), [""; 0]);
    assert_eq!(
        deb(exec_daemon(), &["libc6 (>= 2.34)", "nftables"]),
        [""; 0]
    );
    let libraries = [
        "/bin/sh",
        "config(sample) = 0.1.0-1",
        "libc.so.6()(64bit)",
        "libc.so.6(GLIBC_2.2.5)(64bit)",
        "libc.so.6(GLIBC_2.34)(64bit)",
        "libnftables.so.1()(64bit)",
        "libnftables.so.1(LIBNFTABLES_1)(64bit)",
        "rpmlib(CompressedFileNames) <= 3.0.4-1",
    ];
    assert_eq!(rpm(daemon(), &libraries), [""; 0]);
}

#[test]
fn a_dropped_library_is_a_fault() {
    assert_eq!(
        deb(daemon(), &["libc6 (>= 2.34)"]),
        ["sample.deb: does not depend on libnftables1, which it links"]
    );
    let faults = rpm(daemon(), &["libc.so.6()(64bit)"]);
    assert!(
        faults.contains(
            &"sample.rpm: does not require libnftables.so.1()(64bit), which it links".to_owned()
        ),
        "{faults:?}"
    );
}

#[test]
fn an_added_library_is_a_fault() {
    assert_eq!(
        deb(
            exec_daemon(),
            &["libc6 (>= 2.34)", "libnftables1 (>= 1.0.2)", "nftables"]
        ),
        ["sample.deb: depends on libnftables1 (>= 1.0.2), which nothing in it links or declares"]
    );
    let depends = [
        "libc.so.6()(64bit)",
        "libc.so.6(GLIBC_2.2.5)(64bit)",
        "libc.so.6(GLIBC_2.34)(64bit)",
        "libmnl.so.0()(64bit)",
        "nftables",
    ];
    assert_eq!(
        rpm(exec_daemon(), &depends),
        ["sample.rpm: requires libmnl.so.0()(64bit), which nothing in it links or declares"]
    );
}

#[test]
fn the_exec_flavour_without_its_tool_is_a_fault() {
    assert_eq!(
        deb(exec_daemon(), &["libc6 (>= 2.34)"]),
        ["sample.deb: does not depend on nftables"]
    );
}

#[test]
fn no_dependency_at_all_is_a_fault() {
    let faults = deb(daemon(), &[]);
    assert!(faults.contains(&"sample.deb: does not depend on libc6, which it links".to_owned()));
}

#[test]
fn a_glibc_older_than_the_symbols_is_a_fault() {
    assert_eq!(
        deb(daemon(), &["libc6 (>= 2.31)", "libnftables1 (>= 1.0.2)"]),
        ["sample.deb: depends on libc6 2.31, but its programs need GLIBC_2.34"]
    );
    assert_eq!(
        deb(daemon(), &["libc6", "libnftables1"]),
        ["sample.deb: depends on libc6 any version, but its programs need GLIBC_2.34"]
    );
}

#[test]
fn a_file_that_is_not_in_the_package_is_a_fault() {
    let plan = plan(FormatName::TAR, FlavourName::STATIC);
    let facts = PackageFacts {
        plan: &plan,
        libraries: &sampled().libraries,
        owners: &owners(),
        programs: &[],
        files: &texts(&["/usr/bin/sample"]),
        report: &PackageReport::default(),
    };
    let faults: Vec<String> = known(plan.format)
        .audit(&facts)
        .iter()
        .map(Fault::to_string)
        .collect();
    assert_eq!(faults, ["sample.tar: does not hold /usr/bin/sample"]);
}
