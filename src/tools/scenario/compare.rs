//! What happened, held against what a line expects.
//!
//! What is expected has to happen in its order; other things may happen before, between and after. Of payloads only
//! the fields that are written are compared.
//! Is not: a search for the best fit. Each expectation takes the first thing that fits, which is enough for an order.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::base::json::to_json;
use crate::base::value::Value;
use crate::config::scenario::{Event, Expected, Name, Passage, Placed, Question};
use crate::config::vocabulary::means;
use crate::tools::scenario::Happening;

/// The first expectation that is not met: its place in the line, and how often it was met after those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unmet {
    /// Which.
    pub at: usize,
    /// How often it was met.
    pub found: usize,
}

/// Holds what happened against what was expected.
///
/// # Errors
/// The first expectation that is not met.
pub fn compare(expected: &[Placed<Expected>], found: &[Happening]) -> Result<(), Unmet> {
    let mut from = 0;
    for (at, one) in expected.iter().enumerate() {
        let Expected { times, event } = &one.it;
        if *event == Event::Nothing {
            if !found.is_empty() {
                return Err(Unmet { at, found: found.len() });
            }
            continue;
        }
        let mut fitting = found.iter().enumerate().skip(from).filter(|(_, have)| fits(event, have));
        match times {
            None => match fitting.next() {
                Some((met, _)) => from = met + 1,
                None => return Err(Unmet { at, found: 0 }),
            },
            Some(times) => {
                let all: Vec<usize> = fitting.map(|(met, _)| met).collect();
                if all.len() != *times as usize {
                    return Err(Unmet { at, found: all.len() });
                }
                from = all.last().map_or(from, |last| last + 1);
            }
        }
    }
    Ok(())
}

/// Whether an event of a table means this.
#[must_use]
pub fn fits(event: &Event, have: &Happening) -> bool {
    let passes = |passage: &Passage, from: &str, to: &str, message: &str| {
        role(&passage.from, from) && role(&passage.to, to) && passage.message.it == message
    };
    match (event, have) {
        (Event::Sent(passage, wanted), Happening::Sent { from, to, message, payload }) => {
            passes(passage, from, to, message) && carries(wanted.as_ref(), payload)
        }
        (Event::Taken(passage), Happening::Taken { from, to, message }) => passes(passage, from, to, message),
        (Event::Told(teller, told, wanted), Happening::Told { from, to, label }) => {
            role(teller, from) && role(told, to) && *wanted.it == **label
        }
        (Event::Decided(who, wanted, outcome), Happening::Decided { role: by, choice, label }) => {
            role(who, by) && *wanted.it == **choice && *outcome.it == **label
        }
        (Event::Performed(who, wanted, value), Happening::Performed { role: by, operation, outcome }) => {
            role(who, by) && *wanted.it == **operation && carries(value.as_ref(), outcome)
        }
        (Event::Logged(who, wanted), Happening::Logged { role: by, text }) => role(who, by) && wanted == text,
        (Event::Asked(who, wanted), Happening::Asked { role: by, question }) => {
            role(who, by) && same_question(wanted, question)
        }
        (Event::Raised(who, wanted), Happening::Raised { role: by, cause }) => {
            role(who, by) && wanted == cause
        }
        (Event::Done(who), Happening::Done { role: by }) => role(who, by),
        (Event::Completed, Happening::Completed) => true,
        (Event::Aborted(wanted, place), Happening::Aborted { role: at, code, .. }) => {
            wanted.as_ref().is_none_or(|wanted| wanted.it.eq_ignore_ascii_case(code))
                && place.as_ref().is_none_or(|place| at.as_ref().is_some_and(|at| role(place, at)))
        }
        _ => false,
    }
}

/// Whether both ask the same.
#[must_use]
pub fn same_question(a: &Question, b: &Question) -> bool {
    a.word() == b.word() && a.name().it == b.name().it
}

fn role(wanted: &Name, have: &str) -> bool {
    means(&wanted.it, have)
}

fn carries(wanted: Option<&Json>, have: &Value) -> bool {
    wanted.is_none_or(|wanted| within(wanted, &to_json(have)))
}

/// Whether everything that is wanted is there. A number may stand for the text of an exact number.
fn within(wanted: &Json, have: &Json) -> bool {
    match (wanted, have) {
        (Json::Object(wanted), Json::Object(have)) => {
            wanted.iter().all(|(name, wanted)| within(wanted, have.get(name).unwrap_or(&Json::Null)))
        }
        (Json::Array(wanted), Json::Array(have)) => {
            wanted.len() == have.len() && wanted.iter().zip(have).all(|(wanted, have)| within(wanted, have))
        }
        (Json::Number(wanted), Json::Number(have)) => {
            wanted == have || (wanted.as_f64() == have.as_f64() && (wanted.is_f64() || have.is_f64()))
        }
        (Json::Number(wanted), Json::String(have)) => {
            let number = Decimal::from_str(&wanted.to_string());
            number.is_ok() && number.ok() == Decimal::from_str(have).ok()
        }
        _ => wanted == have,
    }
}
