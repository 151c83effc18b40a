//! Where the time of a command went.

use tidegate_tests::{Host, Lab, Netns, Programs, require_root_kernel};

use crate::drivers;

#[test]
fn a_command_tells_where_its_time_went_when_it_is_asked_to() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let quiet = lab.host.tidegate(&["network", "create", "web"]);
        assert_eq!(quiet.stderr, "");
        let netns = Netns::new();
        let attach = [
            "--timings",
            "attach",
            "web",
            "--netns",
            netns.name(),
            "--json",
        ];
        let told = lab.host.tidegate(&attach);
        assert_eq!(told.code, Some(0), "{told:#?}");
        let endpoint: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
        assert_eq!(endpoint["network"], "web", "the answer is as ever");
        let mut lines = told.stderr.lines();
        assert!(
            lines.next().unwrap().starts_with("POST /v1/endpoints "),
            "{told:#?}"
        );
        let time = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words[words.len() - 2].parse::<f64>().unwrap()
        };
        let whole = time(told.stderr.lines().next().unwrap());
        let parts = lines.filter(|line| line.starts_with(['├', '└'])).map(time);
        assert!((parts.sum::<f64>() - whole).abs() < 0.01, "{}", told.stderr);
        for stage in ["wait", "plan", "nft", "netlink", "store", "other"] {
            let line = told
                .stderr
                .lines()
                .find(|line| line.contains(&format!("─ {stage} ")));
            assert!(
                line.is_some_and(|line| time(line) >= 0.0),
                "{stage}: {}",
                told.stderr
            );
        }
    }
}

#[test]
fn each_stage_and_step_of_a_command_is_logged_with_its_time_where_that_is_asked_for() {
    require_root_kernel!();
    let programs = Programs::of_this_tree();
    let mut host = Host::new(programs, &["--log-level", "debug"]);
    host.start();
    host.ok(&["network", "create", "web"]);
    let log = host.log();
    let has_time = |of: &str| {
        let mut lines = log.lines();
        lines.any(|line| line.contains(of) && line.contains("done took="))
    };
    for stage in ["wait", "plan", "nft", "store"] {
        assert!(
            has_time(&format!("stage{{name=\"{stage}\"}}")),
            "{stage}: {log}"
        );
    }
    let step = "step{name=\"add-bridge\"}:stage{name=\"netlink\"}";
    assert!(has_time(step), "{log}");
}
