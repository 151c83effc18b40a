//! Every request that was recorded from engines of Debian 12 and 13, and what becomes of it: podman 4.3.1 with libcni,
//! `ctr --cni` of containerd 1.6.20, podman 5.4.2 with netavark 1.14.0.

use std::fmt::Write;
use std::path::Path;

use expect_test::{Expect, expect};
use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_api::Attach;
use tidegate_engines::cni::{Environment, Wanted, read};
use tidegate_engines::netavark::{Create, Setup, teardown};

#[derive(Deserialize)]
struct Recorded {
    step: String,
    call: String,
    #[serde(default)]
    environment: Map<String, Value>,
    #[serde(default)]
    arguments: Vec<String>,
    stdin: Value,
}

fn recorded(engine: &str) -> Vec<Recorded> {
    let file = format!("tests/recorded/{engine}.json");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// The parts of a request that differ between containers.
fn shown(request: &Attach) -> String {
    let joined = |texts: Vec<String>| texts.join(" ");
    let name = request.name.as_ref().unwrap();
    let aliases = request.aliases.iter().map(ToString::to_string).collect();
    let mut shown = format!("{name} on {} as {}", request.network, joined(aliases));
    let addresses: Vec<_> = request.addresses.iter().map(ToString::to_string).collect();
    let ports: Vec<_> = request.ports.iter().map(ToString::to_string).collect();
    for (what, texts) in [("at", addresses), ("ports", ports)] {
        if !texts.is_empty() {
            write!(shown, ", {what} {}", joined(texts)).unwrap();
        }
    }
    if let Some(mac) = request.mac {
        write!(shown, ", {mac}").unwrap();
    }
    format!("{shown}, host ports held by the {}", request.host_ports)
}

fn cni(recorded: &Recorded) -> String {
    let variable = |name: &str| match name {
        "CNI_COMMAND" => Some(recorded.call.clone().into()),
        name => recorded.environment.get(name)?.as_str().map(Into::into),
    };
    let asked = read(
        &Environment::of(variable),
        recorded.stdin.to_string().as_bytes(),
    );
    match asked.map(|asked| asked.wanted) {
        Ok(Wanted::Add(add)) => shown(&add.request),
        Ok(Wanted::Del(owner)) => owner.id.to_string(),
        Ok(Wanted::Version(versions)) => versions,
        Ok(other) => format!("{other:?}"),
        Err(failure) => failure.answer(),
    }
}

fn netavark(recorded: &Recorded) -> String {
    let text = recorded.stdin.to_string();
    let text = text.as_bytes();
    let done = match recorded.call.as_str() {
        "create" => Create::read(text).map(|create| match create.question([].into_iter()) {
            None => "complete".to_owned(),
            Some(wanted) => format!("lacks subnets: IPv4 {}, IPv6 {}", wanted.ipv4, wanted.ipv6),
        }),
        "setup" => {
            let netns = recorded.arguments.last().unwrap();
            Setup::read(netns.into(), text).map(|setup| shown(&setup.request))
        }
        _ => teardown(text).map(|owner| owner.id.to_string()),
    };
    done.unwrap_or_else(|refused| format!("refused: {refused}"))
}

fn all(engine: &str, done: impl Fn(&Recorded) -> String, expected: Expect) {
    let mut text = String::new();
    for recorded in recorded(engine) {
        let Recorded { step, call, .. } = &recorded;
        writeln!(text, "{step} {call}: {}", done(&recorded)).unwrap();
    }
    expected.assert_eq(&text);
}

#[test]
fn podman_with_libcni() {
    all(
        "podman-4.3",
        cni,
        expect![[r#"
        network-ls VERSION: {"cniVersion":"1.0.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]}
        run-ports ADD: 8a8f5804017f-eth0 on web as c1 8a8f5804017f, ports 8080:80/tcp 8100:90/tcp 8101:91/tcp 8102:92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, host ports held by the engine
        run-random ADD: 0ef66c8d9eee-eth0 on web as c1r 0ef66c8d9eee, ports 36393:80/tcp, host ports held by the engine
        run-ip ADD: 6e8989d158f1-eth0 on web as c2 6e8989d158f1, at 10.99.68.50, host ports held by the engine
        run-mac ADD: 2f6e25968801-eth0 on web as c3 2f6e25968801, 02:11:22:33:44:55, host ports held by the engine
        run-alias ADD: bba7ac062c25-eth0 on web as c4 shop shop2 bba7ac062c25, host ports held by the engine
        run-dns ADD: 940a8850e359-eth0 on web as c5 940a8850e359, host ports held by the engine
        run-two-networks ADD: 8d193eb8cb48-eth1 on back as c6 8d193eb8cb48, ports 8300:80/tcp, host ports held by the engine
        run-two-networks ADD: 8d193eb8cb48-eth0 on web as c6 8d193eb8cb48, ports 8300:80/tcp, host ports held by the engine
        run-two-networks-options ADD: 255f27d874dd-eth0 on back as c6o 255f27d874dd, host ports held by the engine
        run-two-networks-options ADD: 255f27d874dd-net5 on web as c6o al 255f27d874dd, at 10.99.68.77, 02:11:22:33:44:66, host ports held by the engine
        connect ADD: 8a8f5804017f-eth1 on back as c1 al2 8a8f5804017f, ports 8080:80/tcp 8100:90/tcp 8101:91/tcp 8102:92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, host ports held by the engine
        disconnect DEL: 8a8f5804017fdd75800b30749893267fcc0c0c9e65cfa7710d217d4923962819/eth1
        stop DEL: 8a8f5804017fdd75800b30749893267fcc0c0c9e65cfa7710d217d4923962819/eth0
        start ADD: 8a8f5804017f-eth0 on web as c1 8a8f5804017f, ports 8080:80/tcp 8100:90/tcp 8101:91/tcp 8102:92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, host ports held by the engine
        restart DEL: 8a8f5804017fdd75800b30749893267fcc0c0c9e65cfa7710d217d4923962819/eth0
        restart ADD: 8a8f5804017f-eth0 on web as c1 8a8f5804017f, ports 8080:80/tcp 8100:90/tcp 8101:91/tcp 8102:92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, host ports held by the engine
        reload DEL: 8a8f5804017fdd75800b30749893267fcc0c0c9e65cfa7710d217d4923962819/eth0
        reload ADD: 8a8f5804017f-eth0 on web as c1 8a8f5804017f, at 10.99.68.79, ports 8080:80/tcp 8100:90/tcp 8101:91/tcp 8102:92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, 26:e4:49:fa:d8:f7, host ports held by the engine
        kill DEL: bba7ac062c25050dd4f2fd1ac1004f1eeff83a7e3cb411a2bce2a49b63e8ae74/eth0
        rm DEL: 8a8f5804017fdd75800b30749893267fcc0c0c9e65cfa7710d217d4923962819/eth0
        pod ADD: 310dcb10c492-eth0 on web as p1 podalias 310dcb10c492, ports 8400:80/tcp, host ports held by the engine
        pod-rm DEL: 310dcb10c4929495096739663ce4c4e7f7e4fe341afc235fe7c3ce2fb054927d/eth0
        old-spec ADD: 18b6052d481a-eth0 on old as o1 18b6052d481a, ports 8500:80/tcp, host ports held by the engine
        old-spec-rm DEL: 18b6052d481ad16dbbd2b08fa840fbcc6dc1d9eb6195f971031d9d8dd24b709e/eth0
        chain ADD: {"cniVersion":"0.4.0","code":7,"msg":"a plugin before this one made eth0","details":"hint: make \"tidegate\" the first plugin of the list"}
        chain DEL: 384edbbc99001a2ba94b990fa13414ae0c90229efe7f9f03a5063e3aba8fddf6/eth0
        rm-all DEL: 8d193eb8cb482ffe81ee83ff1e6215ce1546b4857e0080fde20d93f67389ca6a/eth1
        rm-all DEL: 8d193eb8cb482ffe81ee83ff1e6215ce1546b4857e0080fde20d93f67389ca6a/eth0
        rm-all DEL: 6e8989d158f1fac345b5884a1abc00840ea0f532fd8034b19e93476b1046e37b/eth0
        rm-all DEL: 940a8850e359d58165b68494bd3f15ecadaa3e92f156aa93bf79cce77946ca00/eth0
        rm-all DEL: 2f6e25968801dfd0b99a1c4b0802451940e14a15cc6a08604d35dded4d572b5c/eth0
        rm-all DEL: 0ef66c8d9eeebe13299d64c6474b5722afe2753ef0b54ef61903a6e3c85f19dd/eth0
        rm-all DEL: 255f27d874dd3065f417483349c7b4182637bda27354c7b3281891e0daa263e3/net5
        rm-all DEL: 255f27d874dd3065f417483349c7b4182637bda27354c7b3281891e0daa263e3/eth0
    "#]],
    );
}

#[test]
fn containerd() {
    all(
        "containerd-1.6",
        cni,
        expect![[r#"
        run ADD: default-c1-eth0 on web as , host ports held by the daemon
        kill DEL: default-c1/eth0
        run-foreground ADD: default-c2-eth0 on web as , host ports held by the daemon
        run-foreground DEL: default-c2/eth0
        run-namespace ADD: k8s.io-c3-eth0 on web as , host ports held by the daemon
        run-namespace DEL: k8s.io-c3/eth0
    "#]],
    );
}

#[test]
fn podman_with_netavark() {
    all(
        "podman-5.4",
        netavark,
        expect![[r#"
        create create: lacks subnets: IPv4 true, IPv6 false
        create-subnets create: complete
        create-options create: refused: the option "vlan" with the value "3" is not supported
        create-internal create: lacks subnets: IPv4 true, IPv6 false
        create-ipv6 create: lacks subnets: IPv4 true, IPv6 true
        create-ipam-dhcp create: refused: the IPAM driver "dhcp" is not supported
        run-ports setup: f4eb35421441-eth0 on web as c1 f4eb35421441, at 10.98.68.2, ports 8080:80/tcp 8100-8102:90-92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, host ports held by the engine
        run-random setup: b4747f96ab06-eth0 on web as c1r b4747f96ab06, at 10.98.68.3, ports 39809:80/tcp, host ports held by the engine
        run-ip setup: 062bb262032a-eth0 on subs as c2 062bb262032a, at 10.96.0.50 fd96::50, host ports held by the engine
        run-mac setup: 51574e8111ab-eth0 on web as c3 51574e8111ab, at 10.98.68.4, 02:11:22:33:44:55, host ports held by the engine
        run-alias setup: 2513b1e31bd6-eth0 on web as c4 shop shop2 2513b1e31bd6, at 10.98.68.5, host ports held by the engine
        run-dns setup: 25d1a0435c38-eth0 on web as c5 25d1a0435c38 h5, at 10.98.68.6, host ports held by the engine
        run-two-networks setup: 7ba7da974aac-eth1 on subs as c6 7ba7da974aac, at 10.96.0.129 fd96::2, ports 8300:80/tcp, host ports held by the engine
        run-two-networks setup: 7ba7da974aac-eth0 on web as c6 7ba7da974aac, at 10.98.68.7, ports 8300:80/tcp, host ports held by the engine
        run-two-networks-options setup: 73c5ac64366b-eth0 on subs as c6o 73c5ac64366b, at 10.96.0.77 fd96::3, host ports held by the engine
        run-two-networks-options setup: 73c5ac64366b-net5 on web as c6o al 73c5ac64366b, at 10.98.68.8, 02:11:22:33:44:66, host ports held by the engine
        run-network-options setup: refused: the key "host_interface_name" of the key "options" with the value "vh7" is not supported
        run-internal setup: 74edeb6fb132-eth0 on int as c9 74edeb6fb132, at 10.98.81.2, ports 8350:80/tcp, host ports held by the engine
        run-udp-both setup: 6f922e217aa3-eth0 on web as c10 6f922e217aa3, at 10.98.68.10, ports 8360:80/tcp 8360:80/udp, host ports held by the engine
        connect setup: f4eb35421441-eth1 on subs as c1 al2 f4eb35421441, at 10.96.0.60 fd96::4, ports 8080:80/tcp 8100-8102:90-92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, host ports held by the engine
        disconnect teardown: f4eb35421441f61ab5c0881d97a305a0d2935c701f0a6451d749cecbe22a46cb/b8ae742afa706e7226bb91fdd0580ba22f002dccbb3b4560805c7257765b06ad
        stop teardown: f4eb35421441f61ab5c0881d97a305a0d2935c701f0a6451d749cecbe22a46cb/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        start setup: f4eb35421441-eth0 on web as c1 f4eb35421441, at 10.98.68.11, ports 8080:80/tcp 8100-8102:90-92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, host ports held by the engine
        restart teardown: f4eb35421441f61ab5c0881d97a305a0d2935c701f0a6451d749cecbe22a46cb/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        restart setup: f4eb35421441-eth0 on web as c1 f4eb35421441, at 10.98.68.12, ports 8080:80/tcp 8100-8102:90-92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, host ports held by the engine
        reload teardown: f4eb35421441f61ab5c0881d97a305a0d2935c701f0a6451d749cecbe22a46cb/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        reload setup: f4eb35421441-eth0 on web as c1 f4eb35421441, at 10.98.68.12, ports 8080:80/tcp 8100-8102:90-92/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp, 62:65:8e:2b:2f:e3, host ports held by the engine
        kill teardown: 2513b1e31bd64fc20bfa8f951eccfcfc50c5205b7caea40a1fa0f243ed9be083/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        rm teardown: f4eb35421441f61ab5c0881d97a305a0d2935c701f0a6451d749cecbe22a46cb/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        pod setup: 501098c56735-eth0 on web as p1 podalias 501098c56735, at 10.98.68.13, ports 8400:80/tcp, host ports held by the engine
        pod-rm teardown: 501098c56735803c6d311435635043a9708e6cab2e6c8f04ef92a4ddf4b6b9e7/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        rm-all teardown: 6f922e217aa31a1f0446028a5ff91e2c530af752bb635da43f4aacfa315f88d2/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        rm-all teardown: b4747f96ab0626f37d0f3ea40300516f0eadabbacdefc3263c6a2526eb49cf8d/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        rm-all teardown: 062bb262032ad02860189552cd5c64925d911661f54706732326362ea4b03d72/b8ae742afa706e7226bb91fdd0580ba22f002dccbb3b4560805c7257765b06ad
        rm-all teardown: f3a42ff80f786a97b59835259abfca97fab18c380bb0bcbdba10be210a117053/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        rm-all teardown: 51574e8111abdd77e3f27667f627a957a8f9384cf2c402d3ac39e63a7924624c/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        rm-all teardown: 7ba7da974aac7f3abd836c72d7d53022da5f313634e116facbd11f546abcfe59/b8ae742afa706e7226bb91fdd0580ba22f002dccbb3b4560805c7257765b06ad
        rm-all teardown: 7ba7da974aac7f3abd836c72d7d53022da5f313634e116facbd11f546abcfe59/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        rm-all teardown: 73c5ac64366b74d24116054684106528b6c3ac8c1f30646b13d21647e1ac2b19/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
        rm-all teardown: 73c5ac64366b74d24116054684106528b6c3ac8c1f30646b13d21647e1ac2b19/b8ae742afa706e7226bb91fdd0580ba22f002dccbb3b4560805c7257765b06ad
        rm-all teardown: 74edeb6fb132ffcdd41b638d0ae9f74fb0843b561d54f3f4f70dce1463a2fea1/5efee8110c680e702b4fe131f148d2e65adfab11414f3377a2b1a97f75018403
        rm-all teardown: 25d1a0435c38022c6a7271e91ee92dcd1d63923f8d695366f107d0ec9a704a12/9356e803782bd8cd7abf671298d23189ca84ec2c3ca7debbf0b45d3c129118cf
    "#]],
    );
}
