//! Rules that log, count, mark and refuse.

use tidegate_nft::*;

use super::rule;

pub(super) fn acting_rules() -> Vec<Rule> {
    let log = |log| vec![Statement::Log(log)];
    let prefix = || LogPrefix::new("refused; #1: ").ok();
    let tcp = || fields::L4PROTO.is(InetProto::TCP);
    let mut rules = vec![
        rule(
            name!("rerouting"),
            [
                Statement::SetMark {
                    kind: MarkKind::Meta,
                    mark: Mark(5),
                },
                Statement::SetMark {
                    kind: MarkKind::Ct,
                    mark: Mark(0xdead_beef),
                },
            ],
        ),
        rule(
            name!("inner"),
            log(Log::Kernel {
                prefix: None,
                level: None,
            }),
        ),
        rule(
            name!("inner"),
            log(Log::Group {
                prefix: prefix(),
                group: 3,
            }),
        ),
        rule(name!("inner"), [tcp(), Statement::Reject(Reject::TcpReset)]),
        rule(name!("inner"), [Statement::Counter, Verdict::Accept.into()])
            .comment(Comment::sanitized("all; that } is # left")),
    ];
    for level in [
        LogLevel::Err,
        LogLevel::Warn,
        LogLevel::Notice,
        LogLevel::Info,
        LogLevel::Debug,
    ] {
        let kernel = Log::Kernel {
            prefix: prefix(),
            level: Some(level),
        };
        rules.push(rule(name!("inner"), log(kernel)));
    }
    for how in [
        Reject::PortUnreachable,
        Reject::AdminProhibited,
        Reject::HostUnreachable,
        Reject::NoRoute,
    ] {
        rules.push(rule(name!("inner"), [Statement::Reject(how)]));
    }
    rules
}
