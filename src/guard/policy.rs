//! A policy: what profile, annotations and grants say together of each send of one protocol.
//!
//! In go the programs of all roles, a profile, the grants of roles, and the annotations of the source by their places;
//! out comes [`Terms`] for each place at which a program sends. Per field the first of these counts: the entries of the
//! profile that mean the send (those that name more before those that name less), the annotations, the defaults of the
//! profile, the profile of a fresh directory.
//! Is not: what the chain looks at; `table` makes that of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::RoleId;
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Op;
use crate::bytecode::program::{Kind, Message, Program};
use crate::config::guards::fact::Fact;
use crate::config::guards::{Grants, OnDenied, Profile, Receipt, Setting};
use crate::diag::source::Span;

/// What holds of the sends of one protocol in one context.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// The relationship that budgets and facts belong to.
    pub context: Arc<str>,
    /// What the file beside the protocol says, or that of a fresh directory.
    pub profile: Profile,
    /// What roles may do.
    pub grants: Grants,
    /// What annotations say of the exchanges at these places, from whom to whom: one statement may be several.
    pub annotations: BTreeMap<(Span, RoleId, RoleId), Setting>,
}

/// Where terms come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// An entry of the profile: the one that names most.
    Entry(String),
    /// Annotations of the exchange.
    Annotation,
    /// The defaults.
    Defaults,
    /// Nothing: the message is denied.
    Nothing,
}

/// What holds of one send.
#[derive(Clone, PartialEq, Debug)]
pub struct Terms {
    /// What its sender must be able to do.
    pub capabilities: Vec<Arc<str>>,
    /// What it costs.
    pub cost: u64,
    /// What each KiB costs beyond that.
    pub per_kib: u64,
    /// What it shows to each class.
    pub leakage: [u64; 3],
    /// What is written down.
    pub facts: Vec<Fact>,
    /// Whether it leaves a signed receipt.
    pub receipt: Receipt,
    /// What follows a denial.
    pub on_denied: OnDenied,
    /// Where it comes from.
    pub origin: Origin,
}

/// The context of runs that name none.
pub const CONTEXT: &str = "local";

impl Policy {
    /// The policy of a fresh directory.
    #[must_use]
    pub fn fresh() -> Self {
        Self {
            context: Arc::from(CONTEXT),
            profile: Profile::fresh(),
            grants: Grants::fresh(),
            annotations: BTreeMap::new(),
        }
    }

    /// What holds of a send from one role to another at a place; none for a word about a scope, which passes.
    #[must_use]
    pub fn terms(
        &self,
        fresh: &Setting,
        ends: [&str; 2],
        message: &Message,
        place: Option<(Span, RoleId, RoleId)>,
    ) -> Option<Terms> {
        let defaults = self.profile.defaults.as_ref();
        let (setting, origin) = match message.kind {
            Kind::Control => return None,
            Kind::Selection => {
                // What the compiler inserts costs 1 and shows and says nothing, whatever messages cost.
                let set = defaults.unwrap_or(fresh);
                let capabilities = set.capabilities.clone();
                let on_denied = set.on_denied;
                let own = Setting {
                    capabilities,
                    on_denied,
                    flow_cost: Some(1),
                    per_kib: Some(0),
                    leakage: [Some(0); 3],
                    facts: Some(Vec::new()),
                    receipt: Some(Receipt::None),
                };
                (own, Origin::Defaults)
            }
            Kind::Data => self.layers(ends, message, place),
        };
        let Setting { capabilities, flow_cost, per_kib, leakage, facts, receipt, on_denied } =
            setting.over(defaults.unwrap_or(fresh)).over(fresh);
        Some(Terms {
            capabilities: capabilities.unwrap_or_default(),
            cost: flow_cost.unwrap_or(1),
            per_kib: per_kib.unwrap_or(0),
            leakage: leakage.map(Option::unwrap_or_default),
            facts: facts.unwrap_or_default(),
            receipt: receipt.unwrap_or(Receipt::None),
            on_denied: on_denied.unwrap_or(OnDenied::Raise),
            origin,
        })
    }

    /// The capabilities that profile and annotations name.
    #[must_use]
    pub fn named(&self) -> BTreeSet<Arc<str>> {
        let fresh = Profile::fresh().defaults;
        let entries = self.profile.entries.iter().map(|entry| &entry.setting);
        let settings = self.annotations.values().chain(entries).chain(&self.profile.defaults).chain(&fresh);
        settings.filter_map(|setting| setting.capabilities.as_ref()).flatten().cloned().collect()
    }

    /// What entries and annotations say of a message.
    fn layers(
        &self,
        ends: [&str; 2],
        message: &Message,
        place: Option<(Span, RoleId, RoleId)>,
    ) -> (Setting, Origin) {
        let [from, to] = ends;
        let mut entries: Vec<_> = self
            .profile
            .entries
            .iter()
            .filter_map(|entry| Some((entry.pattern.rank(from, to, &message.name)?, entry)))
            .collect();
        entries.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let annotation = place.and_then(|place| self.annotations.get(&place));
        let origin = match (entries.first(), annotation) {
            (Some((_, entry)), _) => Origin::Entry(entry.pattern.to_string()),
            (None, Some(_)) => Origin::Annotation,
            (None, None) if self.profile.defaults.is_some() => Origin::Defaults,
            (None, None) => Origin::Nothing,
        };
        let mut setting = Setting::default();
        for (_, entry) in entries {
            setting = setting.over(&entry.setting);
        }
        (annotation.map_or(setting.clone(), |annotation| setting.over(annotation)), origin)
    }
}

/// A place at which a program sends.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The sender.
    pub from: RoleId,
    /// The receiver.
    pub to: RoleId,
    /// The instruction.
    pub at: u32,
    /// What is sent.
    pub message: &'a Message,
}

impl Place<'_> {
    /// Where that stands in the source, and between whom.
    #[must_use]
    pub fn exchange(&self, program: &Program) -> Option<(Span, RoleId, RoleId)> {
        Some((program.debug.span(self.at)?, self.from, self.to))
    }
}

/// The places at which a program sends, in the order of its instructions.
pub fn places(program: &Program) -> impl Iterator<Item = Place<'_>> {
    let sends = |(at, instr): (usize, &Instr)| {
        if !matches!(instr.op, Op::Send | Op::SendTake | Op::SendConst | Op::Select) {
            return None;
        }
        let channel = program.outgoing.get(usize::from(instr.a))?;
        let message = program.messages.get(usize::from(instr.b))?;
        Some(Place { from: RoleId(program.role), to: channel.peer, at: at as u32, message })
    };
    program.code.iter().enumerate().filter_map(sends)
}
