//! Reads a `*.guards.yaml`: settings out of nodes, each mistake with its place.
//!
//! Is not: the judge of names; `judge` is, where the protocol is known.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::base::json;
use crate::base::limits::{FLOW_COST_MAX, RETRIES_MAX};
use crate::base::time::Duration;
use crate::base::value::Value;
use crate::config::bindings::span;
use crate::config::guards::fact::{self, Datum, Fact};
use crate::config::guards::judge::{self, capability, slip};
use crate::config::guards::pattern::Pattern;
use crate::config::guards::{Budget, CLASSES, Entry, OnDenied, Profile, Receipt, Setting};
use crate::config::reader::Reader;
use crate::config::vocabulary::Vocabulary;
use crate::config::yaml::{Document, Kind, Node};
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::source::SourceId;

const PROFILE: [&str; 5] = ["protocol", "defaults", "messages", "budgets", "leakage_limits"];
const SETTING: [&str; 7] =
    ["capabilities", "flow_cost", "per_kib", "leakage", "facts", "receipt", "on_denied"];

/// Reads a profile. With the vocabulary of the protocol that it names, its messages, roles and facts are judged too.
#[must_use]
pub fn read(source: SourceId, text: &str, known: Option<&Vocabulary>) -> (Option<Profile>, Vec<Diagnostic>) {
    let document = match Document::read(source, text) {
        Ok(document) => document,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let mut reader = Reader::new(&document);
    let mut profile = Profile::default();
    let entries = reader.settings(&document.root, "a guard profile", &PROFILE);
    let at = |name: &str| entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value);
    match at("protocol") {
        Some(node) => profile.protocol = reader.text(node, "`protocol`").unwrap_or_default().to_owned(),
        None => reader.say(Code::E0409, document.root.number, "`protocol` is missing", |diagnostic| {
            diagnostic.help("add `protocol: NAME`, the protocol that this profile is for")
        }),
    }
    let known = known.filter(|known| known.protocol == profile.protocol);
    profile.defaults = at("defaults").map(|node| setting(&mut reader, node, "`defaults`", None, known));
    let mut numbers = Vec::new();
    let messages = at("messages").map_or_else(Vec::new, |node| reader.map(node, "`messages`"));
    for entry in messages {
        let Some(pattern) = Pattern::read(&entry.name) else {
            let message = format!("`{}` is no message and no pattern", entry.name);
            reader.say(Code::E0440, entry.number, message, |diagnostic| {
                diagnostic
                    .help("write `Message`, or `\"Sender -> Receiver: Message\"`, `*` at the end of a name")
            });
            continue;
        };
        judge::pattern(&mut reader, entry.number, &pattern, known);
        let what = format!("`{}`", entry.name);
        let setting = setting(&mut reader, &entry.value, &what, Some(&pattern), known);
        numbers.push(entry.number);
        profile.entries.push(Entry { pattern, setting, place: document.place(entry.number) });
    }
    judge::doubled(&mut reader, &numbers, &profile.entries, known);
    for node in items(&mut reader, at("budgets"), "`budgets`") {
        let Some(budget) = budget(&mut reader, node, known) else { continue };
        let again = |other: &Budget| (&other.context, &other.peer) == (&budget.context, &budget.peer);
        if profile.budgets.iter().any(again) {
            let message = format!("context `{}` and peer `{}` have two budgets", budget.context, budget.peer);
            reader.say(Code::E0404, node.number, message, |diagnostic| diagnostic.help("keep one of them"));
        }
        profile.budgets.push(budget);
    }
    if let Some((limits, epoch)) = at("leakage_limits").and_then(|node| limits(&mut reader, node)) {
        (profile.leakage_limits, profile.leakage_epoch) = (Some(limits), epoch);
    }
    let diagnostics = reader.finish();
    (diagnostics.is_empty().then_some(profile), diagnostics)
}

fn setting<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node,
    what: &str,
    pattern: Option<&Pattern>,
    known: Option<&Vocabulary>,
) -> Setting {
    let mut setting = Setting::default();
    for entry in reader.settings(node, what, &SETTING) {
        let node = &entry.value;
        match entry.name.as_str() {
            "capabilities" => setting.capabilities = Some(capabilities(reader, node)),
            "flow_cost" => setting.flow_cost = whole(reader, node, "`flow_cost`", 1),
            "per_kib" => setting.per_kib = whole(reader, node, "`per_kib`", 0),
            "leakage" => setting.leakage = classes(reader, node, "`leakage`", &CLASSES).0,
            "facts" => {
                let mut facts = Vec::new();
                for node in items(reader, Some(node), "`facts`") {
                    facts.extend(one_fact(reader, node, pattern, known));
                }
                setting.facts = Some(facts);
            }
            "receipt" => setting.receipt = receipt(reader, node),
            _ => setting.on_denied = on_denied(reader, node),
        }
    }
    setting
}

fn capabilities<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    for item in items(reader, Some(node), "`capabilities`") {
        let Some(name) = reader.text(item, "a capability") else { continue };
        match capability(name) {
            Ok(()) => names.push(Arc::from(name)),
            Err(repair) => {
                let message = format!("`{name}` is no name of a capability");
                reader.say(Code::E0441, item.number, message, |diagnostic| diagnostic.help(repair));
            }
        }
    }
    names
}

/// An amount from `least`.
fn whole<'a>(reader: &mut Reader<'a>, node: &'a Node, what: &str, least: u64) -> Option<u64> {
    within(reader, node, what, least..=FLOW_COST_MAX)
}

/// A whole number of a range.
fn within<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node,
    what: &str,
    range: RangeInclusive<u64>,
) -> Option<u64> {
    let Kind::Int(number) = node.kind else {
        reader.wrong(node, what, "a whole number");
        return None;
    };
    let (least, most) = (*range.start(), *range.end());
    match u64::try_from(number) {
        Ok(number) if range.contains(&number) => Some(number),
        _ => {
            let message = format!("{what} is from {least} to {most}, not {number}");
            let help = if number <= 0 && least == 1 { "write 1, the least a message costs" } else { "" };
            reader.say(Code::E0445, node.number, message, |diagnostic| match help {
                "" => diagnostic,
                help => diagnostic.help(help),
            });
            None
        }
    }
}

/// A span of time that is longer than nothing.
fn length<'a>(reader: &mut Reader<'a>, node: &'a Node, what: &str) -> Option<Duration> {
    let length = match &node.kind {
        Kind::Text(text) => match json::duration(text) {
            Some(length) => length,
            None => {
                let message = format!("{what} is a span of time such as `250ms` or `2h`, not `{text}`");
                reader.say(Code::E0445, node.number, message, |diagnostic| diagnostic);
                return None;
            }
        },
        _ => span(reader, node, what)?,
    };
    if length.0 == 0 {
        reader.say(Code::E0445, node.number, format!("{what} is longer than `0s`"), |diagnostic| {
            diagnostic.help("leave it out where it has no end")
        });
        return None;
    }
    Some(length)
}

/// Amounts by class, and a length where one may be given.
fn classes<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node,
    what: &str,
    names: &[&'static str],
) -> ([Option<u64>; 3], Option<Duration>) {
    let (mut given, mut epoch) = ([None; 3], None);
    for entry in reader.settings(node, what, names) {
        match CLASSES.iter().position(|class| *class == entry.name).and_then(|at| given.get_mut(at)) {
            Some(slot) => *slot = whole(reader, &entry.value, &format!("`{}`", entry.name), 0),
            None => epoch = length(reader, &entry.value, "`epoch`"),
        }
    }
    (given, epoch)
}

/// The limits of all three classes, and for how long; what is seen from farther away is never more.
fn limits<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<([u64; 3], Option<Duration>)> {
    let before = reader.said();
    let [external, neighbor, in_group] = CLASSES;
    let names = [external, neighbor, in_group, "epoch"];
    let ([external, neighbor, in_group], epoch) = classes(reader, node, "`leakage_limits`", &names);
    if reader.said() > before {
        return None;
    }
    let (Some(external), Some(neighbor), Some(in_group)) = (external, neighbor, in_group) else {
        reader.say(Code::E0409, node.number, "`leakage_limits` needs all three classes", |diagnostic| {
            diagnostic.help("give `external`, `neighbor` and `in_group`; 0 where nothing may be shown")
        });
        return None;
    };
    if external > neighbor || neighbor > in_group {
        let message = format!(
            "`leakage_limits` is not in order: external {external}, neighbor {neighbor}, in_group {in_group}"
        );
        reader.say(Code::E0444, node.number, message, |diagnostic| {
            diagnostic
                .help("give `external` at most what `neighbor` has, and that at most what `in_group` has")
        });
        return None;
    }
    Some(([external, neighbor, in_group], epoch))
}

fn one_fact<'a>(
    reader: &mut Reader<'a>,
    node: &'a Node,
    pattern: Option<&Pattern>,
    known: Option<&Vocabulary>,
) -> Option<Fact> {
    let entries = reader.settings(node, "a fact", &["fact", "data"]);
    let at = |name: &str| entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value);
    let Some(named) = at("fact") else {
        reader.say(Code::E0409, node.number, "a fact has no name", |diagnostic| {
            diagnostic.help("add `fact: namespace/key`")
        });
        return None;
    };
    let text = reader.text(named, "`fact`")?;
    let Some((namespace, key)) = fact::name(text) else {
        reader.say(Code::E0446, named.number, format!("`{text}` is no name of a fact"), |diagnostic| {
            diagnostic.help("write `namespace/key` with letters from a to z, digits, `_`, `-` and `:`")
        });
        return None;
    };
    let message = pattern.filter(|pattern| pattern.is_one_message()).map(|pattern| pattern.message.as_str());
    let message = message.map(|name| (name, known.and_then(|known| known.messages.get(name))));
    let mut data = BTreeMap::new();
    let given = at("data").map_or_else(Vec::new, |node| reader.map(node, "`data`"));
    for entry in given {
        let node = &entry.value;
        let datum = match &node.kind {
            Kind::Text(text) => match fact::template(text, message) {
                Ok(datum) => datum,
                Err(found) => {
                    slip(reader, node.number, &found, message.map(|(name, _)| name));
                    continue;
                }
            },
            Kind::Int(number) => Datum::Value(Value::Int(*number)),
            Kind::Bool(truth) => Datum::Value(Value::Bool(*truth)),
            _ => {
                reader.wrong(node, &format!("`{}`", entry.name), "text, a whole number, true or false");
                continue;
            }
        };
        data.insert(Arc::from(entry.name.as_str()), datum);
    }
    Some(Fact { namespace: Arc::from(namespace), key: Arc::from(key), data: data.into_iter().collect() })
}

fn receipt<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<Receipt> {
    match reader.text(node, "`receipt`")? {
        "none" => Some(Receipt::None),
        "required" => Some(Receipt::Required),
        other => {
            let message = format!("`receipt` is `none` or `required`, not `{other}`");
            reader.unknown(Code::E0405, node.number, message, other, ["none", "required"]);
            None
        }
    }
}

fn on_denied<'a>(reader: &mut Reader<'a>, node: &'a Node) -> Option<OnDenied> {
    match &node.kind {
        Kind::Text(word) if word == "raise" => Some(OnDenied::Raise),
        Kind::Text(word) if word == "abort" => Some(OnDenied::Abort),
        Kind::Map(_) => {
            let (mut max, mut backoff) = (None, None);
            for entry in reader.settings(node, "`on_denied`", &["retry", "backoff"]) {
                match entry.name.as_str() {
                    "retry" => {
                        let times = within(reader, &entry.value, "`retry`", 0..=u64::from(RETRIES_MAX))?;
                        max = u32::try_from(times).ok();
                    }
                    _ => backoff = Some(span(reader, &entry.value, "`backoff`")?),
                }
            }
            match (max, backoff) {
                (Some(max), Some(backoff)) => Some(OnDenied::Retry { max, backoff }),
                _ => {
                    reader.say(
                        Code::E0409,
                        node.number,
                        "`on_denied` needs `retry` and `backoff`",
                        |diagnostic| {
                            diagnostic.help("write `{ retry: 3, backoff: 100ms }`, `raise` or `abort`")
                        },
                    );
                    None
                }
            }
        }
        _ => {
            reader.wrong(node, "`on_denied`", "`{ retry: 3, backoff: 100ms }`, `raise` or `abort`");
            None
        }
    }
}

fn budget<'a>(reader: &mut Reader<'a>, node: &'a Node, known: Option<&Vocabulary>) -> Option<Budget> {
    let mut budget = Budget { context: "*".to_owned(), peer: "*".to_owned(), limit: 0, epoch: None };
    let mut limited = false;
    for entry in reader.settings(node, "a budget", &["context", "peer", "limit", "epoch"]) {
        let node = &entry.value;
        match entry.name.as_str() {
            "context" => budget.context = reader.text(node, "`context`")?.to_owned(),
            "peer" => {
                budget.peer = reader.text(node, "`peer`")?.to_owned();
                judge::role(reader, node.number, &budget.peer, known);
            }
            "limit" => {
                limited = true;
                budget.limit = whole(reader, node, "`limit`", 0)?;
            }
            _ => budget.epoch = Some(length(reader, node, "`epoch`")?),
        }
    }
    if !limited {
        reader.say(Code::E0409, node.number, "a budget has no `limit`", |diagnostic| {
            diagnostic.help("add `limit:`; 0 where nothing may be spent")
        });
        return None;
    }
    Some(budget)
}

/// The items of a list.
fn items<'a>(reader: &mut Reader<'a>, node: Option<&'a Node>, what: &str) -> &'a [Node] {
    match node.map(|node: &'a Node| (&node.kind, node)) {
        Some((Kind::List(items), _)) => items,
        Some((Kind::None, _)) | None => &[],
        Some((_, node)) => {
            reader.wrong(node, what, "a list");
            &[]
        }
    }
}
