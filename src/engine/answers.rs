//! Calls and answers: a question becomes a call, an answer is checked against its question.
//!
//! Is not: retrying. Whoever answers may try as often as it likes before it says that it failed.

use std::sync::Arc;

use crate::base::cause::{self, Cause};
use crate::base::fit;
use crate::base::id::RoleId;
use crate::bytecode::program::Program;
use crate::effect::call::{Answer, Ask};
use crate::machine::question::{Question, Reply};

/// Why there is no reply: what a scope may take, and what is said where none does.
pub(super) struct Refusal {
    pub(super) cause: Cause,
    pub(super) code: &'static str,
    pub(super) reason: String,
}

/// A question in words of its program.
pub(super) fn ask(program: &Program, question: Question<'_>) -> Ask {
    let name = |role: RoleId| {
        program.roles.get(role.index()).map_or_else(|| Arc::from(""), |role| role.name.clone())
    };
    match question {
        Question::Produce { to, message } => {
            Ask::Produce { message: message.name.clone(), to: name(to), ty: message.ty.clone() }
        }
        Question::Decide(decision) => {
            Ask::Decide { choice: decision.name.clone(), labels: decision.labels.clone() }
        }
        Question::Perform(operation, args) => Ask::Perform {
            effect: operation.effect.clone(),
            operation: operation.name.clone(),
            args: operation.args.iter().cloned().zip(args.iter().cloned()).collect(),
            result: operation.result.clone(),
            repetition: operation.repetition,
        },
        Question::Observe { from, message, payload } => {
            Ask::Observe { message: message.name.clone(), from: name(from), payload: payload.clone() }
        }
    }
}

/// An answer as the machine takes it.
pub(super) fn judge(question: Question<'_>, answer: Answer) -> Result<Reply, Refusal> {
    let trouble = |code, reason| Refusal { cause: cause(&question), code, reason };
    match (question, answer) {
        (Question::Produce { message, .. }, Answer::Value(value)) => {
            fit::fit(value, &message.ty).map(Reply::Value).map_err(|misfit| {
                trouble("E0506", format!("the payload of `{}` does not fit: {misfit}", message.name))
            })
        }
        (Question::Perform(operation, _), Answer::Value(value)) => {
            fit::fit(value, &operation.result).map(Reply::Value).map_err(|misfit| {
                let name = format!("{}.{}", operation.effect, operation.name);
                trouble("E0506", format!("the outcome of `{name}` does not fit: {misfit}"))
            })
        }
        (Question::Decide(decision), Answer::Label(label)) => {
            if usize::from(label) < decision.labels.len() {
                Ok(Reply::Label(label))
            } else {
                Err(trouble("E0507", format!("the choice `{}` has no label {label}", decision.name)))
            }
        }
        (Question::Observe { .. }, Answer::Accepted) => Ok(Reply::Accepted),
        (Question::Observe { message, .. }, Answer::Failed(failure)) => {
            Err(trouble("E0510", format!("`{}` was refused: {}", message.name, failure.reason)))
        }
        (Question::Perform(operation, _), Answer::Failed(failure)) => Err(trouble(
            "E0509",
            format!("`{}.{}` failed: {}", operation.effect, operation.name, failure.reason),
        )),
        (_, Answer::Failed(failure)) => Err(trouble("E0508", failure.reason)),
        (question, _) => {
            Err(trouble("E0507", format!("{} is answered by something else", subject(question))))
        }
    }
}

/// What a bad answer to a question is for the scopes around whoever asked.
fn cause(question: &Question<'_>) -> Cause {
    match question {
        Question::Produce { .. } | Question::Decide(_) => Cause::failed(cause::PARTICIPANT),
        Question::Perform(operation, _) => Cause::Failed(Some(operation.effect.clone())),
        Question::Observe { .. } => Cause::Refused,
    }
}

fn subject(question: Question<'_>) -> String {
    match question {
        Question::Produce { message, .. } | Question::Observe { message, .. } => {
            format!("`{}`", message.name)
        }
        Question::Decide(decision) => format!("the choice `{}`", decision.name),
        Question::Perform(operation, _) => format!("`{}.{}`", operation.effect, operation.name),
    }
}
