//! What each request is answered with. No connection is needed to test it.

use serde_json::{Value, json};

use crate::store::{MOST_SERIES, MOST_VALUES, Refusal, Store};

#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

fn answer(status: u16, body: Value) -> Answer {
    Answer { status, body }
}

fn refused(status: u16, reason: impl Into<String>) -> Answer {
    answer(status, json!({ "error": reason.into() }))
}

const SERIES: &str = "/api/series/";

pub fn respond(store: &mut Store, method: &str, path: &str, body: &[u8]) -> Answer {
    match (method, path) {
        ("GET", "/health") => answer(200, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })),
        ("GET", "/api/series") => {
            let list: Vec<Value> = store
                .names()
                .map(|(name, count)| json!({ "name": name, "count": count }))
                .collect();
            answer(200, json!({ "series": list }))
        }
        (_, "/health" | "/api/series") => refused(405, format!("{path} answers GET only")),
        _ => match path.strip_prefix(SERIES) {
            Some(name) if is_name(name) => one(store, method, name, body),
            Some(_) => refused(
                400,
                "the name of a series has 1 to 64 letters, digits, dots, hyphens or underscores",
            ),
            None => refused(404, "there is nothing here"),
        },
    }
}

fn one(store: &mut Store, method: &str, name: &str, body: &[u8]) -> Answer {
    match method {
        "GET" => match store.summary(name) {
            Some(found) => answer(
                200,
                json!({ "name": name, "count": found.count, "mean": found.mean, "min": found.least, "max": found.most }),
            ),
            None => refused(404, format!("there are no values in {name}")),
        },
        "POST" => match numbers(body) {
            Some(values) => match store.add(name, &values) {
                Ok(count) => answer(201, json!({ "name": name, "count": count })),
                Err(Refusal::TooManySeries) => refused(507, format!("there are {MOST_SERIES} series: delete one")),
                Err(Refusal::TooManyValues) => refused(507, format!("a series has at most {MOST_VALUES} values")),
            },
            None => refused(400, "expected a JSON list of numbers, such as [1, 2.5]"),
        },
        "DELETE" if store.remove(name) => answer(200, json!({ "name": name })),
        "DELETE" => refused(404, format!("there is no series {name}")),
        _ => refused(405, "a series answers GET, POST and DELETE"),
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn numbers(body: &[u8]) -> Option<Vec<f64>> {
    let list = serde_json::from_slice::<Vec<Value>>(body).ok()?;
    list.iter().map(Value::as_f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(store: &mut Store, method: &str, path: &str, body: &str) -> (u16, String) {
        let Answer { status, body } = respond(store, method, path, body.as_bytes());
        (status, body.to_string())
    }

    #[test]
    fn keeps_a_series_until_it_is_deleted() {
        let store = &mut Store::default();
        assert_eq!(ask(store, "POST", "/api/series/load", "[1, 2.5]").0, 201);
        assert_eq!(
            ask(store, "GET", "/api/series", "").1,
            r#"{"series":[{"count":2,"name":"load"}]}"#
        );
        let (status, text) = ask(store, "GET", "/api/series/load", "");
        assert_eq!((status, text.contains(r#""mean":1.75"#)), (200, true));
        assert_eq!(ask(store, "DELETE", "/api/series/load", "").0, 200);
        assert_eq!(ask(store, "GET", "/api/series/load", "").0, 404);
    }

    #[test]
    fn says_what_is_wrong() {
        let store = &mut Store::default();
        assert_eq!(ask(store, "POST", "/api/series/load", "[1, \"2\"]").0, 400);
        assert_eq!(ask(store, "POST", "/api/series/load", "{").0, 400);
        assert_eq!(ask(store, "POST", "/api/series/a/b", "[1]").0, 400);
        assert_eq!(ask(store, "PUT", "/api/series/load", "").0, 405);
        assert_eq!(ask(store, "POST", "/health", "").0, 405);
        assert_eq!(ask(store, "GET", "/elsewhere", "").0, 404);
        assert_eq!(ask(store, "GET", "/api/series", "").1, r#"{"series":[]}"#);
    }
}
