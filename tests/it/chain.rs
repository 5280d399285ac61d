//! The named invariants of the guard chain, over random protocols, profiles, grants, times and denials.
//!
//! Two casts of one protocol run side by side in one engine, each in a context and under a profile of its own. A model
//! follows the events and keeps its own accounts: what it sees must be charged, allowed and written down as it says.
//! Is not: a test of what profiles look like (`config::guards`), nor of budgets that devices share (`guard::budget`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use laban::base::id::RoleId;
use laban::base::random::Random;
use laban::base::time::Instant;
use laban::base::value::Value;
use laban::bytecode::program::{Kind, Program, Role};
use laban::compile::programs;
use laban::config::bindings::RoleBinding;
use laban::config::guards::{CLASSES, Grants, read};
use laban::diag::source::{SourceId, Span};
use laban::effect::call::{Answer, Ask, Call, SessionId};
use laban::engine::Engine;
use laban::engine::effect::Effect;
use laban::engine::event::What;
use laban::engine::input::{CastId, Input, Opening};
use laban::guard::{Guard, Policy, Rule, State, Table};
use laban::journal::{Context, Namespace};
use laban::local::{Amend, project};
use laban::machine::Cast;

use crate::worlds::generate::protocol;

/// Protocols that run; those of other seeds cannot be implemented.
const CASES: u32 = 1_200;
const INPUTS: u32 = 24;
const SECOND: u64 = 1_000_000_000;

/// What the profile says of one message.
#[derive(Clone, Copy, Debug)]
struct Terms {
    cost: u64,
    special: bool,
    leak: [u64; 3],
    fact: bool,
}

/// One context: what its profile says, and what the model has seen.
struct Side {
    context: &'static str,
    cast: CastId,
    terms: BTreeMap<String, Terms>,
    /// Who has the capability that special messages need, and who the one that all need.
    special: Vec<bool>,
    plain: Vec<bool>,
    limit: u64,
    shown_limits: [u64; 3],
    /// In nanoseconds.
    period: u64,
    epoch: u64,
    spent: BTreeMap<(RoleId, RoleId), u64>,
    shown: BTreeMap<(RoleId, usize), u64>,
    facts: u64,
    cost: u64,
}

/// What roles may do: who has the capability of special messages, and who the one that all need.
fn grants(roles: &[Role], special: &[bool], plain: &[bool]) -> Grants {
    let binding = |(at, role): (usize, &Role)| {
        let both = [("t:special", special[at]), ("t:plain", plain[at])];
        let names = both.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned());
        RoleBinding {
            role: role.name.to_string(),
            place: Span::default(),
            handler: None,
            config: serde_json::Value::Null,
            deadline: None,
            observes: false,
            tokens: None,
            capabilities: Some(names.collect()),
        }
    };
    let bindings: Vec<RoleBinding> = roles.iter().enumerate().map(binding).collect();
    Grants::fresh().with(&bindings)
}

impl Side {
    /// A random profile in a context, as its text, its grants and the model of it.
    fn invent(context: &'static str, programs: &[Program], random: &mut Random) -> (Self, Policy) {
        let roles = &programs[0].roles;
        let names: BTreeSet<String> = programs
            .iter()
            .flat_map(|program| &program.messages)
            .filter(|message| message.kind == Kind::Data)
            .map(|message| message.name.to_string())
            .collect();
        let limit = random.below(40);
        let period = (1 + random.below(20)) * SECOND;
        let shown_limits = [random.below(6), 6 + random.below(6), 12 + random.below(6)];
        let then = ["raise", "abort", "{ retry: 2, backoff: 3s }"][random.below(3) as usize];
        let mut text = format!(
            "protocol: P\ndefaults: {{ capabilities: [\"t:plain\"], on_denied: {then} }}\n\
             budgets: [{{ limit: {limit}, epoch: {}s }}]\nleakage_limits: {{ external: {}, neighbor: {}, in_group: {} }}\n\
             messages:\n  NoSuch: {{}}\n",
            period / SECOND,
            shown_limits[0],
            shown_limits[1],
            shown_limits[2]
        );
        let mut terms = BTreeMap::new();
        for name in names {
            let often = |random: &mut Random| if random.below(3) == 0 { random.below(3) } else { 0 };
            let one = Terms {
                cost: 1 + random.below(9),
                special: random.below(3) == 0,
                leak: [often(random), often(random), often(random)],
                fact: random.below(2) == 0,
            };
            let need = if one.special { "[\"t:plain\", \"t:special\"]" } else { "[\"t:plain\"]" };
            let facts = if one.fact { format!("[{{ fact: t/{context} }}]") } else { "[]".to_owned() };
            text.push_str(&format!(
                "  {name}: {{ capabilities: {need}, flow_cost: {}, leakage: {{ external: {}, neighbor: {}, in_group: {} }}, \
                 facts: {facts} }}\n",
                one.cost, one.leak[0], one.leak[1], one.leak[2]
            ));
            terms.insert(name, one);
        }
        let (profile, said) = read(SourceId(0), &text, None);
        assert!(said.is_empty(), "{said:?}\n{text}");
        let mut may = |of: u64| (0..roles.len()).map(|_| random.below(of) > 0).collect::<Vec<bool>>();
        let (special, plain) = (may(4), may(16));
        let policy = Policy {
            context: Arc::from(context),
            profile: profile.unwrap(),
            grants: grants(roles, &special, &plain),
            ..Policy::fresh()
        };
        let side = Self {
            context,
            cast: CastId(0),
            terms,
            special,
            plain,
            limit,
            shown_limits,
            period,
            epoch: 0,
            spent: BTreeMap::new(),
            shown: BTreeMap::new(),
            facts: 0,
            cost: 0,
        };
        (side, policy)
    }

    /// What a label needs and costs; a selection costs 1.
    fn terms(&self, label: &str) -> Terms {
        let selection = Terms { cost: 1, special: false, leak: [0; 3], fact: false };
        self.terms.get(label).copied().unwrap_or(selection)
    }

    fn may(&self, role: RoleId, terms: Terms) -> bool {
        self.plain[role.index()] && (!terms.special || self.special[role.index()])
    }

    /// Time has passed: where a period is over, as much may be spent and shown again.
    fn pass(&mut self, now: Instant) {
        let epoch = now.0 / self.period;
        if epoch > self.epoch {
            self.epoch = epoch;
            self.spent.clear();
            self.shown.clear();
        }
    }

    /// A message has left: it was allowed, and is charged.
    fn sent(&mut self, from: RoleId, to: RoleId, label: &str, cleared: Option<(RoleId, String, u64, u64)>) {
        let terms = self.terms(label);
        let Some((role, charged, cost, headroom)) = cleared else {
            panic!("`{label}` is seen and was not charged");
        };
        assert_eq!(
            (role, charged.as_str(), cost),
            (from, label, terms.cost),
            "what is charged is what is sent"
        );
        assert!(self.may(from, terms), "`{label}` has left without its capability");
        let spent = self.spent.entry((from, to)).or_default();
        *spent += cost;
        assert!(*spent <= self.limit, "{spent} of {}", self.limit);
        assert_eq!(headroom, self.limit - *spent);
        for (class, amount) in terms.leak.into_iter().enumerate() {
            let shown = self.shown.entry((from, class)).or_default();
            *shown += amount;
            assert!(*shown <= self.shown_limits[class], "{} sees too much", CLASSES[class]);
        }
        self.facts += u64::from(terms.fact);
        self.cost += cost;
    }

    /// A message was denied: some receiver makes that right.
    fn denied(&self, role: RoleId, label: &str, guard: Guard) {
        let terms = self.terms(label);
        let right = match guard {
            Guard::Capability => !self.may(role, terms),
            Guard::Flow => {
                let spent =
                    self.spent.iter().filter(|((from, _), _)| *from == role).map(|(_, spent)| *spent).max();
                spent.unwrap_or(0) + terms.cost > self.limit
            }
            Guard::Leakage => (0..3).any(|class| {
                let shown = self.shown.get(&(role, class)).copied().unwrap_or(0);
                shown + terms.leak[class] > self.shown_limits[class]
            }),
            other => panic!("`{}` denies nothing here", other.word()),
        };
        assert!(right, "`{}` has denied `{label}` without need", guard.word());
    }

    /// The engine's accounts say the same.
    fn compare(&self, state: &State) {
        for (from, to, spent, limit) in &state.budgets {
            let own = self.spent.get(&(*from, *to)).copied().unwrap_or(0);
            assert_eq!((*spent, *limit), (own, self.limit), "{} of {from:?} toward {to:?}", self.context);
        }
        let own: u64 = self.shown.values().sum();
        assert_eq!(state.leakage.iter().map(|(.., spent, _)| spent).sum::<u64>(), own);
        for fact in &state.facts {
            assert_eq!((&*fact.namespace, &*fact.key), ("t", self.context));
        }
    }
}

/// One engine with two contexts.
struct Hall {
    engine: Engine,
    sides: [Side; 2],
    sessions: BTreeMap<SessionId, usize>,
    calls: Vec<Call>,
    opened: usize,
    sent: u64,
    received: u64,
    denied: u64,
}

impl Hall {
    /// One input, and what the model makes of all that follows.
    fn input(&mut self, now: Instant, input: Input) {
        self.sides.iter_mut().for_each(|side| side.pass(now));
        self.engine.handle(now, input);
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Call(call) => self.calls.push(call),
                Effect::Opened { session, .. } => _ = self.sessions.insert(session, self.opened),
                Effect::Withdraw(gone) => self.calls.retain(|call| call.id != gone),
                Effect::Refused { trouble, .. } => panic!("{trouble:?}"),
                Effect::Closed { .. } => {}
            }
        }
        let mut cleared = None;
        while let Some(event) = self.engine.poll_event() {
            let side = &mut self.sides[self.sessions[&event.session]];
            match event.what {
                What::Cleared { role, label, cost, headroom } => {
                    assert!(cleared.is_none(), "one charge, one message");
                    cleared = Some((event.session, (role, label.to_string(), cost, headroom)));
                }
                What::Sent { from, to, label, .. } | What::Selected { from, to, label, .. } => {
                    let own = cleared.take().filter(|(session, _)| *session == event.session);
                    side.sent(from, to, &label, own.map(|(_, charge)| charge));
                    self.sent += 1;
                }
                What::Received { .. } => self.received += 1,
                What::Denied { role, label, guard, .. } => {
                    side.denied(role, &label, guard);
                    self.denied += 1;
                }
                What::Accounts(state) => side.compare(&state),
                _ => {}
            }
        }
        assert!(cleared.is_none(), "what is charged is sent");
        assert!(self.received <= self.sent);
    }

    /// What is left when everything has happened: rows and facts.
    fn close(&self) {
        let rows: Vec<_> = self.engine.charges().copied().collect();
        let total: u64 = self.sides.iter().map(|side| side.cost).sum();
        assert_eq!(rows.iter().map(|row| row.cost).sum::<u64>(), total, "the rows are what was spent");
        let mut nonces = BTreeMap::new();
        for row in &rows {
            let nonce = nonces.entry((row.till, row.epoch)).or_insert(0);
            *nonce += 1;
            assert_eq!(row.nonce, *nonce);
        }
        for side in &self.sides {
            let context = Context::new(side.context).unwrap();
            let view = self.engine.journal().of(&context);
            assert!(view.sets().all(|set| set.facts().all(|fact| fact.place().context == context)));
            let of = |namespace: &str| view.set(&Namespace::new(namespace).unwrap());
            let written: Vec<_> = of("t").into_iter().flat_map(laban::journal::Set::facts).collect();
            assert!(written.iter().all(|fact| fact.key().as_str() == side.context));
            assert_eq!(written.len() as u64, side.facts);
            let mut grants = of("budget").into_iter().flat_map(laban::journal::Set::facts);
            assert!(grants.all(|fact| fact.device().as_str() == "@engine"));
        }
    }
}

/// The hall of a seed; none where its protocol cannot be implemented.
fn hall(seed: u64, random: &mut Random) -> Option<Hall> {
    let protocol = protocol(seed);
    let projection = project(&protocol, Amend::Auto).0?;
    let (code, _) = programs(&protocol, &projection);
    let (one, first) = Side::invent("x", code.first().map(|_| &code[..])?, random);
    let (two, second) = Side::invent("y", &code, random);
    let tables = [first, second].map(|policy| Table::new(&code, &policy).unwrap());
    let messages: Vec<Arc<str>> = one.terms.keys().map(|name| Arc::from(name.as_str())).collect();
    let cast = Arc::new(Cast::link(code).ok()?);
    let mut engine = Engine::new();
    engine.subscribe(true);
    engine.show_charges(true);
    let mut sides = [one, two];
    for (side, table) in sides.iter_mut().zip(tables) {
        side.cast = engine.deploy_under(cast.clone(), table).unwrap();
    }
    for _ in 0..random.below(3) {
        let role = |random: &mut Random| RoleId::at(random.below(cast.roles() as u64) as usize);
        let (from, to, left) = (role(random), role(random), Some(1 + random.below(2) as u32));
        let Some(message) = messages.get(random.below(9) as usize).cloned() else { continue };
        engine.deny(Rule { from, to, message, left });
    }
    let sessions = BTreeMap::new();
    Some(Hall { engine, sides, sessions, calls: Vec::new(), opened: 0, sent: 0, received: 0, denied: 0 })
}

fn answer(call: &Call, random: &mut Random) -> Answer {
    match &call.ask {
        Ask::Decide { labels, .. } => Answer::Label(random.below(labels.len() as u64) as u16),
        Ask::Observe { .. } => Answer::Accepted,
        Ask::Produce { .. } | Ask::Perform { .. } => Answer::Value(Value::record([])),
    }
}

#[test]
fn what_leaves_is_allowed_charged_and_written_down() {
    let (mut cases, mut sent, mut denied, mut renewed) = (0, 0, 0, 0);
    for seed in 0.. {
        if cases == CASES {
            break;
        }
        let mut random = Random::new(seed ^ 0xC4A1);
        let Some(mut hall) = hall(seed, &mut random) else { continue };
        cases += 1;
        let mut now = Instant(0);
        for _ in 0..INPUTS {
            if random.below(3) == 0 {
                now = Instant(now.0 + random.below(6) * SECOND);
            }
            let pick = random.below(12) as usize;
            let input = match pick {
                0..3 if hall.sessions.len() < 6 => {
                    hall.opened = pick % 2;
                    Input::Open(Opening::new(0, hall.sides[pick % 2].cast))
                }
                3 if !hall.sessions.is_empty() && random.below(4) == 0 => {
                    let at = random.below(hall.sessions.len() as u64) as usize;
                    Input::Cancel(*hall.sessions.keys().nth(at).unwrap())
                }
                _ if !hall.calls.is_empty() => {
                    let call = hall.calls.swap_remove(pick % hall.calls.len());
                    Input::Answer { call: call.id, answer: answer(&call, &mut random) }
                }
                _ => Input::Tick,
            };
            hall.input(now, input);
        }
        hall.close();
        (sent, denied) = (sent + hall.sent, denied + hall.denied);
        renewed += u32::from(hall.sides.iter().any(|side| side.epoch > 0));
    }
    // What the cases are worth: that enough of everything happens in them.
    assert!(
        sent > 5_000 && denied > 1_000 && renewed > 500,
        "{sent} sent, {denied} denied, {renewed} renewed"
    );
}
