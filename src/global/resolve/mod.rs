//! From declarations, one choreography and the sizes of its families to a resolved protocol.
//!
//! One walk over the tree does everything: families and calls are expanded in place, sugar is taken away, and along
//! the way each role's knowledge is kept, so that an expression is judged where it stands. Diagnostics are kept once
//! per place and code, however often a place is expanded.
//! Is not: a judge of whether roles can follow the protocol; that is `local`.

mod block;
mod call;
mod causes;
mod choice;
mod collect;
mod conditions;
mod deadlines;
mod exchange;
mod expr;
mod fold;
mod frame;
mod functions;
mod guarded;
mod infer;
mod jumps;
mod knowledge;
mod local;
mod loops;
mod operators;
mod par;
mod record;
mod relay;
mod reports;
mod roles;
mod scope;
mod settle;
mod sites;
mod sweep;
mod tables;
mod within;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::base::limits::{CONSTANT_PARTS_MAX, DIAGNOSTICS_MAX};
use crate::base::ty::Type;
use crate::diag::code::Code;
use crate::diag::source::Span;
use crate::diag::{Diagnostic, Severity};
use crate::global::declare::{ChoreographyRef, Declarations, Message};
use crate::global::expr::Expr;
use crate::global::protocol::{Block, Protocol};
use crate::global::resolve::call::Active;
use crate::global::resolve::causes::Seen;
use crate::global::resolve::frame::{Frame, Jump};
use crate::global::resolve::knowledge::Knowledge;
use crate::global::resolve::scope::Open;
use crate::global::resolve::tables::Tables;

/// The sizes of families, by the name of the family or of its size; 3 where none is given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Sizes(pub BTreeMap<String, u32>);

/// The walk's state. Fields are grouped by thought; each file beside this one works on its group.
struct Resolver<'d> {
    declarations: &'d Declarations,
    sizes: &'d Sizes,
    /// What has been said: at most once per place and code.
    diagnostics: BTreeMap<(Span, Code), Diagnostic>,
    /// While positive, nothing is said: what is walked was judged before.
    quiet: u32,
    /// What was said, or would have been.
    complaints: usize,
    /// Whether something is missing that was said where it is declared.
    faulty: bool,
    /// Expressions around an expression.
    nesting: usize,
    /// The protocol so far.
    tables: Tables,
    knowledge: Knowledge,
    /// The choreography that is being walked, with its roles as those of the protocol.
    frame: Frame<'d>,
    /// Loops, recursions, calls and borders around the statement, outermost first.
    jumps: Vec<Jump<'d>>,
    /// Calls around the statement, outermost first; the protocol itself is the first.
    active: Vec<Active>,
    /// The first of the active calls whose end is the end of the statement.
    tail_from: usize,
    lane: LaneId,
    /// Scopes around the statement, outermost first.
    scopes: Vec<Open>,
    /// The branch of a `par` around the statement, or the trunk, and how many scopes stand around that.
    thread: (usize, LaneId),
    /// Which causes that somebody takes were raised.
    seen: Seen,
    /// Loops around the statement, as the depth of choices.
    loops: u32,
    /// Whether a run can come to the statement.
    reachable: bool,
    /// Nested statements and calls around this one.
    depth: usize,
    /// Calls expanded so far, and statements walked so far.
    calls: usize,
    work: usize,
    /// Whether a bound was met: the protocol is of no use then.
    overflow: bool,
    /// Parameters of the lambdas around an expression, innermost last.
    lambdas: Vec<(&'d str, crate::base::id::VarId, Type)>,
    /// Constants by module and name; none while one is being read.
    consts: BTreeMap<(usize, &'d str), Option<(Expr, Type)>>,
    /// Parts of constants that may still be copied.
    copies_left: usize,
    /// Whether more were wanted.
    copies_over: bool,
    /// Nested choreographies that something calls.
    called: BTreeSet<usize>,
    /// Messages that only a `with` declares, as far as they are known.
    inferred: Inferred,
    /// Those of them that this walk has come to.
    met: BTreeSet<(usize, String)>,
}

/// Messages that only a `with` declares, by the choreography at the top and the name.
type Inferred = BTreeMap<(usize, String), Arc<Message>>;

/// Resolves a choreography for these sizes. No protocol where an error was found.
#[must_use]
pub fn resolve(
    declarations: &Declarations,
    choreography: &ChoreographyRef,
    sizes: &Sizes,
) -> (Option<Protocol>, Vec<Diagnostic>) {
    let mut said = BTreeMap::new();
    let mut inferred = Inferred::new();
    let protocol = one(declarations, choreography.id, sizes, &mut inferred, &mut said);
    let mut diagnostics: Vec<Diagnostic> = said.into_values().collect();
    // Errors first, should there be too many: a warning must not hide one.
    if diagnostics.len() > DIAGNOSTICS_MAX {
        diagnostics.sort_by_key(|d| d.severity);
        diagnostics.truncate(DIAGNOSTICS_MAX);
        diagnostics.sort_by_key(|d| (d.primary.span, d.code));
    }
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    (protocol.filter(|_| !failed), diagnostics)
}

/// Judges every constant of every module.
pub(crate) fn constants(declarations: &Declarations) -> Vec<Diagnostic> {
    let sizes = Sizes::default();
    let mut resolver = Resolver::new(declarations, &sizes);
    for (module, table) in declarations.tables.iter().enumerate() {
        for name in table.consts.keys() {
            resolver.frame.module = module;
            resolver.constant(module, name);
        }
    }
    resolver.diagnostics.into_values().collect()
}

/// Walks until the messages that only a `with` declares have their types: one may be made of another, or stand
/// without its payload before it stands with it.
fn infer(declarations: &Declarations, id: usize, sizes: &Sizes, inferred: &mut Inferred) {
    const WALKS: usize = 3;
    if declarations.choreographies.iter().all(|signature| signature.by_with.is_empty()) {
        return;
    }
    for _ in 0..WALKS {
        let mut resolver = Resolver::new(declarations, sizes);
        resolver.inferred.clone_from(inferred);
        resolver.protocol(id);
        if resolver.inferred == *inferred {
            return;
        }
        *inferred = resolver.inferred;
    }
}

/// Resolves a choreography, and judges the nested ones that nothing calls.
fn one(
    declarations: &Declarations,
    id: usize,
    sizes: &Sizes,
    inferred: &mut Inferred,
    said: &mut BTreeMap<(Span, Code), Diagnostic>,
) -> Option<Protocol> {
    infer(declarations, id, sizes, inferred);
    let mut resolver = Resolver::new(declarations, sizes);
    resolver.inferred.clone_from(inferred);
    let protocol = resolver.protocol(id);
    let called = std::mem::take(&mut resolver.called);
    for (place, diagnostic) in resolver.diagnostics {
        said.entry(place).or_insert(diagnostic);
    }
    let inner: Vec<usize> = declarations.choreographies.get(id)?.nested.values().copied().collect();
    for nested in inner.into_iter().filter(|nested| !called.contains(nested)) {
        one(declarations, nested, sizes, inferred, said);
    }
    protocol
}

impl<'d> Resolver<'d> {
    fn new(declarations: &'d Declarations, sizes: &'d Sizes) -> Self {
        Self {
            declarations,
            sizes,
            diagnostics: BTreeMap::new(),
            quiet: 0,
            complaints: 0,
            faulty: false,
            nesting: 0,
            tables: Tables::default(),
            knowledge: Knowledge::default(),
            frame: Frame::default(),
            jumps: Vec::new(),
            active: Vec::new(),
            tail_from: 0,
            lane: LaneId::TRUNK,
            scopes: Vec::new(),
            thread: (0, LaneId::TRUNK),
            seen: Seen::default(),
            loops: 0,
            reachable: true,
            depth: 0,
            calls: 0,
            work: 0,
            overflow: false,
            lambdas: Vec::new(),
            consts: BTreeMap::new(),
            copies_left: CONSTANT_PARTS_MAX,
            copies_over: false,
            called: BTreeSet::new(),
            inferred: Inferred::new(),
            met: BTreeSet::new(),
        }
    }

    /// Says something, unless it was said of this place.
    fn say(&mut self, diagnostic: Diagnostic) {
        self.complaints += 1;
        if self.quiet == 0 {
            self.diagnostics.entry((diagnostic.primary.span, diagnostic.code)).or_insert(diagnostic);
        }
    }

    /// Whether an error was said.
    fn failed(&self) -> bool {
        self.faulty || self.diagnostics.values().any(|d| d.severity == Severity::Error)
    }

    /// The whole protocol.
    fn protocol(&mut self, id: usize) -> Option<Protocol> {
        let tree = self.declarations.tree(id)?;
        let signature = self.declarations.choreographies.get(id)?;
        self.attributes(tree);
        let roles = self.declare_roles(tree)?;
        self.tables.lanes.push(crate::global::protocol::Lane { parent: LaneId::TRUNK, name: Arc::from("") });
        self.enter(id, tree, signature, roles);
        self.session_params(tree, signature);
        let body = self.whole_body(tree);
        let body = self.sweep(body);
        let body = self.settle(body);
        let body = self.reported(body);
        self.take_part(tree, &body);
        self.never_raised();
        if self.overflow {
            return None;
        }
        Some(self.finish(tree, body))
    }

    /// The tables and the body as a protocol.
    fn finish(&mut self, tree: &'d crate::syntax::tree::Choreography, body: Block) -> Protocol {
        let says = |name: &str, value: &str| {
            tree.attributes.iter().any(|attribute| {
                attribute.name.text == name
                    && matches!(crate::global::spell::plain(&attribute.value).as_str(), text if text == value)
            })
        };
        let mut protocol = std::mem::take(&mut self.tables).into_protocol();
        protocol.name.clone_from(&tree.name.text);
        protocol.docs.clone_from(&tree.docs);
        protocol.span = tree.name.place.0;
        protocol.amend_denied = says("amend", "deny");
        protocol.fair = !says("fair", "no");
        protocol.body = body;
        protocol
    }
}

/// The role an expression is judged for; none where no session exists yet.
type Who = Option<RoleId>;
