use plimsoll_probe::FlavourName;
use plimsoll_probe::fakes::sampled;

use super::*;
use crate::audit::BuiltProgram;
use crate::audit::fixtures::{daemon, exec_daemon, owners};
use plimsoll_plan::plan::PackagePlan;
use plimsoll_spec::Relations;

const DYNAMIC_DEB: [&str; 2] = ["libc6 (>= 2.34)", "libnftables1 (>= 1.0.2)"];

fn known(name: FormatName) -> &'static dyn Format {
    Formats::standard().get(name).expect("a standard format")
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn plan(format: FormatName, flavour: FlavourName) -> PackagePlan {
    let relation = match flavour == FlavourName::DYNAMIC {
        true => Relation::Recommends,
        false => Relation::Depends,
    };
    PackagePlan {
        name: "sample".to_owned(),
        holds: texts(&["sample"]),
        programs: texts(&["sampled"]),
        debug_of: None,
        file: format!("sample.{format}"),
        format,
        flavour,
        driver: String::new(),
        arch: String::new(),
        declared: Relations::from_iter([(relation, ["nftables"])]),
    }
}

fn faults(plan: &PackagePlan, program: BuiltProgram, depends: &[&str]) -> Vec<String> {
    let mut relations = plan.declared.clone();
    relations.retain(|relation, _| relation != Relation::Depends);
    relations.add(Relation::Depends, depends.iter().copied());
    faults_of(plan, program, relations)
}

fn faults_of(plan: &PackagePlan, program: BuiltProgram, relations: Relations) -> Vec<String> {
    let report = PackageReport {
        relations,
        files: texts(&["/usr/sbin/sampled"]),
    };
    let facts = PackageFacts {
        plan,
        libraries: &sampled().libraries,
        owners: &owners(),
        programs: &[program],
        lent: &[],
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
        lent: &[],
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

#[test]
fn every_relation_is_compared_with_the_plan() {
    let mut plan = plan(FormatName::DEB, FlavourName::DYNAMIC);
    let planned = [
        (Relation::PreDepends, "aa"),
        (Relation::Breaks, "bb (<< 1)"),
        (Relation::Provides, "cc"),
    ];
    for (relation, text) in planned {
        plan.declared.add(relation, [text]);
    }
    let mut relations = plan.declared.clone();
    relations.add(Relation::Depends, DYNAMIC_DEB);
    assert_eq!(faults_of(&plan, daemon(), relations.clone()), [""; 0]);
    relations.retain(|_, text| text != "aa" && text != "bb (<< 1)");
    relations.add(Relation::Breaks, ["bb"]);
    relations.add(Relation::Replaces, ["dd"]);
    assert_eq!(
        faults_of(&plan, daemon(), relations),
        [
            "sample.deb: does not pre-depend on aa",
            "sample.deb: does not break bb (<< 1)",
            "sample.deb: breaks bb, which nothing declares",
            "sample.deb: replaces dd, which nothing declares",
        ]
    );
}

#[test]
fn what_rpm_says_of_a_package_itself_needs_no_declaration() {
    let plan = PackagePlan {
        name: "sample".to_owned(),
        ..plan(FormatName::RPM, FlavourName::DYNAMIC)
    };
    let mut relations = plan.declared.clone();
    relations.add(
        Relation::Depends,
        [
            "libc.so.6()(64bit)",
            "libc.so.6(GLIBC_2.2.5)(64bit)",
            "libc.so.6(GLIBC_2.34)(64bit)",
            "libnftables.so.1()(64bit)",
            "libnftables.so.1(LIBNFTABLES_1)(64bit)",
            "rpmlib(RichDependencies) <= 4.12.0-1",
        ],
    );
    let own = [
        "sample = 1.0-1",
        "sample(x86-64) = 1.0-1",
        "config(sample) = 1.0-1",
        "user(sample)",
    ];
    relations.add(Relation::Provides, own);
    relations.add(Relation::Recommends, ["user(sample)"]);
    relations.add(Relation::RequiresPre, ["user(sample)"]);
    assert_eq!(faults_of(&plan, daemon(), relations.clone()), [""; 0]);
    relations.add(Relation::Provides, ["samp = 1"]);
    let fault = "sample.rpm: provides samp = 1, which nothing declares";
    assert_eq!(faults_of(&plan, daemon(), relations), [fault]);
}
