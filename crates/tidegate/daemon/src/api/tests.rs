use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_api::Refusal;
use tidegate_api::calls::{self, ROUTES, Route};
use tower::ServiceExt;

use super::*;
use crate::config::Settings;
use crate::engine::tests::Bench;

fn router_of(bench: Bench) -> Router {
    router_over(Arc::new(bench.engine))
}

fn router_over(engine: Arc<Engine>) -> Router {
    let driver = tidegate_api::DriverInfo {
        name: "exec".into(),
        mode: "one long-lived child".into(),
        version: "1.0.6".into(),
        json: "yes".into(),
        why: "it was asked for".into(),
    };
    let about = About {
        build: crate::build(),
        driver: driver.into(),
        kernel: "6.1.0".into(),
        socket: "/run/tidegate/tidegated.sock".into(),
        docker_socket: None,
        state_dir: "/var/lib/tidegate".into(),
        in_force: Settings::load(&tidegate_args::Daemon::default())
            .unwrap()
            .into(),
    };
    router(engine, about)
}

async fn call(router: &Router, method: Method, path: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn a_network_is_made_found_and_removed() {
    let router = router_of(Bench::new());
    let (status, made) = call(&router, Method::POST, "/v1/networks", r#"{"name": "web"}"#).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(made["name"], "web");
    assert_eq!(made["endpoints"], json!([]));
    let (_, listed) = call(&router, Method::GET, "/v1/networks", "").await;
    assert_eq!(listed, json!([made]));
    assert_eq!(
        call(&router, Method::GET, "/v1/networks/web", "").await,
        (StatusCode::OK, made.clone())
    );
    let (_, info) = call(&router, Method::GET, "/v1/info", "").await;
    assert_eq!(
        (&info["networks"], &info["driver"]["name"]),
        (&json!(1), &json!("exec"))
    );
    assert_eq!(
        call(&router, Method::DELETE, "/v1/networks/web", "").await,
        (StatusCode::OK, made)
    );
    let (status, refusal) = call(&router, Method::GET, "/v1/networks/web", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(refusal["kind"], "not-found");
}

#[test]
fn a_call_that_waits_for_the_state_does_not_hold_up_other_connections() {
    // If it does, it waits for ever.
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(wait_for_the_state());
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).unwrap();
}

/// Begins each call that reads while the state is held, and lets go of the state on the same thread.
async fn wait_for_the_state() {
    let engine = Arc::new(Bench::new().engine);
    let router = router_over(Arc::clone(&engine)).merge(metrics_router(Arc::clone(&engine)));
    let reads = ["info", "networks", "networks/web", "endpoints", "events"];
    let reads = reads.map(|read| format!("/v1/{read}"));
    for path in reads.iter().map(String::as_str).chain(["/metrics"]) {
        let held = Bench::hold_state(&engine);
        let request = Request::get(path).body(Body::empty()).unwrap();
        let mut call = std::pin::pin!(router.clone().oneshot(request));
        let is_early = tokio::select! {
            biased;
            _ = &mut call => true,
            () = std::future::ready(()) => false,
        };
        assert!(!is_early, "{path} was answered without the state");
        drop(held);
        assert!(!call.await.unwrap().status().is_server_error(), "{path}");
    }
}

#[tokio::test]
async fn rulesets_are_returned() {
    let router = router_of(Bench::new());
    for which in ["planned", "live"] {
        let (status, ruleset) =
            call(&router, Method::GET, &format!("/v1/ruleset/{which}"), "").await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            ruleset["text"].as_str().unwrap().contains("tidegate"),
            "{ruleset}"
        );
    }
    let (_, diff) = call(&router, Method::GET, "/v1/ruleset/diff", "").await;
    assert_eq!(diff, json!({ "differences": [] }));
}

#[test]
fn the_router_has_the_calls_of_the_api_and_no_others() {
    let by_place = |routes: &[Route]| {
        let mut routes = routes.to_vec();
        routes.sort_by_key(|route| (route.path, route.method));
        routes
    };
    assert_eq!(by_place(&handlers().routes), by_place(ROUTES));
}

#[tokio::test]
async fn every_call_of_the_api_is_answered_and_no_other_method_of_its_path() {
    let router = router_of(Bench::new());
    let others = [Method::PUT, Method::PATCH, Method::OPTIONS];
    let known = calls::Method::ALL.map(|method| method.as_str().parse().unwrap());
    for route in ROUTES {
        let path = route.path_of(Some(&"web".parse().unwrap()));
        let is_known = |method: &Method| {
            let mut calls = ROUTES.iter().filter(|other| other.path == route.path);
            calls.any(|other| other.method.as_str() == method.as_str())
        };
        for method in known.iter().chain(&others) {
            let request = Request::builder().method(method).uri(&path);
            let request = request.body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let is_answered = status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_answered, is_known(method), "{method} {path}: {status}");
            if status == StatusCode::NOT_FOUND {
                let answer = response.into_body().collect().await.unwrap().to_bytes();
                let refusal: Refusal = serde_json::from_slice(&answer).unwrap();
                assert!(!refusal.message.contains("no such path"), "{refusal:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_request_that_is_not_understood_gets_an_error() {
    let router = router_of(Bench::new());
    for (method, path, body, status, words) in [
        (
            Method::GET,
            "/v1/nonsense",
            "",
            StatusCode::NOT_FOUND,
            "no such path",
        ),
        (
            Method::PUT,
            "/v1/networks",
            "",
            StatusCode::METHOD_NOT_ALLOWED,
            "no such method",
        ),
        (
            Method::GET,
            "/v1/networks/a%20b",
            "",
            StatusCode::BAD_REQUEST,
            "it contains ' '",
        ),
        (
            Method::GET,
            "/v1/networks/%ff",
            "",
            StatusCode::BAD_REQUEST,
            "UTF-8",
        ),
        (
            Method::POST,
            "/v1/networks",
            "{",
            StatusCode::BAD_REQUEST,
            "EOF",
        ),
        (
            Method::POST,
            "/v1/networks",
            "{}",
            StatusCode::UNPROCESSABLE_ENTITY,
            "missing field `name`",
        ),
        (
            Method::POST,
            "/v1/networks",
            r#"{"name": "web", "colour": "red"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown field `colour`",
        ),
        (
            Method::POST,
            "/v1/networks",
            r#"{"name": "a\"; flush ruleset"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
            "it contains",
        ),
    ] {
        let (found, refusal) = call(&router, method, path, body).await;
        assert_eq!(found, status, "{path} {body}: {refusal}");
        assert_eq!(refusal["kind"], "invalid", "{refusal}");
        let message = refusal["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let router = router_of(Bench::new());
    let body = format!(r#"{{"name": "{}"}}"#, "x".repeat(handlers::BODY));
    let (status, _) = call(&router, Method::POST, "/v1/networks", &body).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

proptest! {
    #[test]
    fn every_request_is_done_or_refused_with_a_reason(
        post: bool,
        path in prop_oneof![
            "/v1/(networks|endpoints|explain|gc|doctor|info)",
            "/v1/networks/[a-z%0-9/]{0,8}(/(connect|disconnect))?",
            "/v1/endpoints/[a-z%0-9/]{0,8}(/(publish|unpublish))?",
        ],
        body in prop_oneof![
            ".{0,40}",
            "\\{\"name\": \"[a-z\"; ]{0,6}\"(, \"subnets\": \\[\"10[.][0-9]{1,3}[.]0[.]0/[0-9]{1,2}\"\\])?\\}",
            "\\{\"(ports|source|network)\": (\\[?\"[0-9:a-z]{0,8}\"\\]?)\\}",
        ],
    ) {
        let method = if post { Method::POST } else { Method::GET };
        let (status, answer) = SHARED.with(|(runtime, router)| {
            runtime.block_on(call(router, method, &path, &body))
        });
        if !status.is_success() {
            // On a host that refuses nothing, what is refused is the client's to mend.
            prop_assert!(status.is_client_error(), "{path} {body}: {status} {answer}");
            let refusal: Refusal = serde_json::from_value(answer).unwrap();
            prop_assert!(refusal.kind.is_users(), "{refusal:?}");
            prop_assert!(!refusal.message.is_empty());
            prop_assert!(!refusal.message.contains(char::is_control), "{refusal:?}");
        }
    }
}

thread_local! {
    /// One host for all that is sent.
    static SHARED: (tokio::runtime::Runtime, Router) = (
        tokio::runtime::Runtime::new().unwrap(),
        router_of(Bench::new()),
    );
}
