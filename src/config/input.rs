//! Inputs: the parameters of a session, as they are given by name: `amount=5`, `who="Ann"`, `who=Ann`.
//!
//! In goes one text with the parameters' names and types; out comes a name and a value, or a diagnostic whose place
//! is in that text (whoever has the arguments adds it as a source).
//! Is not: the check that nothing is missing; whoever has all inputs does that, with [`missing`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::json::{self, Unread};
use crate::base::ty::Type;
use crate::base::value::Value;
use crate::config::reader::{advice, near};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::{SourceId, Span};

/// A parameter of a session.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether it may be left out, because it has a default.
    pub optional: bool,
}

/// Reads `NAME=JSON`. What is not JSON is taken as text where the parameter is text.
///
/// # Errors
/// `E0412`: no such parameter, not JSON, or a value that does not fit.
pub fn read(source: SourceId, text: &str, params: &[Param]) -> Result<(Arc<str>, Value), Box<Diagnostic>> {
    let whole = Span::new(source, 0, text.len() as u32);
    let Some((name, given)) = text.split_once('=') else {
        let diagnostic = Diagnostic::new(Code::E0412, whole, "an input is a name, `=` and a value");
        return Err(Box::new(diagnostic.help("write it as `amount=5`")));
    };
    let Some(param) = params.iter().find(|param| *param.name == *name) else {
        let known: Vec<&str> = params.iter().map(|param| param.name.as_ref()).collect();
        let span = Span::new(source, 0, name.len() as u32);
        let diagnostic = Diagnostic::new(Code::E0412, span, format!("there is no parameter `{name}`"));
        return Err(Box::new(match near(name, &known) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }));
    };
    let value = match json::from_text(given, &param.ty) {
        Err(Unread::Syntax { .. }) if takes_text(&param.ty) => {
            json::from_json(&serde_json::Value::from(given), &param.ty).map_err(Unread::Misfit)
        }
        other => other,
    };
    let place = Span::new(source, name.len() as u32 + 1, text.len() as u32);
    value.map(|value| (param.name.clone(), value)).map_err(|unread| Box::new(refusal(place, name, &unread)))
}

/// The parameters that have to be given and are not.
pub fn missing<'a>(
    params: &'a [Param],
    given: &BTreeMap<Arc<str>, Value>,
) -> impl Iterator<Item = &'a Param> {
    let given: Vec<Arc<str>> = given.keys().cloned().collect();
    params.iter().filter(move |param| !param.optional && !given.contains(&param.name))
}

fn refusal(place: Span, name: &str, unread: &Unread) -> Diagnostic {
    match unread {
        Unread::Syntax { reason, .. } => {
            let message = format!("the value of `{name}` is not JSON: {reason}");
            Diagnostic::new(Code::E0412, place, message)
                .help("quote texts twice on a command line: `'who=\"Ann\"'`")
        }
        Unread::Misfit(misfit) => {
            let diagnostic =
                Diagnostic::new(Code::E0412, place, format!("the value of `{name}` does not fit: {misfit}"));
            match advice(misfit) {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        }
    }
}

const fn takes_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Text | Type::Uuid | Type::Bytes | Type::Decimal | Type::Duration | Type::Enum(_) | Type::Any
    )
}
