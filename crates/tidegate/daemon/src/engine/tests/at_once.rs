//! Commands and questions at the same time.

use super::*;

/// Links whose steps wait until they are let go.
fn slow_links(begun: Sender<()>, go: Receiver<()>) -> Box<dyn Links> {
    let links = Box::new(FakeLinks::new());
    Box::new(HookedLinks::new(links, move |links, step| {
        // Nobody listens, and nobody holds anything up, once the test has seen enough.
        let _ = begun.send(());
        let _ = go.recv();
        links.apply(step)
    }))
}

#[test]
fn a_question_does_not_wait_for_a_slow_command() {
    let folder = tempfile::tempdir().unwrap();
    let ((begun, has_begun), (let_go, go)) = (channel(), channel());
    let store = Store::open(folder.path()).unwrap();
    let driver = Box::new(FakeDriver::new());
    let engine = Engine::start(
        driver,
        slow_links(begun, go),
        store,
        Defaults::default(),
        OnUnknown::Refuse,
    );
    let engine = engine.unwrap();
    std::thread::scope(|scope| {
        let command = scope.spawn(|| engine.create_network(&wanted("web")));
        has_begun.recv().unwrap();
        assert_eq!(
            engine.counts(),
            (0, 0),
            "a network is there once the kernel has said yes"
        );
        assert!(engine.networks().is_empty());
        // The other steps need not wait.
        drop(let_go);
        command.join().unwrap().unwrap();
    });
    assert_eq!(engine.counts(), (1, 0));
}

#[test]
fn commands_at_once_are_done_one_after_the_other() {
    let bench = Bench::new();
    std::thread::scope(|scope| {
        for number in 0..16 {
            let engine = &bench.engine;
            scope.spawn(move || {
                engine
                    .create_network(&wanted(&format!("net{number}")))
                    .unwrap()
            });
        }
    });
    let everything = bench.everything();
    assert_eq!(everything.believed.networks.len(), 16);
    assert_eq!(everything.believed, everything.stored);
}
