//! The tables of the protocol that is being made: names, messages, rules, lanes, sites, each entry once.
//!
//! Is not: a judge. It gives ids and remembers content.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexSet;

use crate::base::id::{ChoiceId, DecisionId, LaneId, MessageId, PayloadId, RoleId, SiteId, StepId, VarId};
use crate::base::ty::Type;
use crate::diag::source::Span;
use crate::global::protocol::{
    Choice, Decision, Label, Lane, Message, Param, Payload, Protocol, Role, Scope, Site, Step, Var,
};

/// Names and values.
type Annotations = Vec<(String, String)>;

/// A name in a scope.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct NameId(pub u32);

/// The tables.
#[derive(Default)]
pub(super) struct Tables {
    pub roles: Vec<Role>,
    pub params: Vec<Param>,
    pub lanes: Vec<Lane>,
    pub choices: Vec<Choice>,
    pub scopes: Vec<Scope>,
    pub vars: Vec<Var>,
    /// The name and lane of each var.
    pub named: Vec<(NameId, LaneId)>,
    messages: Vec<Message>,
    payloads: IndexSet<Payload>,
    steps: IndexSet<Step>,
    decisions: IndexSet<Decision>,
    sites: Vec<Site>,
    /// Sites of steps that nobody wrote: they are taken away where nothing uses what they bind.
    pub silent: BTreeSet<SiteId>,
    /// Of a name that was collected, the name of the list of those who are missing.
    pub missing: BTreeMap<NameId, NameId>,
    names: BTreeMap<u32, BTreeMap<Arc<str>, NameId>>,
    by_name: Vec<(u32, Arc<str>)>,
    vars_by_name: BTreeMap<(NameId, LaneId), Vec<VarId>>,
    messages_by_name: BTreeMap<Arc<str>, MessageId>,
    sites_by_place: BTreeMap<((Span, u32, bool), Annotations), SiteId>,
    namespaces: BTreeMap<(usize, Vec<Vec<RoleId>>), u32>,
    labels: u32,
    /// Numbers of the choices without a name: per role, per place.
    numbers: BTreeMap<(RoleId, Span), u32>,
    counts: BTreeMap<RoleId, u32>,
    /// Numbers of the scopes: per role and kind, per place.
    scope_numbers: BTreeMap<(RoleId, &'static str, Span), u32>,
    scope_counts: BTreeMap<(RoleId, &'static str), u32>,
    /// How many scopes of a kind have a lane in a lane.
    scope_lanes: BTreeMap<(LaneId, &'static str), u32>,
}

impl Tables {
    /// The names of a choreography played by these roles.
    pub(super) fn namespace(&mut self, choreography: usize, roles: Vec<Vec<RoleId>>) -> u32 {
        let next = self.namespaces.len() as u32;
        *self.namespaces.entry((choreography, roles)).or_insert(next)
    }

    pub(super) fn name(&mut self, scope: u32, name: &str) -> NameId {
        let names = self.names.entry(scope).or_default();
        if let Some(id) = names.get(name) {
            return *id;
        }
        let id = NameId(self.by_name.len() as u32);
        let text: Arc<str> = Arc::from(name);
        self.by_name.push((scope, Arc::clone(&text)));
        names.insert(text, id);
        id
    }

    pub(super) fn scope_of(&self, name: NameId) -> Option<u32> {
        self.by_name.get(name.0 as usize).map(|(scope, _)| *scope)
    }

    /// The name if anything has used it.
    pub(super) fn known_name(&self, scope: u32, name: &str) -> Option<NameId> {
        self.names.get(&scope)?.get(name).copied()
    }

    /// The var of a name in a lane, of this type: another type is another var.
    pub(super) fn var(&mut self, name: NameId, lane: LaneId, ty: &Type) -> VarId {
        let of = self.vars_by_name.entry((name, lane)).or_default();
        let found = of.iter().find(|var| self.vars.get(var.index()).is_some_and(|have| have.ty == *ty));
        if let Some(var) = found {
            return *var;
        }
        let var = VarId::at(self.vars.len());
        of.push(var);
        let text =
            self.by_name.get(name.0 as usize).map_or_else(|| Arc::from(""), |(_, text)| Arc::clone(text));
        self.vars.push(Var { name: text, ty: ty.clone() });
        self.named.push((name, lane));
        var
    }

    /// The lane that a var is of.
    pub(super) fn lane_of(&self, var: VarId) -> Option<LaneId> {
        self.named.get(var.index()).map(|(_, lane)| *lane)
    }

    pub(super) fn type_of(&self, var: VarId) -> Type {
        self.vars.get(var.index()).map_or(Type::Any, |var| var.ty.clone())
    }

    /// The message of this name, or its earlier self if that carries something else.
    pub(super) fn message(&mut self, name: &Arc<str>, ty: &Type, span: Span) -> Result<MessageId, Message> {
        if let Some(id) = self.messages_by_name.get(name) {
            return match self.messages.get(id.index()) {
                Some(have) if have.ty != *ty => Err(have.clone()),
                _ => Ok(*id),
            };
        }
        let id = MessageId::at(self.messages.len());
        self.messages.push(Message { name: Arc::clone(name), ty: ty.clone(), span });
        self.messages_by_name.insert(Arc::clone(name), id);
        Ok(id)
    }

    pub(super) fn payload(&mut self, payload: Payload) -> PayloadId {
        PayloadId::at(self.payloads.insert_full(payload).0)
    }

    pub(super) fn step(&mut self, step: Step) -> StepId {
        StepId::at(self.steps.insert_full(step).0)
    }

    pub(super) fn step_of(&self, id: StepId) -> Option<&Step> {
        self.steps.get_index(id.index())
    }

    pub(super) fn payload_of(&self, id: PayloadId) -> Option<&Payload> {
        self.payloads.get_index(id.index())
    }

    pub(super) fn decision_of(&self, id: DecisionId) -> Option<&Decision> {
        self.decisions.get_index(id.index())
    }

    pub(super) fn decision(&mut self, decision: Decision) -> DecisionId {
        DecisionId::at(self.decisions.insert_full(decision).0)
    }

    pub(super) fn choice(&mut self, choice: Choice) -> ChoiceId {
        self.choices.push(choice);
        ChoiceId::at(self.choices.len() - 1)
    }

    /// The site of a place; `part` tells apart what one statement does to several.
    pub(super) fn site(&mut self, span: Span, part: u32, annotations: &[(String, String)]) -> SiteId {
        self.site_at((span, part, false), annotations)
    }

    /// The site of a step that nobody wrote.
    pub(super) fn silent_site(&mut self, span: Span) -> SiteId {
        let site = self.site_at((span, 0, true), &[]);
        self.silent.insert(site);
        site
    }

    fn site_at(&mut self, key: (Span, u32, bool), annotations: &[(String, String)]) -> SiteId {
        // What is annotated differently is never one site, so that no annotation is lost.
        let key = (key, annotations.to_vec());
        if let Some(site) = self.sites_by_place.get(&key) {
            return *site;
        }
        let site = SiteId::at(self.sites.len());
        self.sites.push(Site { span: key.0.0, annotations: key.1.clone() });
        self.sites_by_place.insert(key, site);
        site
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    /// The name of a choice that has none: `R#n`, counted per role by place in the source.
    pub(super) fn choice_name(&mut self, role: RoleId, span: Span) -> Arc<str> {
        let number = *self.numbers.entry((role, span)).or_insert_with(|| {
            let count = self.counts.entry(role).or_insert(0);
            *count += 1;
            *count
        });
        let name = self.roles.get(role.index()).map_or("", |role| role.name.as_str());
        Arc::from(format!("{name}#{number}"))
    }

    /// The name of a scope: `R.try#n`, counted like choices; `word` says which kind.
    pub(super) fn scope_name(&mut self, role: RoleId, word: &'static str, span: Span) -> Arc<str> {
        let number = *self.scope_numbers.entry((role, word, span)).or_insert_with(|| {
            let count = self.scope_counts.entry((role, word)).or_insert(0);
            *count += 1;
            *count
        });
        let name = self.roles.get(role.index()).map_or("", |role| role.name.as_str());
        Arc::from(format!("{name}.{word}#{number}"))
    }

    /// The next number of a lane for a scope of this kind in that lane, from 1.
    pub(super) fn next_lane(&mut self, parent: LaneId, word: &'static str) -> u32 {
        let count = self.scope_lanes.entry((parent, word)).or_insert(0);
        *count += 1;
        *count
    }

    /// Where a site stands.
    pub(super) fn span_of(&self, site: SiteId) -> Span {
        self.sites.get(site.index()).map_or_else(Span::default, |site| site.span)
    }

    pub(super) fn into_protocol(self) -> Protocol {
        Protocol {
            roles: self.roles,
            vars: self.vars,
            params: self.params,
            messages: self.messages,
            payloads: self.payloads.into_iter().collect(),
            steps: self.steps.into_iter().collect(),
            choices: self.choices,
            decisions: self.decisions.into_iter().collect(),
            scopes: self.scopes,
            lanes: self.lanes,
            sites: self.sites,
            ..Protocol::default()
        }
    }
}
