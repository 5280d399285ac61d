//! A resolved protocol as text, one statement a line: for tests, and for whoever wonders what became of theirs.
//!
//! Is not: a language. Nothing reads it back.

use crate::base::id::{RoleId, ScopeId, VarId};
use crate::base::limits::NESTING_MAX;
use crate::base::value::Value;
use crate::global::expr::{Expr, Part};
use crate::global::protocol::{Block, Collect, Decision, Ending, Payload, Protocol, ScopeKind, Step, Stmt};
use crate::global::spell;
use crate::syntax::tree::Unary;

/// The body as text.
#[must_use]
pub fn body(protocol: &Protocol) -> String {
    let mut out = String::new();
    block(protocol, &protocol.body, 0, &mut out);
    out
}

/// Statements in a row.
fn block(p: &Protocol, stmts: &Block, depth: usize, out: &mut String) {
    for stmt in stmts {
        statement(p, stmt, depth, out);
    }
}

/// One line at a depth.
fn line(depth: usize, text: &str, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
    out.push_str(text);
    out.push('\n');
}

/// One statement, and what is inside of it.
fn statement(p: &Protocol, stmt: &Stmt, depth: usize, out: &mut String) {
    match stmt {
        Stmt::Exchange { from, to, message, payload, .. } => {
            let name = p.messages.get(message.index()).map_or("?", |message| &message.name);
            let payload = match p.payloads.get(payload.index()) {
                Some(Payload::Empty) | None => String::new(),
                Some(Payload::Asked) => " <- ask".to_owned(),
                Some(Payload::Expr(e)) => format!(" <- {}", expr(p, e)),
            };
            line(depth, &format!("{} -> {}: {name}{payload}", role(p, *from), role(p, *to)), out);
        }
        Stmt::Step { role: who, step: id, .. } => {
            let text = p.steps.get(id.index()).map_or_else(String::new, |s| step(p, s));
            line(depth, &format!("{} {text}", role(p, *who)), out);
        }
        Stmt::Choice { choice, decision, branches, .. } => {
            let Some(choice) = p.choices.get(choice.index()) else { return };
            line(depth, &format!("choice {} at {}", choice.name, role(p, choice.owner)), out);
            for (at, branch) in branches.iter().enumerate() {
                let label = choice.labels.get(at).map_or("?", |label| label);
                let rule = match p.decisions.get(decision.index()) {
                    Some(Decision::Asked { .. }) => " <- ask".to_owned(),
                    Some(Decision::When { conditions, .. }) => match conditions.get(at) {
                        Some(Some(e)) => format!(" when {}", expr(p, e)),
                        _ => String::new(),
                    },
                    Some(Decision::Outcome(_)) | None => String::new(),
                };
                line(depth + 1, &format!("{label}{rule}:"), out);
                block(p, branch, depth + 2, out);
            }
        }
        Stmt::Labelled(label, body) => {
            line(depth, &format!("L{}:", label.0), out);
            block(p, body, depth + 1, out);
        }
        Stmt::Continue(label, _) => line(depth, &format!("continue L{}", label.0), out),
        Stmt::Break(label, _) => line(depth, &format!("break L{}", label.0), out),
        Stmt::Count { count, zero, turn, body, .. } => {
            let turn = turn.map_or_else(String::new, |turn| format!(" as {}", var(p, turn)));
            let zero = if *zero { " or none" } else { "" };
            line(depth, &format!("count {}{zero}{turn}", expr(p, count)), out);
            block(p, body, depth + 1, out);
        }
        Stmt::Par(branches, _) => {
            line(depth, "par", out);
            for (lane, body) in branches {
                let name = p.lanes.get(lane.index()).map_or("?", |lane| &lane.name);
                line(depth + 1, &format!("lane {name}:"), out);
                block(p, body, depth + 2, out);
            }
        }
        Stmt::Scope { scope: id, body, ending, .. } => scope(p, *id, (body, ending.as_ref()), depth, out),
        Stmt::Done { scope, role: who, .. } => {
            let name = p.scopes.get(scope.index()).map_or("?", |scope| &scope.name);
            line(depth, &format!("{} is through {name}", role(p, *who)), out);
        }
    }
}

/// A scope, its body, and what follows each cause.
fn scope(
    p: &Protocol,
    id: ScopeId,
    (body, ending): (&Block, Option<&Ending>),
    depth: usize,
    out: &mut String,
) {
    let Some(found) = p.scopes.get(id.index()) else { return };
    let within = found.within.as_ref().map_or_else(String::new, |e| format!(" within {}", expr(p, e)));
    line(depth, &format!("scope {} at {}{within}", found.name, role(p, found.owner)), out);
    if let ScopeKind::Collect(Collect { until: Some(e), .. }) = &found.kind {
        line(depth + 1, &format!("until {}", expr(p, e)), out);
    }
    block(p, body, depth + 1, out);
    let Some(ending) = ending else { return };
    let choice = p.choices.get(ending.choice.index());
    let told = choice.map_or(&[][..], |choice| &choice.told);
    let told: Vec<&str> = told.iter().map(|told| role(p, *told)).collect();
    line(depth, &format!("ended, told {}", told.join(", ")), out);
    let labels = choice.map_or(&[][..], |choice| &choice.labels);
    let silent = |at: usize, branch: &Block| at == 0 && branch.is_empty();
    for (at, (label, branch)) in labels.iter().zip(&ending.branches).enumerate() {
        if silent(at, branch) {
            continue;
        }
        line(depth + 1, &format!("{label}:"), out);
        block(p, branch, depth + 2, out);
    }
}

/// A step without its role.
fn step(p: &Protocol, step: &Step) -> String {
    match step {
        Step::Let(name, e) => format!("let {} = {}", var(p, *name), expr(p, e)),
        Step::Does { effect, operation, args, bind, .. } => {
            let args: Vec<String> = args.iter().map(|(name, e)| format!("{name}: {}", expr(p, e))).collect();
            let bind = bind.map_or_else(String::new, |bind| format!(" as {}", var(p, bind)));
            format!("does {effect}.{operation}({}){bind}", args.join(", "))
        }
        Step::Fail(cause, with) => {
            let with = with.as_ref().map_or_else(String::new, |e| format!(" with {}", expr(p, e)));
            format!("fail {cause}{with}")
        }
    }
}

/// The name of a role.
fn role(p: &Protocol, role: RoleId) -> &str {
    p.roles.get(role.index()).map_or("?", |role| &role.name)
}

/// The name of a variable; two may share one.
fn var(p: &Protocol, var: VarId) -> String {
    p.vars.get(var.index()).map_or_else(|| "?".to_owned(), |var| var.name.to_string())
}

/// An expression of the protocol as text.
#[must_use]
pub fn expr(p: &Protocol, e: &Expr) -> String {
    written(p, e, 0)
}

/// An expression, in parentheses where there might be doubt.
fn written(p: &Protocol, e: &Expr, depth: usize) -> String {
    if depth > 8 * NESTING_MAX {
        return "…".to_owned();
    }
    let of = |e: &Expr| written(p, e, depth + 1);
    let all = |items: &[Expr]| items.iter().map(of).collect::<Vec<_>>().join(", ");
    let parts = |parts: &[Part]| {
        let one = |part: &Part| match part {
            Part::Field(name, e) => format!("{name}: {}", of(e)),
            Part::Spread(e) => format!("..{}", of(e)),
        };
        parts.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    match e {
        Expr::Const(v) => value(v, depth),
        Expr::Var(id) => var(p, *id),
        Expr::Text(items) => format!("text({})", all(items)),
        Expr::List(items) => format!("[{}]", all(items)),
        Expr::Record(fields) => format!("{{{}}}", parts(fields)),
        Expr::Variant(name, fields) => format!("{name}{{{}}}", parts(fields)),
        Expr::Field(e, name) => format!("{}.{name}", of(e)),
        Expr::Index(e, at) => format!("{}[{}]", of(e), of(at)),
        Expr::Unary(Unary::Negate, e) => format!("-{}", of(e)),
        Expr::Unary(Unary::Not, e) => format!("not {}", of(e)),
        Expr::Binary(op, a, b) => format!("({} {} {})", of(a), spell::operator(*op).0, of(b)),
        Expr::If(c, a, b) => format!("(if {} then {} else {})", of(c), of(a), of(b)),
        Expr::Fold(fold, e) => format!("{}({})", format!("{fold:?}").to_lowercase(), of(e)),
        Expr::Each(each, e, item, body) => {
            format!("{}({}, {} => {})", format!("{each:?}").to_lowercase(), of(e), var(p, *item), of(body))
        }
        Expr::Is(e, name) => format!("({} is {name})", of(e)),
        Expr::FieldsOf(e) => format!("fields({})", of(e)),
        Expr::From(e, index) => format!("from({}, {index})", of(e)),
        Expr::Append(list, item) => format!("append({}, {})", of(list), of(item)),
    }
}

/// A constant.
fn value(v: &Value, depth: usize) -> String {
    if depth > 8 * NESTING_MAX {
        return "…".to_owned();
    }
    let fields = |fields: &[(std::sync::Arc<str>, Value)]| {
        let one = |(name, v): &(std::sync::Arc<str>, Value)| format!("{name}: {}", value(v, depth + 1));
        fields.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    match v {
        Value::None => "none".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => format!("{x:?}"),
        Value::Decimal(d) => d.to_string(),
        Value::Duration(d) => d.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|v| value(v, depth + 1)).collect::<Vec<_>>().join(", "))
        }
        Value::Opaque(_) => "?".to_owned(),
        Value::Record(of) => format!("{{{}}}", fields(of)),
        Value::Variant(of) => format!("{}{{{}}}", of.0, fields(&of.1)),
    }
}
