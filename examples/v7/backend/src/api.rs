//! What each request is answered with. No connection is needed to test it.

use serde_json::{Value, json};

use crate::engine::Failure;
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
const EVALUATE: &str = "/evaluate";

pub const NAME_RULE: &str = "the name of a series has 1 to 64 letters, digits, dots, hyphens or underscores";

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
            Some(_) => refused(400, NAME_RULE),
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
                Err(reason) => refused(507, refusal(&reason)),
            },
            None => refused(400, "expected a JSON list of numbers, such as [1, 2.5]"),
        },
        "DELETE" if store.remove(name) => answer(200, json!({ "name": name })),
        "DELETE" => refused(404, format!("there is no series {name}")),
        _ => refused(405, "a series answers GET, POST and DELETE"),
    }
}

/// The formula and the values that the analytics engine is asked about; nothing for any other request.
pub fn question(store: &Store, method: &str, path: &str, body: &[u8]) -> Option<Result<(String, Vec<f64>), Answer>> {
    let name = path.strip_prefix(SERIES)?.strip_suffix(EVALUATE)?;
    Some(formula_over(store, method, name, body))
}

fn formula_over(store: &Store, method: &str, name: &str, body: &[u8]) -> Result<(String, Vec<f64>), Answer> {
    if method != "POST" {
        return Err(refused(405, "formulas are evaluated by POST"));
    }
    if !is_name(name) {
        return Err(refused(400, NAME_RULE));
    }
    let asked = serde_json::from_slice::<Value>(body).ok();
    let formula = asked.as_ref().and_then(|asked| asked["formula"].as_str());
    let formula = formula.ok_or_else(|| {
        refused(
            400,
            r#"expected {"formula": TEXT}, such as {"formula": "mean(values)"}"#,
        )
    })?;
    match store.values(name) {
        Some(values) if !values.is_empty() => Ok((formula.to_owned(), values.to_vec())),
        _ => Err(refused(404, format!("there are no values in {name}"))),
    }
}

pub fn evaluated(found: Result<f64, Failure>) -> Answer {
    match found {
        Ok(result) => answer(200, json!({ "result": result })),
        Err(Failure::Refused(why)) => refused(400, why),
        Err(Failure::Unavailable(why)) => refused(503, why),
    }
}

/// In the words of both doors.
pub fn refusal(reason: &Refusal) -> String {
    match reason {
        Refusal::TooManySeries => format!("there are {MOST_SERIES} series: delete one"),
        Refusal::TooManyValues => format!("a series has at most {MOST_VALUES} values"),
    }
}

pub fn is_name(text: &str) -> bool {
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
    #[test]
    fn asks_for_formulas_over_what_is_there() {
        let store = &mut Store::default();
        ask(store, "POST", "/api/series/load", "[1, 2]");
        let asked = |method: &str, path: &str, body: &str| {
            question(store, method, path, body.as_bytes()).map(|found| found.map_err(|refused| refused.status))
        };
        let formula = r#"{"formula": "mean(values)"}"#;
        assert_eq!(asked("GET", "/api/series/load", ""), None);
        assert_eq!(
            asked("POST", "/api/series/load/evaluate", formula),
            Some(Ok(("mean(values)".into(), vec![1.0, 2.0])))
        );
        assert_eq!(asked("GET", "/api/series/load/evaluate", ""), Some(Err(405)));
        assert_eq!(asked("POST", "/api/series/a b/evaluate", formula), Some(Err(400)));
        assert_eq!(asked("POST", "/api/series/load/evaluate", "[1]"), Some(Err(400)));
        assert_eq!(asked("POST", "/api/series/none/evaluate", formula), Some(Err(404)));
        assert_eq!(evaluated(Ok(2.5)).body.to_string(), r#"{"result":2.5}"#);
        assert_eq!(evaluated(Err(Failure::Refused("no".into()))).status, 400);
        assert_eq!(evaluated(Err(Failure::Unavailable("later".into()))).status, 503);
    }
}
