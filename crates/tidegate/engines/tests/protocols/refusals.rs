//! Refusals of the daemon, as codes of CNI.

use error_hint::Failure as Shown;
use serde_json::Value;
use tidegate_api::{Refusal, RefusalCode, RefusalKind};
use tidegate_engines::cni::{Failure, Version};

#[test]
fn a_refusal_has_the_code_after_which_runtimes_do_what_helps() {
    for (kind, code, expected) in [
        // 3: nothing is there that a DEL could remove. 11: the runtime tries again.
        (RefusalKind::NotFound, RefusalCode::NamespaceGone, 3),
        (RefusalKind::Failed, RefusalCode::NamespaceGone, 3),
        (RefusalKind::Failed, RefusalCode::TryAgain, 11),
        (RefusalKind::Failed, RefusalCode::Failed, 100),
        (RefusalKind::Conflict, RefusalCode::PortTaken, 101),
        (RefusalKind::NotFound, RefusalCode::NoSuchNetwork, 102),
        (RefusalKind::Invalid, RefusalCode::Invalid, 7),
    ] {
        let failure = Failure::refusal(
            Version::NEWEST,
            Refusal::new(kind, code, Shown::new("it is so")),
        );
        let answer: Value = serde_json::from_str(&failure.answer()).unwrap();
        assert_eq!(answer["code"], expected, "{code:?}");
    }
}
