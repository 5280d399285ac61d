//! What is said of a protocol that is refused, amended, or not fair to a role.
//!
//! In: what was found, as positions, runs and roles. Out: diagnostics with names and places. A refusal names the role,
//! the condition, two runs that look alike to it, what it would have to do after each, and where the two part.
//! Is not: a judge.

use std::collections::BTreeMap;

use crate::base::id::{ChoiceId, RoleId, SiteId};
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, Severity};
use crate::global::graph::{Act, Label};
use crate::global::protocol::{Protocol, Step};
use crate::local::coherence::Condition;
use crate::local::judge::Found;
use crate::local::projection::Selection;
use crate::local::runs::{Runs, Taken};
use crate::local::view::Seen;

/// Acts of a run that are shown; of longer runs the middle is left out.
const SHOWN_MAX: usize = 16;
/// Roles that one diagnostic names; of more it says how many.
const NAMED_MAX: usize = 4;

/// One diagnostic for each violation.
pub(super) fn refusals(protocol: &Protocol, found: &[Found]) -> Vec<Diagnostic> {
    found.iter().take(crate::base::limits::DIAGNOSTICS_MAX).map(|found| refusal(protocol, found)).collect()
}

/// The refusal of a protocol that cannot be judged within its bounds.
pub(super) fn too_much(protocol: &Protocol) -> Diagnostic {
    let message = format!("`{}` has too many ways to run to be judged", protocol.name);
    Diagnostic::new(Code::E0209, protocol.span, message)
        .help("split the protocol, or give its families and loops smaller sizes")
}

fn refusal(protocol: &Protocol, found: &Found) -> Diagnostic {
    let who = role(protocol, found.role);
    let [one, other] = [found.violation.one.1, found.violation.other.1].map(|seen| duty(protocol, seen));
    let (code, message) = match found.violation.condition {
        Condition::Send => (Code::E0201, format!("`{who}` cannot tell whether it {one} or {other}")),
        Condition::Receive => (
            Code::E0202,
            format!("`{who}` {other} first, but what it would know by that can overtake: it also {one}"),
        ),
        Condition::Mixed => {
            (Code::E0203, format!("`{who}` cannot tell whether it {one} or waits: it {other}"))
        }
        Condition::Name => (Code::E0204, format!("`{who}` {one} under two names")),
        Condition::Over => {
            (Code::E0205, format!("`{who}` cannot tell whether this part is over or it still {one}"))
        }
    };
    let message = match found.violation.condition {
        Condition::Receive => {
            format!("`{who}` cannot rely on the order of two messages: it {other}, or it {one}")
        }
        _ => message,
    };
    let span = |at: Option<SiteId>| at.and_then(|at| protocol.sites.get(at.index())).map(|site| site.span);
    let here = span(found.sites.0).or(span(found.sites.1)).unwrap_or(protocol.span);
    let mut diagnostic =
        Diagnostic::new(code, here, message).here(format!("after one run, `{who}` {one} here"));
    if let Some(place) = span(found.sites.1).filter(|place| *place != here) {
        diagnostic = diagnostic.also(place, format!("after the other, it {other} here"));
    }
    let origin = found.runs.origin();
    if let Some((choice, a, b)) = origin {
        diagnostic = parting(protocol, diagnostic, choice, [a, b]);
    }
    let [run, second] = lines(protocol, &found.runs);
    diagnostic = diagnostic
        .note(format!("one run: {run}; then `{who}` {one}"))
        .note(format!("the other: {second}; then `{who}` {other}"));
    match origin.and_then(|(choice, ..)| protocol.choices.get(choice.index())) {
        Some(choice) => {
            let owner = role(protocol, choice.owner);
            diagnostic.help(format!("let `{owner}` tell `{who}` which branch of `{}` it took", choice.name))
        }
        None => diagnostic.help(format!("send `{who}` a message that tells the two apart")),
    }
}

/// Labels where two runs part.
fn parting(
    protocol: &Protocol,
    mut diagnostic: Diagnostic,
    choice: ChoiceId,
    branches: [Option<u16>; 2],
) -> Diagnostic {
    let Some(source) = protocol.choices.get(choice.index()) else { return diagnostic };
    diagnostic = diagnostic.also(source.span, format!("the two runs part at `{}`", source.name));
    for (branch, which) in branches.into_iter().zip(["one run goes here", "the other goes here"]) {
        if let Some(span) = branch.and_then(|branch| source.branches.get(usize::from(branch))) {
            diagnostic = diagnostic.also(*span, which);
        }
    }
    diagnostic
}

/// The two runs as text.
fn lines(protocol: &Protocol, runs: &Runs) -> [String; 2] {
    [&runs.one, &runs.other].map(|run| line(protocol, run))
}

fn line(protocol: &Protocol, run: &[Taken]) -> String {
    let acts: Vec<String> = run.iter().filter_map(|taken| act(protocol, taken.act.as_ref()?)).collect();
    if acts.is_empty() {
        return "nothing yet".to_owned();
    }
    if acts.len() <= SHOWN_MAX {
        return acts.join(", ");
    }
    let half = SHOWN_MAX / 2;
    let (first, last) = (acts.get(..half).unwrap_or(&[]), acts.get(acts.len() - half..).unwrap_or(&[]));
    format!("{}, … {} more …, {}", first.join(", "), acts.len() - SHOWN_MAX, last.join(", "))
}

/// One act of a run: `A → B: M`; local steps but decisions are left out.
fn act(protocol: &Protocol, act: &Act) -> Option<String> {
    match act {
        Act::Exchange { from, to, label, .. } => {
            let (from, to) = (role(protocol, *from), role(protocol, *to));
            Some(format!("{from} → {to}: {}", message(protocol, *label)))
        }
        Act::Decide { role: who, choice, branch, .. } => {
            let label = branch_name(protocol, *choice, *branch);
            Some(format!("{} decides {label}", role(protocol, *who)))
        }
        Act::Step { .. } | Act::Nest(_) => None,
    }
}

fn role(protocol: &Protocol, role: RoleId) -> &str {
    protocol.roles.get(role.index()).map_or("?", |role| &role.name)
}

fn message(protocol: &Protocol, label: Label) -> String {
    match label {
        Label::Message(message) => protocol
            .messages
            .get(message.index())
            .map_or_else(|| "?".to_owned(), |message| message.name.to_string()),
        Label::Done(scope) | Label::Over(scope) => {
            let name = protocol.scopes.get(scope.index()).map_or("?", |scope| &scope.name);
            format!("⟨{name}⟩")
        }
        Label::Select(choice, branch) => format!("⟨{}⟩", branch_name(protocol, choice, branch)),
    }
}

fn branch_name(protocol: &Protocol, choice: ChoiceId, branch: u16) -> String {
    let Some(choice) = protocol.choices.get(choice.index()) else { return "?".to_owned() };
    format!("{}.{}", choice.name, choice.labels.get(usize::from(branch)).map_or("?", |label| label))
}

/// What a role does, as the end of a sentence that begins with its name.
fn duty(protocol: &Protocol, seen: Option<Seen>) -> String {
    match seen {
        None => "does nothing".to_owned(),
        Some(Seen::Send { to, label, .. }) => {
            format!("sends `{}` to `{}`", message(protocol, label), role(protocol, to))
        }
        Some(Seen::Receive { from, label, .. }) => {
            format!("receives `{}` from `{}`", message(protocol, label), role(protocol, from))
        }
        Some(Seen::Step(step)) => match protocol.steps.get(step.index()) {
            Some(Step::Let(var, _)) => {
                let name = protocol.vars.get(var.index()).map_or("?", |var| &var.name);
                format!("sets `{name}`")
            }
            Some(Step::Does { effect, operation, .. }) => format!("does `{effect}.{operation}`"),
            Some(Step::Fail(cause, _)) => format!("fails with `{cause}`"),
            None => "does a step".to_owned(),
        },
        Some(Seen::Decide(decision, _)) => {
            use crate::global::protocol::Decision;
            match protocol.decisions.get(decision.index()) {
                Some(Decision::Asked { name, .. }) => format!("decides `{name}`"),
                _ => "decides by what it knows".to_owned(),
            }
        }
        Some(Seen::Nest(_)) => "goes through a loop, a `par` or a scope".to_owned(),
    }
}

/// One note for each selection.
pub(super) fn selections(protocol: &Protocol, selections: &[Selection]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for told in selections {
        let Some(choice) = protocol.choices.get(told.choice.index()) else { continue };
        let (owner, to) = (role(protocol, choice.owner), role(protocol, told.to));
        let label = choice.labels.get(usize::from(told.branch)).map_or("?", |label| label);
        let message = format!("`{owner}` tells `{to}` that it took `{label}` of `{}`", choice.name);
        let span = choice.branches.get(usize::from(told.branch)).copied().unwrap_or(choice.span);
        found.push(
            Diagnostic::new(Code::E0210, span, message)
                .here(format!("`{to}` could not know of this branch"))
                .help(format!("send `{to}` a message in this branch to tell it in your own words")),
        );
    }
    found
}

/// One diagnostic for all roles that wait in the way of `code`.
pub(super) fn waits(
    protocol: &Protocol,
    code: Code,
    severity: Severity,
    waiting: &BTreeMap<RoleId, SiteId>,
) -> Option<Diagnostic> {
    let (_, first) = waiting.first_key_value()?;
    let mut names: Vec<String> =
        waiting.keys().take(NAMED_MAX).map(|who| format!("`{}`", role(protocol, *who))).collect();
    let more = waiting.len() - names.len();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let last = names.pop().unwrap_or_default();
    let who = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
    let (what, help) = match code {
        Code::E0211 => ("may still wait when the session ends; its close is the release", None),
        Code::E0212 => (
            "may wait for ever while others go on",
            Some("let every loop end, or send a message in each turn"),
        ),
        _ => (
            "may wait for as long as others choose to repeat a loop",
            Some("bound the loop with `max`, or send a message in each turn"),
        ),
    };
    let span = |site: &SiteId| protocol.sites.get(site.index()).map_or(protocol.span, |site: _| site.span);
    let mut diagnostic = Diagnostic::new(code, span(first), format!("{who} {what}")).here("waits here");
    diagnostic.severity = severity;
    let mut places: Vec<Span> = waiting.values().take(NAMED_MAX).map(span).collect();
    places.dedup();
    for place in places.into_iter().filter(|place| *place != span(first)) {
        diagnostic = diagnostic.also(place, "and here");
    }
    Some(match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    })
}
