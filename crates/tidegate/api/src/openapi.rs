//! The OpenAPI 3.1 document (<https://spec.openapis.org/oas/v3.1.1.html>), out of the table of calls and the types.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use tidegate_model::Name;

use crate::Refusal;
use crate::calls::{Form, NAME, Operation, Route, operations};
use crate::given::Schemas;

/// Location of the schemas of types in the document.
const SCHEMAS: &str = "/components/schemas";

/// The version of the API: the first part of each path.
const VERSION: &str = "v1";

const ABOUT: &str = "The API of tidegated, the networking daemon: HTTP on a unix socket, by default \
    /run/tidegate/tidegated.sock. A field that is not required may be left out of a request, and may be missing in an \
    answer. Each answer says in the header Server-Timing (https://www.w3.org/TR/server-timing/) how many milliseconds \
    each stage took.";

/// The document.
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = SCHEMAS.into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let name = generator.subschema_for::<Name>();
    let refusal = refusal(&mut generator);
    let mut paths = Map::new();
    for operation in operations(&mut generator) {
        let methods = paths
            .entry(operation.route.path)
            .or_insert_with(|| json!({}));
        let method = operation.route.method.as_str().to_lowercase();
        methods[method] = described(&operation, &name);
    }
    let mut schemas: Vec<_> = generator.take_definitions(true).into_iter().collect();
    schemas.sort_by(|(one, _), (other, _)| one.cmp(other));
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Tidegate",
            "description": ABOUT,
            "version": VERSION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "http://tidegated", "description": "the unix socket; the host is not looked at" }],
        "paths": paths,
        "components": {
            "responses": { "Refusal": refusal },
            "schemas": Map::from_iter(schemas),
        },
    })
}

fn refusal(generator: &mut SchemaGenerator) -> Value {
    json!({
        "description": "It was refused, or failed: nothing was done, unless the message says so",
        "content": { "application/json": { "schema": generator.subschema_for::<Refusal>() } },
    })
}

fn described(operation: &Operation, name: &Schema) -> Value {
    let Operation {
        route,
        given,
        answer,
    } = operation;
    let media = match route.form {
        Form::Json => "application/json",
        Form::Lines => "application/x-ndjson",
    };
    let mut described = json!({ "operationId": operation_id(route), "summary": route.summary });
    let parameters: Vec<Value> = in_path(given, name)
        .into_iter()
        .chain(in_query(given))
        .collect();
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = &given.body {
        described["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": body } } });
    }
    let done = match route.form {
        Form::Json => "It was done",
        Form::Lines => "One value a line",
    };
    described["responses"] = json!({
        "200": { "description": done, "content": { media: { "schema": answer } } },
        "default": { "$ref": "#/components/responses/Refusal" },
    });
    described
}

/// `ListNetworks` as `listNetworks`.
fn operation_id(route: &Route) -> String {
    let mut name = route.name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

fn in_path(given: &Schemas, name: &Schema) -> Option<Value> {
    let parameter = NAME.trim_matches(['{', '}']);
    given
        .is_named
        .then(|| json!({ "name": parameter, "in": "path", "required": true, "schema": name }))
}

fn in_query(given: &Schemas) -> Vec<Value> {
    let query = given.query.as_ref().map(Schema::as_value);
    let properties = query.and_then(|query| query["properties"].as_object());
    let parameter = |(name, schema): (&String, &Value)| json!({ "name": name, "in": "query", "schema": schema });
    properties.into_iter().flatten().map(parameter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::ROUTES;

    #[test]
    fn every_call_is_in_the_document_and_every_reference_leads_somewhere() {
        let document = document();
        for route in ROUTES {
            let method = route.method.as_str().to_lowercase();
            let operation = &document["paths"][route.path][&method];
            assert_eq!(operation["summary"], route.summary, "{route}");
            let is_named = operation["parameters"][0]["in"] == "path";
            assert_eq!(is_named, route.path.contains(NAME), "{route}");
        }
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn what_is_written_as_a_word_has_the_words_that_are_read() {
        let document = document();
        let words = |name: &str| document["components"]["schemas"][name].to_string();
        for (name, texts) in [
            (
                "Mode",
                tidegate_model::Mode::ALL.map(|it| it.to_string()).to_vec(),
            ),
            (
                "HostAccess",
                tidegate_model::HostAccess::ALL
                    .map(|it| it.to_string())
                    .to_vec(),
            ),
        ] {
            for text in texts {
                assert!(
                    words(name).contains(&format!("\"{text}\"")),
                    "{name}: {text}"
                );
            }
        }
    }
}
