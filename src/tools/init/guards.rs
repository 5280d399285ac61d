//! A guard profile to be changed: every message that is sent, with what it needs and costs already.
//!
//! What annotations of the text say is taken over; where they say different things of messages that a profile cannot tell
//! apart, the entry stays a comment, so that they go on to hold.
//! Is not: a judgement of what messages should cost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bytecode::program::{Kind, Program};
use crate::config::guards::pattern::Pattern;
use crate::config::guards::{Budget, CLASSES, OnDenied, Profile, Receipt, Setting};
use crate::global::fit::show;
use crate::guard::Policy;
use crate::guard::policy::Terms;
use crate::tools::guards::{Plan, Worst, plan};
use crate::tools::init::{family, list, scalar};

/// The text of a guard profile for a protocol. The policy is the one that holds without a profile.
#[must_use]
pub fn guards(programs: &[&Program], policy: &Policy) -> String {
    let plan = plan(programs, policy);
    let fresh = Profile::fresh();
    let protocol = programs.first().map_or("", |program| &program.protocol);
    let mut text = format!(
        "\
# What each message of {protocol} needs and costs; `laban guards plan` shows what comes of it. The entry that names most
# counts. An entry may say all that `defaults` says, and what is written down with its message:
#   facts: [{{ fact: app/done, data: {{ what: \"{{Message.field}}\" }} }}]
protocol: {}
",
        scalar(protocol)
    );
    if let Some(defaults) = &fresh.defaults {
        text.push_str(&settings(defaults));
    }
    let entries = messages(programs, &plan);
    if entries.lines().any(|line| line.starts_with("  \"")) {
        text.push_str("messages:\n");
    }
    text.push_str(&entries);
    text.push_str("# How much may be spent toward a peer in one epoch; the entry that names most counts.\n");
    text.push_str(&spent(&plan));
    text.push_str("budgets:\n");
    fresh.budgets.iter().for_each(|one| text.push_str(&budget(one)));
    if let Some(limits) = fresh.leakage_limits {
        text.push_str("# How much `leakage` may show in one epoch, to whom.\n");
        text.push_str(&format!("leakage_limits: {}\n", classes(limits)));
    }
    text
}

/// The defaults, each with what it is.
fn settings(defaults: &Setting) -> String {
    let mut text = "defaults:\n".to_owned();
    let mut say = |line: String, what: &str| text.push_str(&format!("  {line:<52}# {what}\n"));
    if let Some(capabilities) = &defaults.capabilities {
        say(format!("capabilities: {}", list(capabilities)), "what its sender must be able to do");
    }
    if let Some(cost) = defaults.flow_cost {
        say(format!("flow_cost: {cost}"), "what a message costs, from 1");
    }
    if let Some(cost) = defaults.per_kib {
        say(format!("per_kib: {cost}"), "what each KiB of its payload costs beyond that");
    }
    let leakage = defaults.leakage.map(Option::unwrap_or_default);
    say(format!("leakage: {}", classes(leakage)), "what it shows, to whom");
    if let Some(receipt) = defaults.receipt {
        let word = match receipt {
            Receipt::None => "none",
            Receipt::Required => "required",
        };
        say(format!("receipt: {word}"), "or `required`: it is booked for a signed receipt");
    }
    if let Some(on_denied) = defaults.on_denied {
        let word = match on_denied {
            OnDenied::Retry { max, backoff } => format!("{{ retry: {max}, backoff: {backoff} }}"),
            OnDenied::Raise => "raise".to_owned(),
            OnDenied::Abort => "abort".to_owned(),
        };
        say(format!("on_denied: {word}"), "or `raise`: a `try` hears of it; or `abort`");
    }
    text
}

/// What is known of messages that a pattern means.
#[derive(Default)]
struct Alike<'a> {
    terms: Vec<&'a Terms>,
    looped: bool,
}

/// An entry for every message, by who sends it to whom.
fn messages(programs: &[&Program], plan: &Plan) -> String {
    let mut order = Vec::new();
    let mut all: BTreeMap<(String, String, Arc<str>), Alike<'_>> = BTreeMap::new();
    for send in plan.sends.iter().filter(|send| !send.selection) {
        let key = (family(&send.from), family(&send.to), send.message.clone());
        if !order.contains(&key) {
            order.push(key.clone());
        }
        let alike = all.entry(key).or_default();
        alike.looped |= send.looped;
        if !alike.terms.contains(&&send.terms) {
            alike.terms.push(&send.terms);
        }
    }
    let mut text = String::new();
    for key in &order {
        let Some(alike) = all.get(key) else { continue };
        let (from, to, message) = key;
        let messages = programs.iter().flat_map(|program| &program.messages);
        let carried = messages.filter(|have| have.kind == Kind::Data).find(|have| have.name == *message);
        let carries = carried.map_or_else(String::new, |message| show(&message.ty));
        let often = if alike.looped { ", again with every turn" } else { "" };
        text.push_str(&format!("  # {carries}{often}\n"));
        let pattern = format!("{from} -> {to}: {message}");
        let costs: BTreeSet<u64> = alike.terms.iter().map(|terms| terms.cost).collect();
        let needs: BTreeSet<&Vec<Arc<str>>> = alike.terms.iter().map(|terms| &terms.capabilities).collect();
        let one = (costs.first().filter(|_| costs.len() == 1), needs.first().filter(|_| needs.len() == 1));
        match one {
            (Some(cost), Some(needs)) if Pattern::read(&pattern).is_some() => {
                text.push_str(&format!("  \"{pattern}\":\n    capabilities: {}\n", list(needs.iter())));
                text.push_str(&format!("    flow_cost: {cost}\n"));
            }
            _ => {
                let costs: Vec<String> = costs.iter().map(u64::to_string).collect();
                let costs = costs.join(" or ");
                text.push_str(&format!(
                    "  # Its annotations say what it costs, {costs}; this would hold of all:\n"
                ));
                text.push_str(&format!("  # \"{pattern}\": {{ flow_cost: 1 }}\n"));
            }
        }
    }
    text
}

/// What one session spends at most, as comments.
fn spent(plan: &Plan) -> String {
    let mut all: BTreeMap<(String, String), Worst> = BTreeMap::new();
    for total in &plan.totals {
        let worst = all.entry((family(&total.role), family(&total.peer))).or_default();
        worst.once = worst.once.max(total.worst.once);
        worst.turn = worst.turn.max(total.worst.turn);
    }
    let mut text = String::new();
    for ((role, peer), worst) in all {
        let turn = match worst.turn {
            0 => String::new(),
            turn => format!(", and {turn} with every further turn of its loops"),
        };
        text.push_str(&format!("#   {role} spends {} toward {peer} in a session{turn}\n", worst.once));
    }
    text
}

fn budget(budget: &Budget) -> String {
    let epoch = budget.epoch.map_or_else(String::new, |epoch| format!(", epoch: {epoch}"));
    let (context, peer, limit) = (scalar(&budget.context), scalar(&budget.peer), budget.limit);
    format!("  - {{ context: {context}, peer: {peer}, limit: {limit}{epoch} }}\n")
}

fn classes(amounts: [u64; 3]) -> String {
    let amounts = CLASSES.iter().zip(amounts).map(|(class, amount)| format!("{class}: {amount}"));
    format!("{{ {} }}", amounts.collect::<Vec<_>>().join(", "))
}
