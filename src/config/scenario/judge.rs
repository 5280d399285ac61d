//! The names, labels and values of a scenario, held against the protocol that it is about.
//!
//! Is not: a judge of what happens; that is seen when the scenario is run.

use crate::base::json;
use crate::base::ty::Type;
use crate::config::input::Param;
use crate::config::reader::{advice, near};
use crate::config::scenario::{
    Action, Event, Head, Name, Passage, Placed, Question, Reply, Scenario, Standing,
};
use crate::config::vocabulary::{Vocabulary, label_at, means};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::Span;

/// What is wrong with a scenario of this protocol.
#[must_use]
pub fn judge(scenario: &Scenario<'_>, known: &Vocabulary, params: &[Param]) -> Vec<Diagnostic> {
    let mut judge = Judge { known, params, said: Vec::new() };
    if scenario.acts.is_empty() {
        let nothing = Diagnostic::new(Code::E0431, scenario.at, "nothing is done in this scenario");
        judge.said.push(nothing.help("begin with `open`"));
    }
    if let Some(idle) = scenario.idle().filter(|_| scenario.is_manual()) {
        let message = "there is no clock in a `manual` scenario";
        judge.said.push(Diagnostic::new(Code::E0431, idle.at, message).help("leave `idle` out"));
    }
    for head in &scenario.head {
        if let Head::Auto(names) = head {
            names
                .iter()
                .filter(|name| name.it != "all" && name.it != "none")
                .for_each(|name| judge.role(name));
        }
    }
    for act in &scenario.acts {
        judge.action(act.action);
        act.expected.iter().for_each(|expected| judge.event(&expected.it.event));
    }
    judge.said
}

struct Judge<'a> {
    known: &'a Vocabulary,
    params: &'a [Param],
    said: Vec<Diagnostic>,
}

impl Judge<'_> {
    fn unknown<'n>(
        &mut self,
        code: Code,
        at: Span,
        message: String,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let diagnostic = Diagnostic::new(code, at, message);
        self.said.push(match near(name, &known) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Open(given) => given.iter().for_each(|(name, value)| self.param(name, value)),
            Action::Answer(role, question, reply) => {
                self.role(role);
                self.reply(question, reply);
            }
            Action::Fail(role, question, _) => {
                self.role(role);
                self.question(question);
            }
            Action::Deny(_, passage) => self.passage(passage),
            Action::Lose(role) | Action::Step(role, _) => self.role(role),
            Action::Expect(standing) => match &standing.it {
                Standing::Done(role) | Standing::Waits(role, None) | Standing::Aborted(_, Some(role)) => {
                    self.role(role);
                }
                Standing::Waits(role, Some(wanted)) => {
                    self.role(role);
                    self.wanted(wanted);
                }
                Standing::Completed | Standing::Aborted(_, None) | Standing::Open => {}
            },
            Action::Cancel | Action::Tick(_) => {}
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Sent(passage, _) | Event::Taken(passage) => self.passage(passage),
            Event::Told(from, to, _) => {
                self.role(from);
                self.role(to);
            }
            Event::Decided(role, choice, label) => {
                self.role(role);
                self.label(choice, label.at, &label.it);
            }
            Event::Performed(role, operation, _) => {
                self.role(role);
                self.operation(operation);
            }
            Event::Asked(role, question) => {
                self.role(role);
                self.question(question);
            }
            Event::Logged(role, _)
            | Event::Done(role)
            | Event::Raised(role, _)
            | Event::Aborted(_, Some(role)) => {
                self.role(role);
            }
            Event::Completed | Event::Aborted(_, None) | Event::Nothing => {}
        }
    }

    /// A role or a family; what follows a `/` is a lane.
    fn role(&mut self, name: &Name) {
        let role = name.it.split('/').next().unwrap_or_default();
        if !self.known.roles.iter().any(|known| means(role, known)) {
            let message = format!("`{}` has no role `{role}`", self.known.protocol);
            let names = self.known.role_names();
            self.unknown(Code::E0406, name.at, message, role, names.iter().map(String::as_str));
        }
    }

    fn passage(&mut self, passage: &Passage) {
        self.role(&passage.from);
        self.role(&passage.to);
        self.message(&passage.message);
    }

    fn message(&mut self, name: &Name) -> Option<Type> {
        let found = self.known.messages.get(name.it.as_str()).cloned();
        if found.is_none() {
            let message = format!("`{}` has no message `{}`", self.known.protocol, name.it);
            let names = self.known.messages.keys().map(AsRef::as_ref);
            self.unknown(Code::E0406, name.at, message, &name.it, names);
        }
        found
    }

    fn operation(&mut self, name: &Name) -> Option<Type> {
        let found = self.known.operations.get(name.it.as_str()).cloned();
        if found.is_none() {
            let message = format!("`{}` does not use an operation `{}`", self.known.protocol, name.it);
            let names = self.known.operations.keys().map(AsRef::as_ref);
            self.unknown(Code::E0406, name.at, message, &name.it, names);
        }
        found
    }

    fn choice(&mut self, name: &Name) {
        if !self.known.choices.contains_key(name.it.as_str()) {
            let message = format!("`{}` has no choice `{}`", self.known.protocol, name.it);
            let names = self.known.choices.keys().map(AsRef::as_ref);
            self.unknown(Code::E0406, name.at, message, &name.it, names);
        }
    }

    fn label(&mut self, choice: &Name, at: Span, label: &str) {
        let Some(labels) = self.known.choices.get(choice.it.as_str()) else { return self.choice(choice) };
        if label_at(labels, label).is_none() {
            let message = format!("`{}` has no label `{label}`", choice.it);
            self.unknown(Code::E0407, at, message, label, labels.iter().map(AsRef::as_ref));
        }
    }

    fn question(&mut self, question: &Question) {
        match question {
            Question::Produce(message) | Question::Observe(message) => {
                self.message(message);
            }
            Question::Decide(choice) => self.choice(choice),
            Question::Perform(operation) => {
                self.operation(operation);
            }
        }
    }

    fn reply(&mut self, question: &Question, reply: &Placed<Reply>) {
        match (question, &reply.it) {
            (Question::Decide(choice), Reply::Label(label)) => self.label(choice, reply.at, label),
            (Question::Produce(name), Reply::Value(value)) => {
                if let Some(ty) = self.message(name) {
                    self.fits(value, reply.at, &ty, &format!("the payload of `{}`", name.it), Code::E0408);
                }
            }
            (Question::Perform(name), Reply::Value(value)) => {
                if let Some(ty) = self.operation(name) {
                    self.fits(value, reply.at, &ty, &format!("the outcome of `{}`", name.it), Code::E0408);
                }
            }
            _ => self.question(question),
        }
    }

    fn param(&mut self, name: &Name, value: &Placed<serde_json::Value>) {
        let Some(param) = self.params.iter().find(|param| *param.name == *name.it) else {
            let message = format!("there is no parameter `{}`", name.it);
            let names: Vec<&str> = self.params.iter().map(|param| param.name.as_ref()).collect();
            return self.unknown(Code::E0412, name.at, message, &name.it, names);
        };
        let ty = param.ty.clone();
        self.fits(&value.it, value.at, &ty, &format!("the value of `{}`", name.it), Code::E0412);
    }

    fn fits(&mut self, value: &serde_json::Value, at: Span, ty: &Type, what: &str, code: Code) {
        if let Err(misfit) = json::from_json(value, ty) {
            let diagnostic = Diagnostic::new(code, at, format!("{what} does not fit: {misfit}"));
            self.said.push(match advice(&misfit) {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            });
        }
    }

    /// What a role may wait for: any name that it is asked for, or a message.
    fn wanted(&mut self, name: &Name) {
        let known = self.known;
        let all = || known.messages.keys().chain(known.choices.keys()).chain(known.operations.keys());
        if !all().any(|have| **have == *name.it) {
            let message = format!("`{}` has nothing called `{}` to wait for", known.protocol, name.it);
            self.unknown(Code::E0406, name.at, message, &name.it, all().map(AsRef::as_ref));
        }
    }
}
