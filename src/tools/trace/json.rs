//! The trace for programs: one JSON object a line, described by `schemas/trace.schema.json`.
//!
//! Names come in the schema's order; the trunk's `lane` is empty.
//! Is not: complete. The end of a single role is no event of the format.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::base::id::RoleId;
use crate::base::json::{hex, to_json};
use crate::engine::event::What;
use crate::guard::receipt::{Refusal, Signed};
use crate::guard::{Book, State};
use crate::tools::trace::{Out, Stage, Trace};

/// Writes JSON lines.
#[derive(Clone, Debug)]
pub struct Lines {
    stage: Stage,
}

impl Lines {
    /// For sessions on this stage.
    #[must_use]
    pub const fn new(stage: Stage) -> Self {
        Self { stage }
    }

    /// The line of what is spent, shown and said.
    fn accounts(&self, state: &State) -> Vec<(&'static str, Json)> {
        let name = |role| Json::from(self.stage.role(role).as_ref());
        let budget = |(from, to, spent, limit): &(RoleId, RoleId, u64, u64)| json!({ "role": name(*from), "peer": name(*to), "spent": spent, "limit": limit });
        let shown = |(role, class, spent, limit): &(RoleId, &'static str, u64, u64)| json!({ "role": name(*role), "class": class, "spent": spent, "limit": limit });
        let fact = |book: &Book| {
            let fact = format!("{}/{}", book.namespace, book.key);
            json!({ "role": name(book.role), "fact": fact, "data": to_json(&book.data) })
        };
        vec![
            ("event", Json::from("accounts")),
            ("budgets", state.budgets.iter().map(budget).collect()),
            ("leakage", state.leakage.iter().map(shown).collect()),
            ("facts", state.facts.iter().map(fact).collect()),
        ]
    }

    /// The names and values of one line; none for what is no event of the format.
    fn line(&self, what: &What) -> Option<Vec<(&'static str, Json)>> {
        let text = |text: &str| Json::from(text);
        let name = |role| Json::from(self.stage.role(role).as_ref());
        let passed = |event, from, to, label: &str, lane| {
            vec![
                ("event", text(event)),
                ("from", name(from)),
                ("to", name(to)),
                ("label", text(label)),
                ("lane", text(&self.stage.lane(lane))),
            ]
        };
        Some(match what {
            What::Sent { from, to, lane, label, payload } => {
                let mut line = passed("sent", *from, *to, label, *lane);
                line.push(("payload", to_json(payload)));
                line
            }
            What::Received { from, to, lane, label, payload } => {
                let mut line = passed("received", *from, *to, label, *lane);
                line.push(("payload", to_json(payload)));
                line
            }
            What::Selected { from, to, lane, label } => passed("selected", *from, *to, label, *lane),
            What::Decided { role, choice, label } => vec![
                ("event", text("decided")),
                ("role", name(*role)),
                ("choice", text(choice)),
                ("label", text(label)),
            ],
            What::Raised { role, scope, cause } => vec![
                ("event", text("raised")),
                ("role", name(*role)),
                ("scope", text(scope)),
                ("cause", text(cause)),
            ],
            What::Performed { role, operation, outcome } => vec![
                ("event", text("effect")),
                ("role", name(*role)),
                ("label", text(operation)),
                ("payload", to_json(outcome)),
            ],
            What::Cleared { role, label, cost, headroom } => vec![
                ("event", text("cleared")),
                ("role", name(*role)),
                ("label", text(label)),
                ("cost", Json::from(*cost)),
                ("headroom", Json::from(*headroom)),
            ],
            What::Denied { role, label, guard, code, kind } => vec![
                ("event", text("denied")),
                ("role", name(*role)),
                ("label", text(label)),
                ("guard", text(guard.word())),
                ("code", text(code)),
                ("kind", text(kind.word())),
            ],
            What::Accounts(state) => self.accounts(state),
            What::Finished { .. } => return None,
            What::Completed => vec![("event", text("completed"))],
            What::Aborted { role, code, reason } => {
                let mut line = vec![("event", text("aborted"))];
                line.extend(role.map(|role| ("role", name(role))));
                line.extend([("code", text(code)), ("reason", text(reason))]);
                line
            }
        })
    }
}

impl Trace for Lines {
    fn event(&mut self, what: &What, out: Out<'_>) {
        if let Some(line) = self.line(what) {
            let line = line.into_iter().map(|(name, value)| (name.to_owned(), value));
            out(&Json::Object(line.collect::<Map<_, _>>()).to_string());
        }
    }

    fn logged(&mut self, role: &Arc<str>, line: &str, out: Out<'_>) {
        let line = [("event", "logged"), ("role", role), ("text", line)];
        let line = line.into_iter().map(|(name, value)| (name.to_owned(), Json::from(value)));
        out(&Json::Object(line.collect::<Map<_, _>>()).to_string());
    }

    fn receipt(&mut self, signed: &Signed, verdict: Result<(), Refusal>, out: Out<'_>) {
        let Signed { receipt, signature } = signed;
        let mut line = json!({
            "event": "receipt",
            "context": receipt.charge.context.as_str(),
            "from": receipt.charge.src.as_str(),
            "to": receipt.charge.dst.as_str(),
            "label": *receipt.charge.label,
            "session": format!("{:016x}", receipt.charge.session),
            "hop": receipt.charge.hop,
            "epoch": receipt.charge.epoch.0,
            "cost": receipt.charge.cost,
            "nonce": receipt.charge.nonce,
            "prev": receipt.prev.to_string(),
            "payload": receipt.payload.to_string(),
            "hash": receipt.hash().to_string(),
            "signature": hex(&signature.0),
        });
        if let (Err(refusal), Some(line)) = (verdict, line.as_object_mut()) {
            line.insert("refused".to_owned(), Json::from(refusal.code()));
        }
        out(&line.to_string());
    }

    fn stopped(&mut self, reason: &str, out: Out<'_>) {
        let aborted = What::Aborted { role: None, code: "E0421", reason: reason.to_owned() };
        self.event(&aborted, out);
    }
}
