//! What an upgrade restarts.
//!
//! cargo-deb restarts every unit of a package in one call, as dh_installsystemd(1) does. Where a service has a socket,
//! that is a race: systemd refuses to start a socket whose service is active, and where the service came up first, the
//! socket stayed down (seen with systemd 247). A socket need not be restarted: it outlives its service, and a service
//! that requires it starts it where it is down.

/// What cargo-deb writes before the units that it starts or restarts.
const CALL: &str = "deb-systemd-invoke $_dh_action ";

/// The postinst script with services alone restarted where the package has sockets.
///
/// # Errors
/// When there are sockets, and no line that restarts them is found.
pub(super) fn of_services(script: &str, has_sockets: bool) -> Result<String, &'static str> {
    let is_call = |line: &&str| line.trim_start().starts_with(CALL);
    if !has_sockets {
        return Ok(script.to_owned());
    }
    if script.lines().filter(is_call).count() != 1 {
        return Err("its postinst restarts units in another way than was expected");
    }
    let lines = script.lines().map(|line| match is_call(&line) {
        true => format!("{}\n", without_sockets(line)),
        false => format!("{line}\n"),
    });
    Ok(lines.collect())
}

/// The line for an installation, and one for an upgrade.
fn without_sockets(line: &str) -> String {
    let indent = &line[..line.len() - line.trim_start().len()];
    let services: Vec<&str> = line
        .split(' ')
        .filter(|word| !word.ends_with(".socket"))
        .collect();
    let (all, services) = (line.trim_start(), services.join(" "));
    [
        "if [ \"$_dh_action\" = start ]; then",
        &format!("\t{all}"),
        "else",
        &format!("\t{}", services.trim_start()),
        "fi",
    ]
    .map(|line| format!("{indent}{line}"))
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "set -e\n\
        \t\tdeb-systemd-invoke $_dh_action a.service a.socket >/dev/null || true\n\
        exit 0\n";

    #[test]
    fn sockets_are_started_and_not_restarted() {
        let script = of_services(SCRIPT, true).unwrap();
        let wanted = "set -e\n\
            \t\tif [ \"$_dh_action\" = start ]; then\n\
            \t\t\tdeb-systemd-invoke $_dh_action a.service a.socket >/dev/null || true\n\
            \t\telse\n\
            \t\t\tdeb-systemd-invoke $_dh_action a.service >/dev/null || true\n\
            \t\tfi\n\
            exit 0\n";
        assert_eq!(script, wanted);
    }

    #[test]
    fn without_sockets_nothing_is_changed() {
        assert_eq!(of_services(SCRIPT, false).unwrap(), SCRIPT);
    }

    #[test]
    fn a_script_that_restarts_otherwise_is_refused() {
        for script in ["exit 0\n", &SCRIPT.repeat(2)] {
            assert!(of_services(script, true).is_err(), "{script}");
        }
    }
}
