//! The settings of a node, by the reader and by the schema.

use crate::base::limits::{REQUESTS_MAX, SESSIONS_MAX};
use crate::config::node::{Limits, Settings, read};
use crate::config::tests::is_valid;
use crate::diag::source::SourceId;

const SCHEMA: &str = include_str!("../../../schemas/laban.schema.json");

/// What a text says of limits, if it is right; else what is said of it.
fn limits(text: &str) -> Result<Limits, Vec<String>> {
    let (settings, said) = read(SourceId(0), text);
    assert_eq!(is_valid(SCHEMA, text), said.is_empty(), "the schema thinks otherwise: {text}");
    if said.is_empty() {
        return Ok(settings.limits);
    }
    Err(said.iter().map(|one| format!("{}: {}", one.code.name(), one.message)).collect())
}

#[test]
fn limits_are_settings_within_what_can_be() {
    assert_eq!(limits("durability: none\n"), Ok(Settings::default().limits));
    let some = limits("limits: { sessions: 7, connections: 9 }\n").unwrap();
    assert_eq!((some.sessions, some.requests, some.connections), (7, REQUESTS_MAX, 9));
    assert!(limits(&format!("limits: {{ sessions: {SESSIONS_MAX} }}\n")).is_ok());
    for (text, expected) in [
        ("limits: { sessions: 0 }\n", "E0405: `sessions` is a number from 1 to 4000000, not"),
        ("limits: { requests: 513 }\n", "E0405: `requests` is a number from 1 to 512, not"),
        ("limits: { connections: many }\n", "E0405: `connections` is a whole number from 0, not"),
        ("limits: { session: 3 }\n", "E0403: `limits` has no setting `session`"),
        ("limits: 3\n", "E0405: `limits` is a map, not"),
    ] {
        let said = limits(text).unwrap_err();
        assert!(said.len() == 1 && said[0].starts_with(expected), "{text}{said:?}");
    }
}
