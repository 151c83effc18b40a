//! Bodies of the API.

use std::fmt::Debug;
use std::sync::LazyLock;

use error_hint::Hint;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tidegate_api::explain::Question;
use tidegate_api::{Attach, CreateNetwork, Peer, Ports, Publish};
use tidegate_model::{Name, State};
use tidegate_plan::{Plan, Refused, connect, disconnect, planned, publish, replace, unpublish};

use crate::nft::check_transaction;
use crate::{assert_shown_on_one_line, samples};

/// A body is refused with a reason, or is a request that reads back as it was written; that in turn is
/// refused with a reason and a hint, or planned as transactions of which every operation is one, and
/// stays one in the table that it leads to.
///
/// # Panics
/// Where that does not hold.
pub fn request(body: &[u8]) {
    static STATE: LazyLock<State> = LazyLock::new(samples::state);
    let state = &*STATE;
    let (front, web) = (named("front"), named("web"));
    if let Some(wanted) = reads_back::<CreateNetwork>(body) {
        check_plan(state, samples::plan_network(state, &wanted));
    }
    if let Some(wanted) = reads_back::<Attach>(body) {
        check_plan(state, samples::plan_attachment(state, &wanted));
    }
    if let Some(wanted) = reads_back::<Publish>(body) {
        check_plan(state, publish(state, &front, &wanted, &Default::default()));
    }
    if let Some(Ports { ports }) = reads_back(body) {
        check_plan(state, unpublish(state, &front, &ports));
    }
    if let Some(Peer { network, one_way }) = reads_back(body) {
        check_plan(state, connect(state, &web, &network, one_way));
        check_plan(state, disconnect(state, &web, &network));
    }
    if let Some(question) = reads_back::<Question>(body) {
        match samples::explain(state, &question) {
            Ok(explained) => assert!(!explained.paths.is_empty()),
            Err(refused) => check_refusal(&refused),
        }
    }
}

/// As [`request`], with a body that would be taken but for one text or number in it, or one name of
/// these, which is another: which body and which of them, each counted round.
///
/// # Panics
/// As [`request`].
pub fn changed_request(which: u8, place: u8, text: &str) {
    let bodies = samples::bodies();
    let mut body = bodies[usize::from(which) % bodies.len()].clone();
    let mut places = Vec::new();
    find_places(&body, &mut String::new(), &mut places);
    let place = &places[usize::from(place) % places.len()];
    let given = match text.parse::<i64>() {
        Ok(number) => Value::from(number),
        Err(_) => Value::from(text),
    };
    match (place, given) {
        (JsonPlace::Value(pointer), given) => {
            *body.pointer_mut(pointer).expect("it was found there") = given;
        }
        (JsonPlace::Name(pointer, name), _) => {
            let object = body.pointer_mut(pointer).and_then(Value::as_object_mut);
            let object = object.expect("it was found there");
            let value = object.remove(name).expect("it was found there");
            object.insert(text.to_owned(), value);
        }
    }
    request(body.to_string().as_bytes());
}

/// Something in a body that can be another.
enum JsonPlace {
    /// The value at this pointer (RFC 6901).
    Value(String),
    /// A name in the object at this pointer.
    Name(String, String),
}

fn find_places(value: &Value, pointer: &mut String, places: &mut Vec<JsonPlace>) {
    let length = pointer.len();
    places.push(JsonPlace::Value(pointer.clone()));
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            let names = fields.keys().cloned();
            places.extend(names.map(|name| JsonPlace::Name(pointer.clone(), name)));
            fields
                .iter()
                .map(|(name, value)| (name.clone(), value))
                .collect()
        }
        Value::Array(values) => {
            let numbered = values.iter().enumerate();
            numbered
                .map(|(index, value)| (index.to_string(), value))
                .collect()
        }
        _ => Vec::new(),
    };
    for (name, child) in children {
        pointer.push('/');
        pointer.push_str(&name);
        find_places(child, pointer, places);
        pointer.truncate(length);
    }
}

fn named(name: &str) -> Name {
    name.parse().expect("a sample's name is one")
}

/// The request that a body is; none if it is refused.
fn reads_back<T>(body: &[u8]) -> Option<T>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    match serde_json::from_slice::<T>(body) {
        Ok(request) => {
            let written = serde_json::to_vec(&request).expect("a request is JSON");
            let read = serde_json::from_slice(&written);
            assert_eq!(read.ok().as_ref(), Some(&request));
            Some(request)
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

fn check_plan<T>(state: &State, plan: Result<Plan<T>, Refused>) {
    let plan = match plan {
        Ok(plan) => plan,
        Err(refused) => return check_refusal(&refused),
    };
    check_transaction(&plan.transaction);
    check_transaction(&plan.undo);
    let mut after = state.clone();
    after.apply(&plan.change);
    check_transaction(&replace(&after));
    // The kernel would take it, and take it back.
    let before = planned(state);
    let mut table = before.clone();
    table.apply(&plan.transaction).expect("a plan is valid");
    assert_eq!(table, planned(&after));
    table.apply(&plan.undo).expect("its inverse is valid");
    assert_eq!(table, before);
}

fn check_refusal(refused: &Refused) {
    assert_shown_on_one_line(&refused.to_string());
    assert_shown_on_one_line(&refused.hint().unwrap_or_default());
}
