//! One scenario on one driver: every line is done in its order, and what comes of it is held against its last column.
//!
//! The first line whose outcome differs ends the scenario: what follows it would differ for the same reason.
//! Is not: a driver, and knows none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::json;
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::config::input::Param;
use crate::config::scenario::{Act, Action, Expected, Name, Placed, Question, Reply, Scenario, Standing};
use crate::config::vocabulary::{Vocabulary, means};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::tools::run::invent_missing;
use crate::tools::scenario::compare::{Unmet, compare};
use crate::tools::scenario::{Driver, Given, Happening, Objection, Wait};

/// Things that happened which a finding shows, at most.
const SHOWN_MAX: usize = 12;

/// What came of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// How many of its actions were done.
    pub actions: usize,
    /// Everything that happened.
    pub happened: Vec<Happening>,
    /// What differs; none if everything is as expected.
    pub difference: Option<Diagnostic>,
}

/// The protocol that scenarios are about, as far as they name it.
#[derive(Clone, Debug)]
pub struct About {
    /// Its names.
    pub words: Vocabulary,
    /// Its parameters.
    pub params: Vec<Param>,
}

/// Plays a scenario that was judged, from its first action to its last or to the first difference.
pub fn play(scenario: &Scenario<'_>, about: &About, driver: &mut dyn Driver) -> Played {
    let (seed, invents) = (scenario.seed(), !scenario.is_manual());
    let mut player = Player { about, seed, invents, driver, happened: Vec::new() };
    player.reserve(scenario);
    let mut actions = 0;
    let mut difference = None;
    for act in &scenario.acts {
        difference = player.act(act).err().map(|diagnostic| *diagnostic);
        if difference.is_some() {
            break;
        }
        actions += 1;
    }
    Played { name: scenario.name.to_owned(), actions, happened: player.happened, difference }
}

struct Player<'a> {
    about: &'a About,
    seed: u64,
    /// Whether parameters that are not given are made up here.
    invents: bool,
    driver: &'a mut dyn Driver,
    happened: Vec<Happening>,
}

type Held = Result<(), Box<Diagnostic>>;

impl Player<'_> {
    /// The roles that a name means, one by one.
    fn members(&self, name: &Name) -> Vec<Arc<str>> {
        self.about.words.roles.iter().filter(|role| means(&name.it, role)).cloned().collect()
    }

    fn reserve(&mut self, scenario: &Scenario<'_>) {
        for act in &scenario.acts {
            if let Action::Answer(role, question, _) | Action::Fail(role, question, _) = act.action {
                for member in self.members(role) {
                    self.driver.reserve(&member, question);
                }
            }
        }
    }

    fn act(&mut self, act: &Act<'_>) -> Held {
        if let Action::Expect(standing) = act.action {
            self.stands(standing)?;
        } else {
            let done = self.carry_out(act.action);
            if let Err(objection) = done {
                return Err(Box::new(self.objected(act.at, &objection)));
            }
        }
        let found = self.driver.happened();
        let compared = compare(act.expected, &found);
        self.happened.extend(found.iter().cloned());
        compared.map_err(|unmet| Box::new(differs(act.expected, unmet, &found)))
    }

    fn carry_out(&mut self, action: &Action) -> Result<(), Objection> {
        match action {
            Action::Open(given) => {
                let params = self.params(given)?;
                self.driver.open(&params)
            }
            Action::Answer(role, question, reply) => {
                let given = self.given(question, &reply.it)?;
                self.members(role)
                    .iter()
                    .try_for_each(|member| self.driver.answer(member, question, given.clone()))
            }
            Action::Fail(role, question, failure) => self
                .members(role)
                .iter()
                .try_for_each(|member| self.driver.answer(member, question, Given::Fail(failure.clone()))),
            Action::Deny(times, passage) => {
                for from in self.members(&passage.from) {
                    for to in self.members(&passage.to) {
                        self.driver.deny(*times, &from, &to, &passage.message.it)?;
                    }
                }
                Ok(())
            }
            Action::Cancel => self.driver.cancel(),
            Action::Lose(role) => self.members(role).iter().try_for_each(|member| self.driver.lose(member)),
            Action::Tick(span) => self.driver.tick(*span),
            Action::Step(place, motion) => self.driver.step(&place.it, motion),
            Action::Expect(_) => Ok(()),
        }
    }

    /// The parameters that are given, and made-up values for those that have to be and are not.
    fn params(
        &self,
        given: &[(Name, Placed<serde_json::Value>)],
    ) -> Result<Vec<(Arc<str>, Value)>, Objection> {
        let mut values = BTreeMap::new();
        for (name, value) in given {
            let param = self.about.params.iter().find(|param| *param.name == *name.it);
            let param = param.ok_or_else(|| Objection(format!("there is no parameter `{}`", name.it)))?;
            values.insert(param.name.clone(), typed(&value.it, &param.ty)?);
        }
        if self.invents {
            invent_missing(&self.about.params, &mut values, self.seed);
        }
        Ok(values.into_iter().collect())
    }

    fn given(&self, question: &Question, reply: &Reply) -> Result<Given, Objection> {
        let name = question.name().it.as_str();
        let ty = match question {
            Question::Perform(_) => self.about.words.operations.get(name),
            _ => self.about.words.messages.get(name),
        };
        Ok(match reply {
            Reply::Value(value) => Given::Value(typed(value, ty.unwrap_or(&Type::Any))?),
            Reply::Label(label) => Given::Label(label.clone()),
            Reply::Accept => Given::Accept,
            Reply::Refuse => Given::Refuse,
        })
    }

    /// Holds how things stand against what a line says.
    fn stands(&self, standing: &Placed<Standing>) -> Held {
        let end = self.happened.iter().find(|happening| happening.is_end());
        let done: BTreeSet<&str> = self
            .happened
            .iter()
            .filter_map(|happening| match happening {
                Happening::Done { role } => Some(role.as_ref()),
                _ => None,
            })
            .collect();
        let holds = match (&standing.it, end) {
            (Standing::Completed, Some(Happening::Completed)) | (Standing::Open, None) => true,
            (Standing::Aborted(wanted, place), Some(Happening::Aborted { role, code, .. })) => {
                wanted.as_ref().is_none_or(|wanted| wanted.it.eq_ignore_ascii_case(code))
                    && place
                        .as_ref()
                        .is_none_or(|place| role.as_ref().is_some_and(|role| means(&place.it, role)))
            }
            (Standing::Done(role), _) => self.members(role).iter().all(|role| done.contains(role.as_ref())),
            (Standing::Waits(role, wanted), None) => {
                let waits = self.driver.waits();
                self.members(role).iter().all(|role| waits.iter().any(|wait| waits_for(wait, role, wanted)))
            }
            _ => false,
        };
        if holds {
            return Ok(());
        }
        let message = format!("expected `{}`, and it is not so", standing.it);
        let mut diagnostic = Diagnostic::new(Code::E0432, standing.at, message);
        match end {
            Some(end) => diagnostic = diagnostic.note(format!("the session is over: {end}")),
            None => {
                for wait in self.driver.waits().iter().take(SHOWN_MAX) {
                    diagnostic = diagnostic.note(said(wait));
                }
                if diagnostic.notes.is_empty() {
                    diagnostic = diagnostic.note("no role waits for anything");
                }
            }
        }
        Err(Box::new(diagnostic))
    }

    /// Why an action cannot be done, and what could be.
    fn objected(&self, at: Span, objection: &Objection) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(Code::E0433, at, objection.0.clone());
        let end = self.happened.iter().find(|happening| happening.is_end());
        match end {
            Some(end) => diagnostic.note(format!("the session is over: {end}")),
            None => {
                for wait in self.driver.waits().iter().take(SHOWN_MAX) {
                    diagnostic = diagnostic.note(said(wait));
                }
                diagnostic
            }
        }
    }
}

fn typed(value: &serde_json::Value, ty: &Type) -> Result<Value, Objection> {
    json::from_json(value, ty).map_err(|misfit| Objection(format!("the value does not fit: {misfit}")))
}

/// Whether this is what a role is said to wait for.
fn waits_for(wait: &Wait, role: &str, wanted: &Option<Name>) -> bool {
    let (who, what) = match wait {
        Wait::Answer(who, question) => (who, &question.name().it),
        Wait::Message(who, message, _) => (who, message),
    };
    who == role && wanted.as_ref().is_none_or(|wanted| wanted.it == *what)
}

/// What a role waits for, for people.
fn said(wait: &Wait) -> String {
    match wait {
        Wait::Answer(role, question) => format!("{role} is asked {question}"),
        Wait::Message(role, message, from) => format!("{role} waits for {message} from {from}"),
    }
}

/// What was expected, and what happened.
fn differs(expected: &[Placed<Expected>], unmet: Unmet, found: &[Happening]) -> Diagnostic {
    let wanted = expected.get(unmet.at);
    let at = wanted.map_or_else(Span::default, |wanted| wanted.at);
    let message = match wanted.map(|wanted| (&wanted.it, wanted.it.times)) {
        Some((wanted, Some(_))) => {
            format!("expected `{wanted}`, and it happened {}", times(unmet.found))
        }
        Some((wanted, None)) if unmet.found == 0 => format!("expected `{wanted}`, and it did not happen"),
        Some((wanted, None)) => format!("expected `{wanted}`, and something happened"),
        None => "something else was expected".to_owned(),
    };
    let mut diagnostic = Diagnostic::new(Code::E0432, at, message);
    if unmet.at > 0 {
        diagnostic = diagnostic.here("what stands before it did happen");
    }
    if found.is_empty() {
        return diagnostic.note("nothing happened");
    }
    for happening in found.iter().take(SHOWN_MAX) {
        diagnostic = diagnostic.note(format!("found {happening}"));
    }
    match found.len().checked_sub(SHOWN_MAX) {
        Some(more) if more > 0 => diagnostic.note(format!("and {more} more")),
        _ => diagnostic,
    }
}

fn times(count: usize) -> String {
    match count {
        0 => "not at all".to_owned(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}
