//! Every request that was recorded from engines of Debian 12 and 13, and what becomes of it: podman 4.3.1 with libcni,
//! `ctr --cni` of containerd 1.6.20, podman 5.4.2 with netavark 1.14.0. Of Docker 20.10.24 and 26.1.5, the first request of
//! each kind in each step.

use std::fmt::Write;
use std::path::Path;

use expect_test::{Expect, expect};
use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_api::Attach;
use tidegate_engines::cni::{Environment, Wanted, read};
use tidegate_engines::docker;
use tidegate_engines::docker::Asked;
use tidegate_engines::netavark::{Create, Setup, teardown};

#[derive(Deserialize)]
struct Recorded {
    step: String,
    call: String,
    #[serde(default)]
    environment: Map<String, Value>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    stdin: Value,
    #[serde(default)]
    body: Value,
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

fn docker(recorded: &Recorded) -> String {
    let path = format!("/{}", recorded.call);
    let joined = |texts: &mut dyn Iterator<Item = String>| texts.collect::<Vec<_>>().join(" ");
    match docker::read(&path, recorded.body.to_string().as_bytes()).unwrap() {
        Ok(Asked::Answer(answer)) => answer,
        Ok(Asked::CreateNetwork(made)) => serde_json::to_string(&made).unwrap(),
        Ok(Asked::DeleteNetwork(name)) => format!("no {name}"),
        Ok(Asked::CreateEndpoint(wanted)) => shown(&wanted.request),
        Ok(Asked::Join(join)) => format!("{} on {}", join.endpoint, join.network),
        Ok(Asked::Publish { endpoint, ports }) if ports.is_empty() => {
            format!("{endpoint} has none")
        }
        Ok(Asked::Publish { endpoint, ports }) => {
            let ports = joined(&mut ports.iter().map(ToString::to_string));
            format!("{endpoint} has {ports}")
        }
        Ok(Asked::Unpublish(endpoint)) => format!("{endpoint} has none"),
        Ok(Asked::DeleteEndpoint(owner)) => format!("no {}", owner.id),
        Err(refused) => format!("refused: {refused}"),
    }
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

#[test]
fn docker_of_debian_12() {
    all(
        "docker-20.10",
        docker,
        expect![[r#"
        create Plugin.Activate: {"Implements":["NetworkDriver"]}
        create NetworkDriver.GetCapabilities: {"Scope":"local","ConnectivityScope":"local"}
        create NetworkDriver.CreateNetwork: {"name":"docker-7a5932196e1b","subnets":["172.18.0.0/16"],"gateways":["172.18.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        create-subnets NetworkDriver.CreateNetwork: {"name":"docker-c30c7c590d95","subnets":["10.96.0.0/24","fd96::/64"],"gateways":["10.96.0.9","fd96::1"],"ranges":[],"reserved":{"router":"10.96.0.200"},"ipv4":true,"ipv6":true,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        create-options NetworkDriver.CreateNetwork: refused: the option "own" with the value "1" is not supported
        create-internal NetworkDriver.CreateNetwork: {"name":"docker-7c14e5b5b91b","subnets":["172.20.0.0/16"],"gateways":["172.20.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"policy":{"access":"internal"},"labels":{}}
        create-ipam-options NetworkDriver.CreateNetwork: {"name":"docker-8a0d405a8629","subnets":["172.21.0.0/16"],"gateways":["172.21.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        create-attachable NetworkDriver.CreateNetwork: {"name":"docker-215495cab42e","subnets":["172.22.0.0/16"],"gateways":["172.22.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        create-ipam-null NetworkDriver.CreateNetwork: {"name":"docker-7a15cd8b9814","subnets":[],"gateways":[],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        run-ports NetworkDriver.CreateEndpoint: docker-deca50fb0d10 on docker-7a5932196e1b as , at 172.18.0.2, host ports held by the daemon
        run-ports NetworkDriver.Join: docker-deca50fb0d10 on docker-7a5932196e1b
        run-ports NetworkDriver.ProgramExternalConnectivity: docker-deca50fb0d10 has [::1]:8200:80/tcp 8080:80/tcp 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp
        run-ports NetworkDriver.EndpointOperInfo: {"Value":{}}
        run-random NetworkDriver.CreateEndpoint: docker-288fd3f25e06 on docker-7a5932196e1b as , at 172.18.0.3, host ports held by the daemon
        run-random NetworkDriver.Join: docker-288fd3f25e06 on docker-7a5932196e1b
        run-random NetworkDriver.ProgramExternalConnectivity: docker-288fd3f25e06 has 80/tcp
        run-range-choice NetworkDriver.CreateEndpoint: docker-ea7c7c6c03c0 on docker-7a5932196e1b as , at 172.18.0.4, host ports held by the daemon
        run-range-choice NetworkDriver.Join: docker-ea7c7c6c03c0 on docker-7a5932196e1b
        run-range-choice NetworkDriver.ProgramExternalConnectivity: docker-ea7c7c6c03c0 has 8250-8260:80/tcp
        run-publish-all NetworkDriver.CreateEndpoint: docker-2734ef2d444a on docker-7a5932196e1b as , at 172.18.0.5, host ports held by the daemon
        run-publish-all NetworkDriver.Join: docker-2734ef2d444a on docker-7a5932196e1b
        run-publish-all NetworkDriver.ProgramExternalConnectivity: docker-2734ef2d444a has 81/udp 80/tcp
        run-ip NetworkDriver.CreateEndpoint: docker-e205140e3322 on docker-c30c7c590d95 as , at 10.96.0.50 fd96::50, host ports held by the daemon
        run-ip NetworkDriver.Join: docker-e205140e3322 on docker-c30c7c590d95
        run-ip NetworkDriver.ProgramExternalConnectivity: docker-e205140e3322 has none
        run-mac NetworkDriver.CreateEndpoint: docker-355de20f657a on docker-7a5932196e1b as , at 172.18.0.6, 02:11:22:33:44:55, host ports held by the daemon
        run-mac NetworkDriver.Join: docker-355de20f657a on docker-7a5932196e1b
        run-mac NetworkDriver.ProgramExternalConnectivity: docker-355de20f657a has none
        run-alias NetworkDriver.CreateEndpoint: docker-246528d055c6 on docker-7a5932196e1b as , at 172.18.0.7, host ports held by the daemon
        run-alias NetworkDriver.Join: docker-246528d055c6 on docker-7a5932196e1b
        run-alias NetworkDriver.ProgramExternalConnectivity: docker-246528d055c6 has none
        run-dns NetworkDriver.CreateEndpoint: docker-86f29b304a92 on docker-7a5932196e1b as , at 172.18.0.8, host ports held by the daemon
        run-dns NetworkDriver.Join: docker-86f29b304a92 on docker-7a5932196e1b
        run-dns NetworkDriver.ProgramExternalConnectivity: docker-86f29b304a92 has none
        run-driver-opt NetworkDriver.CreateEndpoint: refused: the key "own.key" of the key "Options" with the value "v" is not supported
        run-driver-opt NetworkDriver.Join: docker-b9b668b3427a on docker-7a5932196e1b
        run-driver-opt NetworkDriver.ProgramExternalConnectivity: docker-b9b668b3427a has none
        run-internal NetworkDriver.CreateEndpoint: docker-6b1a13a06290 on docker-7c14e5b5b91b as , at 172.20.0.2, host ports held by the daemon
        run-internal NetworkDriver.Join: docker-6b1a13a06290 on docker-7c14e5b5b91b
        run-two NetworkDriver.CreateEndpoint: docker-af3b083087f2 on docker-7a5932196e1b as , at 172.18.0.10, host ports held by the daemon
        run-two NetworkDriver.Join: docker-af3b083087f2 on docker-7a5932196e1b
        run-two NetworkDriver.ProgramExternalConnectivity: docker-af3b083087f2 has 8300:80/tcp
        run-two NetworkDriver.RevokeExternalConnectivity: docker-af3b083087f2 has none
        connect NetworkDriver.CreateEndpoint: docker-b1e9e0697942 on docker-c30c7c590d95 as , at 10.96.0.60 fd96::3, host ports held by the daemon
        connect NetworkDriver.Join: docker-b1e9e0697942 on docker-c30c7c590d95
        connect NetworkDriver.RevokeExternalConnectivity: docker-deca50fb0d10 has none
        connect NetworkDriver.ProgramExternalConnectivity: docker-b1e9e0697942 has [::1]:8200:80/tcp 8080:80/tcp 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp
        disconnect NetworkDriver.RevokeExternalConnectivity: docker-b1e9e0697942 has none
        disconnect NetworkDriver.Leave: docker-b1e9e0697942 has none
        disconnect NetworkDriver.ProgramExternalConnectivity: docker-deca50fb0d10 has [::1]:8200:80/tcp 8080:80/tcp 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp
        disconnect NetworkDriver.DeleteEndpoint: no b1e9e06979428768db227aea889744071385e01ec978c4ccffc89f20bdd7c5ec
        disconnect-gateway NetworkDriver.CreateEndpoint: docker-662e728da773 on docker-c30c7c590d95 as , at 10.96.0.129 fd96::3, host ports held by the daemon
        disconnect-gateway NetworkDriver.Join: docker-662e728da773 on docker-c30c7c590d95
        disconnect-gateway NetworkDriver.RevokeExternalConnectivity: docker-246528d055c6 has none
        disconnect-gateway NetworkDriver.ProgramExternalConnectivity: docker-662e728da773 has none
        disconnect-gateway NetworkDriver.Leave: docker-246528d055c6 has none
        disconnect-gateway NetworkDriver.DeleteEndpoint: no 246528d055c662bfa1db48c114b2bb9ade2d56cfd27b4a251bee9c7a3863c657
        stop NetworkDriver.RevokeExternalConnectivity: docker-deca50fb0d10 has none
        stop NetworkDriver.Leave: docker-deca50fb0d10 has none
        stop NetworkDriver.DeleteEndpoint: no deca50fb0d1098578a77a6565bc4b9e9b216e69eaeda6fd3b8944acf0c69518e
        start NetworkDriver.CreateEndpoint: docker-00ec88713e97 on docker-7a5932196e1b as , at 172.18.0.2, host ports held by the daemon
        start NetworkDriver.Join: docker-00ec88713e97 on docker-7a5932196e1b
        start NetworkDriver.ProgramExternalConnectivity: docker-00ec88713e97 has 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp 8080:80/tcp
        restart NetworkDriver.RevokeExternalConnectivity: docker-00ec88713e97 has none
        restart NetworkDriver.Leave: docker-00ec88713e97 has none
        restart NetworkDriver.DeleteEndpoint: no 00ec88713e97796006096e3656ffceade0aa305c174b1bd28208ebbbe888c351
        restart NetworkDriver.CreateEndpoint: docker-ef880bcc7f94 on docker-7a5932196e1b as , at 172.18.0.2, host ports held by the daemon
        restart NetworkDriver.Join: docker-ef880bcc7f94 on docker-7a5932196e1b
        restart NetworkDriver.ProgramExternalConnectivity: docker-ef880bcc7f94 has [::1]:8200:80/tcp 8080:80/tcp 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp
        kill NetworkDriver.RevokeExternalConnectivity: docker-355de20f657a has none
        kill NetworkDriver.Leave: docker-355de20f657a has none
        kill NetworkDriver.DeleteEndpoint: no 355de20f657ab090e557343a28056ecca6baa886c310f718db7784fc9c755925
        rm NetworkDriver.RevokeExternalConnectivity: docker-ef880bcc7f94 has none
        rm NetworkDriver.Leave: docker-ef880bcc7f94 has none
        rm NetworkDriver.DeleteEndpoint: no ef880bcc7f947c4948c21bea4f3f3e68bbdfb83e56b2f7a76a87cd1d1d4744f9
        restart-always NetworkDriver.CreateEndpoint: docker-499084b9011e on docker-7a5932196e1b as , at 172.18.0.2, host ports held by the daemon
        restart-always NetworkDriver.Join: docker-499084b9011e on docker-7a5932196e1b
        restart-always NetworkDriver.ProgramExternalConnectivity: docker-499084b9011e has 8700:80/tcp
        process-killed NetworkDriver.RevokeExternalConnectivity: docker-499084b9011e has none
        process-killed NetworkDriver.Leave: docker-499084b9011e has none
        process-killed NetworkDriver.DeleteEndpoint: no 499084b9011ec3add3b383847f451edafee8450b5dcaab396fe8e9080fdad6b3
        process-killed NetworkDriver.CreateEndpoint: docker-73f68787fc99 on docker-7a5932196e1b as , at 172.18.0.2, host ports held by the daemon
        process-killed NetworkDriver.Join: docker-73f68787fc99 on docker-7a5932196e1b
        process-killed NetworkDriver.ProgramExternalConnectivity: docker-73f68787fc99 has 8700:80/tcp
        engine-stop NetworkDriver.RevokeExternalConnectivity: docker-288fd3f25e06 has none
        engine-stop NetworkDriver.Leave: docker-05c41711d2f4 has none
        engine-stop NetworkDriver.DeleteEndpoint: no b9b668b3427ad2f6561ce569854cd7365cacede3643a5286be1d6b2677010d7f
        engine-stop NetworkDriver.ProgramExternalConnectivity: docker-af3b083087f2 has 8300:80/tcp
        engine-start-again NetworkDriver.CreateEndpoint: docker-de4bc91aaabe on docker-7a5932196e1b as , at 172.18.0.2, host ports held by the daemon
        engine-start-again NetworkDriver.Join: docker-de4bc91aaabe on docker-7a5932196e1b
        engine-start-again NetworkDriver.ProgramExternalConnectivity: docker-de4bc91aaabe has 8700:80/tcp
        engine-start-after-kill NetworkDriver.CreateEndpoint: docker-5ef2c1d16064 on docker-7a5932196e1b as , at 172.18.0.2, host ports held by the daemon
        engine-start-after-kill NetworkDriver.Join: docker-5ef2c1d16064 on docker-7a5932196e1b
        engine-start-after-kill NetworkDriver.ProgramExternalConnectivity: docker-5ef2c1d16064 has 8700:80/tcp
        rm-all NetworkDriver.RevokeExternalConnectivity: docker-5ef2c1d16064 has none
        rm-all NetworkDriver.Leave: docker-5ef2c1d16064 has none
        rm-all NetworkDriver.DeleteEndpoint: no 5ef2c1d16064830fa97226f27fdcf5734c69425079552cb6c632a22ec165df25
        network-rm NetworkDriver.DeleteNetwork: no docker-7a5932196e1b
        live-restore-start NetworkDriver.CreateNetwork: {"name":"docker-7df7315015eb","subnets":["172.18.0.0/16"],"gateways":["172.18.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        live-restore-start NetworkDriver.CreateEndpoint: docker-667a01669cd7 on docker-7df7315015eb as , at 172.18.0.2, host ports held by the daemon
        live-restore-start NetworkDriver.Join: docker-667a01669cd7 on docker-7df7315015eb
        live-restore-start NetworkDriver.ProgramExternalConnectivity: docker-667a01669cd7 has 8800:80/tcp
        live-restore-rm NetworkDriver.RevokeExternalConnectivity: docker-667a01669cd7 has none
        live-restore-rm NetworkDriver.Leave: docker-667a01669cd7 has none
        live-restore-rm NetworkDriver.DeleteEndpoint: no 667a01669cd73f60c18da538911d7a8ff385f1ff70753d94ca51b34722e1a84a
        live-restore-rm NetworkDriver.DeleteNetwork: no docker-7df7315015eb
    "#]],
    );
}

#[test]
fn docker_of_debian_13() {
    all(
        "docker-26.1",
        docker,
        expect![[r#"
        create Plugin.Activate: {"Implements":["NetworkDriver"]}
        create NetworkDriver.GetCapabilities: {"Scope":"local","ConnectivityScope":"local"}
        create NetworkDriver.CreateNetwork: {"name":"docker-2290bbee1631","subnets":["172.18.0.0/16"],"gateways":["172.18.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        create-subnets NetworkDriver.CreateNetwork: {"name":"docker-9d991be6898d","subnets":["10.96.0.0/24","fd96::/64"],"gateways":["10.96.0.9","fd96::1"],"ranges":[],"reserved":{"router":"10.96.0.200"},"ipv4":true,"ipv6":true,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        create-options NetworkDriver.CreateNetwork: refused: the option "own" with the value "1" is not supported
        create-internal NetworkDriver.CreateNetwork: {"name":"docker-cc072d27614c","subnets":["172.20.0.0/16"],"gateways":["172.20.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"policy":{"access":"internal"},"labels":{}}
        create-ipam-options NetworkDriver.CreateNetwork: {"name":"docker-9af478880df0","subnets":["172.21.0.0/16"],"gateways":["172.21.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        create-attachable NetworkDriver.CreateNetwork: {"name":"docker-442e70779983","subnets":["172.22.0.0/16"],"gateways":["172.22.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        create-ipam-null NetworkDriver.CreateNetwork: {"name":"docker-1bb186d57bf5","subnets":[],"gateways":[],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        run-ports NetworkDriver.CreateEndpoint: docker-6e9de3d36232 on docker-2290bbee1631 as , at 172.18.0.2, host ports held by the daemon
        run-ports NetworkDriver.Join: docker-6e9de3d36232 on docker-2290bbee1631
        run-ports NetworkDriver.ProgramExternalConnectivity: docker-6e9de3d36232 has [::1]:8200:80/tcp 8080:80/tcp 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp
        run-ports NetworkDriver.EndpointOperInfo: {"Value":{}}
        run-random NetworkDriver.CreateEndpoint: docker-2b1d7a98ce80 on docker-2290bbee1631 as , at 172.18.0.3, host ports held by the daemon
        run-random NetworkDriver.Join: docker-2b1d7a98ce80 on docker-2290bbee1631
        run-random NetworkDriver.ProgramExternalConnectivity: docker-2b1d7a98ce80 has 80/tcp
        run-range-choice NetworkDriver.CreateEndpoint: docker-a42884244cf9 on docker-2290bbee1631 as , at 172.18.0.4, host ports held by the daemon
        run-range-choice NetworkDriver.Join: docker-a42884244cf9 on docker-2290bbee1631
        run-range-choice NetworkDriver.ProgramExternalConnectivity: docker-a42884244cf9 has 8250-8260:80/tcp
        run-publish-all NetworkDriver.CreateEndpoint: docker-e4e6cb14d505 on docker-2290bbee1631 as , at 172.18.0.5, host ports held by the daemon
        run-publish-all NetworkDriver.Join: docker-e4e6cb14d505 on docker-2290bbee1631
        run-publish-all NetworkDriver.ProgramExternalConnectivity: docker-e4e6cb14d505 has 81/udp 80/tcp
        run-ip NetworkDriver.CreateEndpoint: docker-cc4832ad7473 on docker-9d991be6898d as , at 10.96.0.50 fd96::50, host ports held by the daemon
        run-ip NetworkDriver.Join: docker-cc4832ad7473 on docker-9d991be6898d
        run-ip NetworkDriver.ProgramExternalConnectivity: docker-cc4832ad7473 has none
        run-mac NetworkDriver.CreateEndpoint: docker-10e44fbb448d on docker-2290bbee1631 as , at 172.18.0.6, 02:11:22:33:44:55, host ports held by the daemon
        run-mac NetworkDriver.Join: docker-10e44fbb448d on docker-2290bbee1631
        run-mac NetworkDriver.ProgramExternalConnectivity: docker-10e44fbb448d has none
        run-alias NetworkDriver.CreateEndpoint: docker-d843864bf6e8 on docker-2290bbee1631 as , at 172.18.0.7, host ports held by the daemon
        run-alias NetworkDriver.Join: docker-d843864bf6e8 on docker-2290bbee1631
        run-alias NetworkDriver.ProgramExternalConnectivity: docker-d843864bf6e8 has none
        run-dns NetworkDriver.CreateEndpoint: docker-732fc8a872c2 on docker-2290bbee1631 as , at 172.18.0.8, host ports held by the daemon
        run-dns NetworkDriver.Join: docker-732fc8a872c2 on docker-2290bbee1631
        run-dns NetworkDriver.ProgramExternalConnectivity: docker-732fc8a872c2 has none
        run-driver-opt NetworkDriver.CreateEndpoint: refused: the key "own.key" of the key "Options" with the value "v" is not supported
        run-driver-opt NetworkDriver.Join: docker-83ab5574c9e5 on docker-2290bbee1631
        run-driver-opt NetworkDriver.ProgramExternalConnectivity: docker-83ab5574c9e5 has none
        run-internal NetworkDriver.CreateEndpoint: docker-69d2aedbdecc on docker-cc072d27614c as , at 172.20.0.2, host ports held by the daemon
        run-internal NetworkDriver.Join: docker-69d2aedbdecc on docker-cc072d27614c
        run-two NetworkDriver.CreateEndpoint: docker-aebb783be15e on docker-9d991be6898d as , at 10.96.0.128 fd96::2, host ports held by the daemon
        run-two NetworkDriver.Join: docker-aebb783be15e on docker-9d991be6898d
        run-two NetworkDriver.ProgramExternalConnectivity: docker-aebb783be15e has 8300:80/tcp
        connect NetworkDriver.CreateEndpoint: docker-efe7a442e4b6 on docker-9d991be6898d as , at 10.96.0.60 fd96::3, host ports held by the daemon
        connect NetworkDriver.Join: docker-efe7a442e4b6 on docker-9d991be6898d
        connect NetworkDriver.RevokeExternalConnectivity: docker-6e9de3d36232 has none
        connect NetworkDriver.ProgramExternalConnectivity: docker-efe7a442e4b6 has [::1]:8200:80/tcp 8080:80/tcp 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp
        disconnect NetworkDriver.RevokeExternalConnectivity: docker-efe7a442e4b6 has none
        disconnect NetworkDriver.Leave: docker-efe7a442e4b6 has none
        disconnect NetworkDriver.ProgramExternalConnectivity: docker-6e9de3d36232 has [::1]:8200:80/tcp 8080:80/tcp 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp
        disconnect NetworkDriver.DeleteEndpoint: no efe7a442e4b6a5abc6f19cbb48f4c420d980e739f0b533ec0762f9655aee1642
        disconnect-gateway NetworkDriver.CreateEndpoint: docker-4c992f2227bb on docker-9d991be6898d as , at 10.96.0.129 fd96::3, host ports held by the daemon
        disconnect-gateway NetworkDriver.Join: docker-4c992f2227bb on docker-9d991be6898d
        disconnect-gateway NetworkDriver.RevokeExternalConnectivity: docker-d843864bf6e8 has none
        disconnect-gateway NetworkDriver.ProgramExternalConnectivity: docker-4c992f2227bb has none
        disconnect-gateway NetworkDriver.Leave: docker-d843864bf6e8 has none
        disconnect-gateway NetworkDriver.DeleteEndpoint: no d843864bf6e8daaa8d45f6477c87ba976c130af733e8ab64c3b4f7c0d9206f5e
        stop NetworkDriver.RevokeExternalConnectivity: docker-6e9de3d36232 has none
        stop NetworkDriver.Leave: docker-6e9de3d36232 has none
        stop NetworkDriver.DeleteEndpoint: no 6e9de3d36232f6ccbd6443037d8206152bd043012302bb81088c5dfdc246c102
        start NetworkDriver.CreateEndpoint: docker-d135d09bbeab on docker-2290bbee1631 as , at 172.18.0.2, host ports held by the daemon
        start NetworkDriver.Join: docker-d135d09bbeab on docker-2290bbee1631
        start NetworkDriver.ProgramExternalConnectivity: docker-d135d09bbeab has [::1]:8200:80/tcp 8080:80/tcp 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp
        restart NetworkDriver.RevokeExternalConnectivity: docker-d135d09bbeab has none
        restart NetworkDriver.Leave: docker-d135d09bbeab has none
        restart NetworkDriver.DeleteEndpoint: no d135d09bbeaba5d994fcc9114ac04b24eef87c1fa08fd6e9963af37f8d2c8cc2
        restart NetworkDriver.CreateEndpoint: docker-a9a7779af0c2 on docker-2290bbee1631 as , at 172.18.0.2, host ports held by the daemon
        restart NetworkDriver.Join: docker-a9a7779af0c2 on docker-2290bbee1631
        restart NetworkDriver.ProgramExternalConnectivity: docker-a9a7779af0c2 has 8102:92/tcp 8101:91/tcp 8100:90/tcp 127.0.0.1:8081:81/udp [::1]:8200:80/tcp 8080:80/tcp
        kill NetworkDriver.RevokeExternalConnectivity: docker-10e44fbb448d has none
        kill NetworkDriver.Leave: docker-10e44fbb448d has none
        kill NetworkDriver.DeleteEndpoint: no 10e44fbb448dca62a623b5a1fd0478d030b3b38bba4579aba4662f2f85f2949f
        rm NetworkDriver.RevokeExternalConnectivity: docker-a9a7779af0c2 has none
        rm NetworkDriver.Leave: docker-a9a7779af0c2 has none
        rm NetworkDriver.DeleteEndpoint: no a9a7779af0c2d30a09136b030832f3294fdef5249f4d8bdca2ebaab5189c0f51
        restart-always NetworkDriver.CreateEndpoint: docker-7eeeec32c1c6 on docker-2290bbee1631 as , at 172.18.0.2, host ports held by the daemon
        restart-always NetworkDriver.Join: docker-7eeeec32c1c6 on docker-2290bbee1631
        restart-always NetworkDriver.ProgramExternalConnectivity: docker-7eeeec32c1c6 has 8700:80/tcp
        process-killed NetworkDriver.RevokeExternalConnectivity: docker-7eeeec32c1c6 has none
        process-killed NetworkDriver.Leave: docker-7eeeec32c1c6 has none
        process-killed NetworkDriver.DeleteEndpoint: no 7eeeec32c1c66736693ecfbc13147509ce5da10226d91be03ecc57bc17be0bcd
        process-killed NetworkDriver.CreateEndpoint: docker-956e8f047e3c on docker-2290bbee1631 as , at 172.18.0.2, host ports held by the daemon
        process-killed NetworkDriver.Join: docker-956e8f047e3c on docker-2290bbee1631
        process-killed NetworkDriver.ProgramExternalConnectivity: docker-956e8f047e3c has 8700:80/tcp
        engine-stop NetworkDriver.RevokeExternalConnectivity: docker-732fc8a872c2 has none
        engine-stop NetworkDriver.Leave: docker-732fc8a872c2 has none
        engine-stop NetworkDriver.DeleteEndpoint: no 732fc8a872c2952d5aa5a15be75c0d41007730dcca3748b5351530c86bfd4178
        engine-stop NetworkDriver.ProgramExternalConnectivity: docker-3f1c2d127e53 has 8300:80/tcp
        engine-start-again NetworkDriver.CreateEndpoint: docker-05aa4d1a1d10 on docker-2290bbee1631 as , at 172.18.0.2, host ports held by the daemon
        engine-start-again NetworkDriver.Join: docker-05aa4d1a1d10 on docker-2290bbee1631
        engine-start-again NetworkDriver.ProgramExternalConnectivity: docker-05aa4d1a1d10 has 8700:80/tcp
        engine-start-after-kill NetworkDriver.CreateEndpoint: docker-c518246ed7de on docker-2290bbee1631 as , at 172.18.0.2, host ports held by the daemon
        engine-start-after-kill NetworkDriver.Join: docker-c518246ed7de on docker-2290bbee1631
        engine-start-after-kill NetworkDriver.ProgramExternalConnectivity: docker-c518246ed7de has 8700:80/tcp
        rm-all NetworkDriver.RevokeExternalConnectivity: docker-c518246ed7de has none
        rm-all NetworkDriver.Leave: docker-c518246ed7de has none
        rm-all NetworkDriver.DeleteEndpoint: no c518246ed7def25c1529284afd51fb6be8fcd00f1e1121bfeeddbb834561afb0
        network-rm NetworkDriver.DeleteNetwork: no docker-2290bbee1631
        live-restore-start NetworkDriver.CreateNetwork: {"name":"docker-fc89be8b3f34","subnets":["172.18.0.0/16"],"gateways":["172.18.0.1"],"ranges":[],"reserved":{},"ipv4":true,"ipv6":false,"mtu":null,"host-ips":[],"bridge":null,"labels":{}}
        live-restore-start NetworkDriver.CreateEndpoint: docker-d67f91a773c4 on docker-fc89be8b3f34 as , at 172.18.0.2, host ports held by the daemon
        live-restore-start NetworkDriver.Join: docker-d67f91a773c4 on docker-fc89be8b3f34
        live-restore-start NetworkDriver.ProgramExternalConnectivity: docker-d67f91a773c4 has 8800:80/tcp
        live-restore-rm NetworkDriver.RevokeExternalConnectivity: docker-d67f91a773c4 has none
        live-restore-rm NetworkDriver.Leave: docker-d67f91a773c4 has none
        live-restore-rm NetworkDriver.DeleteEndpoint: no d67f91a773c42b2d799f60bd8029da3cdadffa2e0b8db2c62ce6d1fe41eace0e
        live-restore-rm NetworkDriver.DeleteNetwork: no docker-fc89be8b3f34
    "#]],
    );
}
