//! What an upgrade restarts.
//!
//! cargo-deb restarts every unit of a package in one call, as dh_installsystemd(1) does. Where a service has a socket,
//! that is a race: systemd refuses to start a socket whose service is active, and where the service came up first, the
//! socket stayed down (seen with systemd 247). A socket need not be restarted: it outlives its service, and a service
//! that requires it starts it where it is down.

/// What cargo-deb writes before the units that it starts or restarts.
const CALL: &str = "deb-systemd-invoke $_dh_action ";

/// What it writes before the units that it restarts only.
const RESTART: &str = "deb-systemd-invoke try-restart ";

/// The program that starts and restarts units.
const PROGRAM: &str = "deb-systemd-invoke ";

/// A postinst script that restarts no socket.
///
/// # Errors
/// When it starts or restarts sockets in another way than is known.
pub(super) fn of_services(script: &str) -> Result<String, &'static str> {
    let lines = script.lines().map(|line| {
        let has_sockets = line.split(' ').any(is_socket);
        let call = line.trim_start();
        Ok(if !has_sockets || !call.contains(PROGRAM) {
            format!("{line}\n")
        } else if call.starts_with(CALL) {
            format!("{}\n", start_or_restart(line))
        } else if call.starts_with(RESTART) {
            format!("{}\n", restart(line))
        } else {
            return Err("its postinst restarts units in another way than was expected");
        })
    });
    lines.collect()
}

fn is_socket(word: &str) -> bool {
    word.ends_with(".socket")
}

/// The line without sockets; one that does nothing if it has no other unit.
fn restart(line: &str) -> String {
    let words = line.split(' ').filter(|word| !is_socket(word));
    let words: Vec<&str> = words.collect();
    match words.iter().any(|word| is_unit(word)) {
        true => words.join(" "),
        false => format!("{}:", indent(line)),
    }
}

/// Whether a word of a call is a unit: neither the program, the action, nor what becomes of its output.
fn is_unit(word: &str) -> bool {
    let word = word.trim_start();
    word.contains('.') && !word.starts_with(['>', '/'])
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// The line for an installation, and one for an upgrade.
fn start_or_restart(line: &str) -> String {
    let indent = indent(line);
    let restart = restart(line);
    [
        "if [ \"$_dh_action\" = start ]; then",
        &format!("\t{}", line.trim_start()),
        "else",
        &format!("\t{}", restart.trim_start()),
        "fi",
    ]
    .map(|line| format!("{indent}{line}"))
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(call: &str) -> String {
        format!("set -e\n\t\t{call} >/dev/null || true\nexit 0\n")
    }

    #[test]
    fn sockets_are_started_and_not_restarted() {
        let script = script("deb-systemd-invoke $_dh_action a.service a.socket");
        let wanted = "set -e\n\
            \t\tif [ \"$_dh_action\" = start ]; then\n\
            \t\t\tdeb-systemd-invoke $_dh_action a.service a.socket >/dev/null || true\n\
            \t\telse\n\
            \t\t\tdeb-systemd-invoke $_dh_action a.service >/dev/null || true\n\
            \t\tfi\n\
            exit 0\n";
        assert_eq!(of_services(&script).unwrap(), wanted);
    }

    #[test]
    fn a_call_that_only_restarts_loses_its_sockets() {
        let both = script("deb-systemd-invoke try-restart a.service a.socket");
        assert_eq!(
            of_services(&both).unwrap(),
            script("deb-systemd-invoke try-restart a.service")
        );
        let alone = script("deb-systemd-invoke try-restart a.socket");
        assert_eq!(of_services(&alone).unwrap(), "set -e\n\t\t:\nexit 0\n");
    }

    #[test]
    fn a_script_that_restarts_otherwise_is_refused() {
        assert!(of_services(&script("deb-systemd-invoke --user restart a.socket")).is_err());
    }

    #[test]
    fn without_sockets_nothing_is_changed() {
        for action in ["$_dh_action", "try-restart"] {
            let script = script(&format!("deb-systemd-invoke {action} a.service"));
            assert_eq!(of_services(&script).unwrap(), script);
        }
    }
}
