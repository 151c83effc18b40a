use plimsoll_probe::{Answer, Needs};

use super::*;

fn mend() -> Option<Mend> {
    Some(Mend {
        command: "apt-get install rpm".into(),
        packages: vec!["rpm".into()],
    })
}

fn cannot_build() -> PlanError {
    PlanError::CannotBuild {
        flavour: "static".into(),
        source: Box::new(CannotBuild {
            needs: Box::new(Needs::Compiler {
                target: "x86_64-unknown-linux-gnu".into(),
            }),
            answer: Answer::no("cc is not installed"),
            mend: mend(),
        }),
    }
}

#[test]
fn what_lacks_a_package_is_mended_by_installing_it() {
    let strict = PlanError::Strict {
        wanted: FlavourName::DYNAMIC,
        because: "no library".into(),
        mend: mend(),
    };
    let package = PlanError::CannotPackage {
        format: FormatName::RPM,
        because: "no rpm".into(),
        mend: mend(),
    };
    for error in [cannot_build(), strict, package] {
        assert_eq!(error.mend(), mend().as_ref(), "{error}");
        assert_eq!(error.hint().as_deref(), Some("apt-get install rpm"));
    }
}

#[test]
fn what_the_configuration_lacks_is_mended_there() {
    let nothing = PlanError::Nothing {
        flavour: "static".into(),
        formats: "deb".into(),
    };
    let name = PlanError::NoPackageName {
        family: "Debian",
        what: "nft".into(),
    };
    let own = PlanError::Own {
        format: FormatName::RPM,
        what: "unknown key".into(),
    };
    for error in [nothing, name, own] {
        assert_eq!(error.mend(), None, "{error}");
        let hint = error.hint().unwrap_or_default().into_owned();
        assert!(hint.contains("packaging/dist.toml"), "{hint}");
    }
    let unknown = PlanError::UnknownFormat(UnknownFormat::new("zip", &[FormatName::DEB]));
    assert_eq!((unknown.mend(), unknown.hint()), (None, None));
}

#[test]
fn only_a_format_that_is_left_out_cannot_be_packaged() {
    let left_out = |format| LeftOut {
        flavour: FlavourName::STATIC,
        format,
        because: "no rpm".into(),
        mend: mend(),
    };
    assert_eq!(PlanError::cannot_package(&left_out(None)), None);
    let error = PlanError::cannot_package(&left_out(Some(FormatName::RPM)));
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("cannot make .rpm packages here: no rpm")
    );
}
