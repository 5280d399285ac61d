//! A person who answers for a role in the terminal: `laban run --play ROLE`.
//!
//! A choice is shown with numbers, a payload is asked for field by field or taken as one line of JSON. What does not
//! fit is said and asked again. When the input ends, so does the role: every further answer is a failure.
//! Is not: in the way of the data. Prompts go where talk goes; other roles are played by someone else.

use std::io::{BufRead, Write};
use std::sync::Arc;

use crate::base::fit::type_name;
use crate::base::json::{self, Unread};
use crate::base::ty::{FieldType, Type};
use crate::base::value::Value;
use crate::config::script::Retry;
use crate::config::vocabulary::{label_at, means};
use crate::effect::call::Answer;
use crate::effect::participant::Participant;
use crate::effect::world::{Request, permanent};

/// A person for one role (or family, `Guardian[*]`), and someone else for all others.
pub struct Person<R, W> {
    /// The role, as given on the command line.
    pub role: String,
    /// What the person types.
    pub input: R,
    /// What the person reads.
    pub output: W,
    /// Who plays the other roles.
    pub others: Box<dyn Participant>,
}

impl<R: BufRead, W: Write> Participant for Person<R, W> {
    fn produce(&mut self, role: &Arc<str>, message: &str, to: &str, ty: &Type) -> Answer {
        if !means(&self.role, role) {
            return self.others.produce(role, message, to, ty);
        }
        self.say(&format!("\n{role} sends `{message}` to {to}"));
        let value = match ty {
            Type::Record(fields) => self.record(fields, ty),
            _ => self.value("payload", ty),
        };
        value.map_or_else(gone, Answer::Value)
    }

    fn decide(&mut self, role: &Arc<str>, choice: &str, labels: &[Arc<str>]) -> Answer {
        if !means(&self.role, role) {
            return self.others.decide(role, choice, labels);
        }
        self.say(&format!("\n{role} decides `{choice}`"));
        for (number, label) in labels.iter().enumerate() {
            self.say(&format!("  {} {label}", number + 1));
        }
        loop {
            let Some(line) = self.ask("number or label") else { return gone() };
            let numbered = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            match numbered.filter(|at| *at < labels.len()).or_else(|| label_at(labels, &line)) {
                // A choice has far fewer labels than the index can count.
                Some(at) => return Answer::Label(at as u16),
                None => self.say(&format!("  type a number from 1 to {}, or a label", labels.len())),
            }
        }
    }

    fn observe(&mut self, role: &Arc<str>, message: &str, from: &str, payload: &Value) -> Answer {
        if !means(&self.role, role) {
            return self.others.observe(role, message, from, payload);
        }
        self.say(&format!("\n{role} receives `{message}` from {from}: {}", json::to_text(payload)));
        Answer::Accepted
    }

    fn retry(&self, role: &str) -> Retry {
        self.others.retry(role)
    }

    fn perform(&mut self, request: &Request<'_>) -> Answer {
        if !means(&self.role, request.role) {
            return self.others.perform(request);
        }
        self.say(&format!("\n{} does {}.{}", request.role, request.effect, request.operation));
        for (name, value) in request.args {
            self.say(&format!("  {name} = {}", json::to_text(value)));
        }
        if request.result.is_empty_record() {
            return Answer::Value(Value::record([]));
        }
        self.value("outcome", request.result).map_or_else(gone, Answer::Value)
    }
}

impl<R: BufRead, W: Write> Person<R, W> {
    /// A record, field by field, or at once where the first answer is a JSON object; none when the input ends.
    fn record(&mut self, fields: &[FieldType], whole: &Type) -> Option<Value> {
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let prompt = format!("{} ({})", field.name, type_name(&field.ty));
            let value = loop {
                let line = self.ask(&prompt)?;
                let at_once = values.is_empty() && line.starts_with('{');
                match read(&line, if at_once { whole } else { &field.ty }) {
                    Ok(value) if at_once => return Some(value),
                    Ok(value) => break value,
                    Err(reason) => self.say(&format!("  {reason}")),
                }
            };
            values.push((Arc::clone(&field.name), value));
        }
        Some(Value::record(values))
    }

    /// One value of a type; none when the input ends.
    fn value(&mut self, name: &str, ty: &Type) -> Option<Value> {
        let prompt = format!("{name} ({})", type_name(ty));
        loop {
            let line = self.ask(&prompt)?;
            match read(&line, ty) {
                Ok(value) => return Some(value),
                Err(reason) => self.say(&format!("  {reason}")),
            }
        }
    }

    /// A line without the white space around it; none when the input ends or cannot be read.
    fn ask(&mut self, prompt: &str) -> Option<String> {
        // Where a prompt cannot be shown, the answer can still be read.
        let _ = write!(self.output, "  {prompt}: ").and_then(|()| self.output.flush());
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(0) | Err(_) => {
                self.say("");
                None
            }
            Ok(_) => Some(line.trim().to_owned()),
        }
    }

    /// Shows a line.
    fn say(&mut self, line: &str) {
        let _ = writeln!(self.output, "{line}");
    }
}

/// The value of a type that a typed line means: JSON, or bare text where a text may stand; nothing is none.
fn read(line: &str, ty: &Type) -> Result<Value, String> {
    if line.is_empty() && matches!(ty, Type::Optional(_)) {
        return Ok(Value::None);
    }
    match json::from_text(line, ty) {
        Ok(value) => Ok(value),
        Err(unread) => {
            let bare = json::from_json(&serde_json::Value::from(line), ty);
            match (bare, unread) {
                (Ok(value), _) if !line.is_empty() => Ok(value),
                (_, Unread::Misfit(misfit)) => Err(misfit.to_string()),
                (Err(misfit), Unread::Syntax { .. }) => Err(misfit.to_string()),
                (Ok(_), Unread::Syntax { reason, .. }) => Err(reason),
            }
        }
    }
}

/// The answer of a person who is not there any more.
fn gone() -> Answer {
    permanent("the input ended before the role did".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::generated::Generated;

    fn person(input: &'static str) -> Person<&'static [u8], Vec<u8>> {
        Person {
            role: "A".to_owned(),
            input: input.as_bytes(),
            output: Vec::new(),
            others: Box::new(Generated::new(0)),
        }
    }

    fn order() -> Type {
        let field = |name: &str, ty| FieldType { name: Arc::from(name), ty };
        Type::Record(Arc::new(vec![
            field("count", Type::INT),
            field("note", Type::Optional(Arc::new(Type::Text))),
            field("what", Type::Text),
        ]))
    }

    fn produced(input: &'static str) -> (Answer, String) {
        let mut person = person(input);
        let answer = person.produce(&Arc::from("A"), "Order", "B", &order());
        (answer, String::from_utf8(person.output).unwrap())
    }

    fn json_of(answer: &Answer) -> String {
        match answer {
            Answer::Value(value) => json::to_text(value),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn payloads_are_asked_field_by_field_until_they_fit() {
        let (answer, shown) = produced("many\n3\n\ntwo words\n");
        assert_eq!(json_of(&answer), r#"{"count":3,"note":null,"what":"two words"}"#);
        assert_eq!(shown.matches("count (Int)").count(), 2, "{shown}");
        assert!(shown.contains("A sends `Order` to B"), "{shown}");
    }

    #[test]
    fn a_line_of_json_is_a_whole_payload() {
        let (answer, _) = produced("{\"count\": 1}\n{\"count\": 1, \"what\": \"x\"}\n");
        assert_eq!(json_of(&answer), r#"{"count":1,"note":null,"what":"x"}"#);
    }

    #[test]
    fn the_end_of_the_input_is_a_failure() {
        assert!(matches!(produced("3\n").0, Answer::Failed(_)));
        let labels = [Arc::from("yes"), Arc::from("no")];
        assert!(matches!(person("").decide(&Arc::from("A"), "c", &labels), Answer::Failed(_)));
    }

    #[test]
    fn choices_are_made_by_number_or_label() {
        let labels = [Arc::from("accept"), Arc::from("reject")];
        for (input, expected) in [("2\n", 1), ("accept\n", 0), ("0\n3\nmaybe\nreject\n", 1)] {
            let mut person = person(input);
            assert_eq!(person.decide(&Arc::from("A"), "c", &labels), Answer::Label(expected));
            assert!(String::from_utf8(person.output).unwrap().contains("  1 accept\n  2 reject\n"));
        }
    }

    #[test]
    fn other_roles_are_played_by_others() {
        let mut person = person("");
        assert!(matches!(person.produce(&Arc::from("B"), "Order", "A", &order()), Answer::Value(_)));
        assert!(person.output.is_empty());
    }
}
