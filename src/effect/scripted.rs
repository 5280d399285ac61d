//! The scripted participant: answers as a script gives them, and says clearly where the script ends or is silent.
//!
//! In go a script and a generated stand-in for what the script leaves to it. A list gives its answers one after
//! another, counted for each role; anything else is given every time.
//! Invariant: an answer is checked against what was asked; a script cannot make a value that does not fit.
//! Is not: a reader of scripts (`config::script`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use serde::{Deserialize, Serialize};

use crate::base::json;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::config::script::{Answers, Given, Otherwise, Retry, RoleScript, Script};
use crate::config::vocabulary::label_at;
use crate::diag::nearest;
use crate::effect::call::{Answer, Failure, FailureKind};
use crate::effect::generated::Generated;
use crate::effect::participant::Participant;
use crate::effect::world::{Request, permanent};

/// Answers from a script.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scripted {
    script: Script,
    stand_in: Generated,
    /// How many answers were given, by who asked, operation and name.
    given: BTreeMap<(Arc<str>, Verb, String), usize>,
}

/// What is asked of a participant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
enum Verb {
    Produce,
    Decide,
    Observe,
    Perform,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Produce => "produce",
            Self::Decide => "decide",
            Self::Observe => "observe",
            Self::Perform => "perform",
        })
    }
}

/// What a script says to one question.
enum Said {
    /// This.
    Given(Given),
    /// Nothing; the stand-in answers.
    Nothing,
    /// Nothing, and that is a mistake.
    Missing(String),
}

impl Scripted {
    /// A participant for every role: those of the script by the script, the others by the stand-in.
    #[must_use]
    pub const fn new(script: Script, stand_in: Generated) -> Self {
        Self { script, stand_in, given: BTreeMap::new() }
    }

    fn say(&mut self, role: &Arc<str>, verb: Verb, name: &str) -> Said {
        let of_role = self.role(role);
        let by_name = |script: &RoleScript| table(script, verb).get(name).cloned();
        if let Some(answers) = of_role.and_then(by_name) {
            return self.next(role, verb, name, &answers);
        }
        if verb == Verb::Perform
            && let Some(answers) = self.script.effects.get(name).cloned()
        {
            // Outcomes that stand for all roles are counted for all roles.
            return self.next(&Arc::from("effects"), verb, name, &answers);
        }
        let generated = match self.script.otherwise {
            Otherwise::Generated => true,
            Otherwise::Fail => false,
            Otherwise::Mixed => of_role.is_none() || verb == Verb::Perform,
        };
        if generated {
            return Said::Nothing;
        }
        let known = of_role.map(|script| table(script, verb).keys().map(String::as_str).collect::<Vec<_>>());
        let near = known.and_then(|known| nearest(name, known)).map(|near| format!("; it has `{near}`"));
        let near = near.unwrap_or_else(|| "; `otherwise: generated` would make one up".to_owned());
        Said::Missing(format!("the script has no answer for `{role}` to {verb} `{name}`{near}"))
    }

    fn next(&mut self, who: &Arc<str>, verb: Verb, name: &str, answers: &Answers) -> Said {
        match answers {
            Answers::Always(given) => Said::Given(given.clone()),
            Answers::Each(list) => {
                let used = self.given.entry((who.clone(), verb, name.to_owned())).or_insert(0);
                let next = list.get(*used).cloned();
                *used += 1;
                match next {
                    Some(given) => Said::Given(given),
                    None if self.script.otherwise == Otherwise::Generated => Said::Nothing,
                    None => Said::Missing(ran_out(who, verb, name, list.len())),
                }
            }
        }
    }

    /// The role's own entry, or its family's.
    fn role(&self, role: &str) -> Option<&RoleScript> {
        self.script.role(role)
    }
}

impl Participant for Scripted {
    fn produce(&mut self, role: &Arc<str>, message: &str, to: &str, ty: &Type) -> Answer {
        match self.say(role, Verb::Produce, message) {
            Said::Given(given) => value(given, ty, || format!("the script's `{message}`")),
            Said::Nothing => self.stand_in.produce(role, message, to, ty),
            Said::Missing(reason) => permanent(reason),
        }
    }

    fn decide(&mut self, role: &Arc<str>, choice: &str, labels: &[Arc<str>]) -> Answer {
        let label = match self.say(role, Verb::Decide, choice) {
            Said::Given(Given::Value(Json::String(label))) => label,
            Said::Given(Given::Value(json)) => json.to_string(),
            Said::Given(Given::Fail { recoverable, reason }) => return failed(recoverable, reason),
            Said::Nothing => return self.stand_in.decide(role, choice, labels),
            Said::Missing(reason) => return permanent(reason),
        };
        label_at(labels, &label).map_or_else(
            || {
                let near = nearest(&label, labels.iter().map(AsRef::as_ref));
                let near = near.map(|near| format!("; it has `{near}`")).unwrap_or_default();
                permanent(format!("`{choice}` has no label `{label}`{near}"))
            },
            |at| Answer::Label(at as u16),
        )
    }

    fn observes(&self, role: &str) -> bool {
        self.role(role).is_some_and(|script| !script.observe.is_empty())
    }

    fn observe(&mut self, role: &Arc<str>, message: &str, _from: &str, _payload: &Value) -> Answer {
        // Nobody has to observe: what a script does not mention is accepted.
        let said = self.role(role).and_then(|script| script.observe.get(message).cloned());
        match said.map(|answers| self.next(role, Verb::Observe, message, &answers)) {
            None | Some(Said::Given(Given::Value(_)) | Said::Nothing) => Answer::Accepted,
            Some(Said::Given(Given::Fail { recoverable, reason })) => failed(recoverable, reason),
            Some(Said::Missing(reason)) => permanent(reason),
        }
    }

    fn retry(&self, role: &str) -> Retry {
        self.role(role).and_then(|script| script.retry).unwrap_or_default()
    }

    fn perform(&mut self, request: &Request<'_>) -> Answer {
        let name = format!("{}.{}", request.effect, request.operation);
        match self.say(request.role, Verb::Perform, &name) {
            Said::Given(given) => {
                value(given, request.result, || format!("the script's outcome of `{name}`"))
            }
            Said::Nothing => self.stand_in.perform(request),
            Said::Missing(reason) => permanent(reason),
        }
    }
}

const fn table(script: &RoleScript, verb: Verb) -> &BTreeMap<String, Answers> {
    match verb {
        Verb::Produce => &script.produce,
        Verb::Decide => &script.decide,
        Verb::Observe => &script.observe,
        Verb::Perform => &script.effects,
    }
}

fn ran_out(who: &str, verb: Verb, name: &str, count: usize) -> String {
    let answers = if count == 1 { "answer" } else { "answers" };
    format!("the script has run out: it gives `{who}` {count} {answers} to {verb} `{name}`")
}

fn value(given: Given, ty: &Type, what: impl FnOnce() -> String) -> Answer {
    match given {
        Given::Value(json) => match json::from_json(&json, ty) {
            Ok(value) => Answer::Value(value),
            Err(misfit) => permanent(format!("{}: {misfit}", what())),
        },
        Given::Fail { recoverable, reason } => failed(recoverable, reason),
    }
}

const fn failed(recoverable: bool, reason: String) -> Answer {
    let kind = if recoverable { FailureKind::Recoverable } else { FailureKind::Permanent };
    Answer::Failed(Failure { kind, reason })
}
