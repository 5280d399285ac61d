//! A protocol built by hand, without text: what goes in are roles by number and messages by name.
//!
//! Every message has one variable, the empty payload, and a site of its own. Is not: checked; anything can be built.

use std::sync::Arc;

use laban::base::id::{ChoiceId, DecisionId, LaneId, MessageId, PayloadId, RoleId, SiteId, StepId, VarId};
use laban::base::ty::Type;
use laban::base::value::Value;
use laban::diag::source::{SourceId, Span};
use laban::global::expr::Expr;
use laban::global::protocol::{
    Block, Choice, Decision, Label, Lane, Message, Payload, Protocol, Role, Site, Step, Stmt, Var,
};

/// A protocol in the making.
pub(crate) struct World {
    protocol: Protocol,
    labels: u32,
}

impl World {
    /// Roles `A`, `B`, `C`, … or, beyond 26 of them, `R0`, `R1`, ….
    pub(crate) fn new(roles: usize) -> Self {
        let name = |at: usize| match u8::try_from(at) {
            Ok(at) if roles <= 26 => char::from(b'A' + at).to_string(),
            _ => format!("R{at}"),
        };
        let role = |at: usize| Role { name: name(at), member: None, span: Span::default() };
        let protocol = Protocol {
            name: "P".to_owned(),
            fair: true,
            roles: (0..roles).map(role).collect(),
            payloads: vec![Payload::Empty],
            ..Protocol::default()
        };
        Self { protocol, labels: 0 }
    }

    fn site(&mut self) -> SiteId {
        let at = self.protocol.sites.len() as u32;
        let span = Span::new(SourceId(0), at, at + 1);
        self.protocol.sites.push(Site { span, annotations: Vec::new() });
        SiteId(at)
    }

    /// The message of this name.
    pub(crate) fn message(&mut self, name: &str) -> MessageId {
        let known = self.protocol.messages.iter().position(|message| &*message.name == name);
        let at = known.unwrap_or_else(|| {
            let name: Arc<str> = Arc::from(name);
            self.protocol.vars.push(Var { name: name.clone(), ty: Type::empty() });
            self.protocol.messages.push(Message { name, ty: Type::empty(), span: Span::default() });
            self.protocol.messages.len() - 1
        });
        MessageId(at as u32)
    }

    /// `from -> to: name`
    pub(crate) fn send(&mut self, from: usize, to: usize, name: &str) -> Stmt {
        let message = self.message(name);
        let (from, to, site) = (RoleId::at(from), RoleId::at(to), self.site());
        Stmt::Exchange { from, to, message, payload: PayloadId(0), var: VarId(message.0), site }
    }

    /// `role does step.name()`
    pub(crate) fn step(&mut self, role: usize, name: &str) -> Stmt {
        let step = Step::Does {
            effect: Arc::from("step"),
            operation: Arc::from(name),
            args: Vec::new(),
            result: Type::Any,
            bind: None,
            repetition: laban::syntax::tree::Repetition::Pure,
        };
        let step = self.intern(step);
        Stmt::Step { role: RoleId::at(role), step, site: self.site() }
    }

    /// `fail failed at role`
    pub(crate) fn fail(&mut self, role: usize) -> Stmt {
        let step = self.intern(Step::Fail(Arc::from("failed"), None));
        Stmt::Step { role: RoleId::at(role), step, site: self.site() }
    }

    fn intern(&mut self, step: Step) -> StepId {
        let known = self.protocol.steps.iter().position(|have| *have == step);
        StepId::at(known.unwrap_or_else(|| {
            self.protocol.steps.push(step);
            self.protocol.steps.len() - 1
        }))
    }

    /// `choice at role`, asked of it by the choice's own name; labels `a`, `b`, … or numbers.
    pub(crate) fn choice(&mut self, role: usize, branches: Vec<Block>) -> Stmt {
        let at = self.protocol.choices.len();
        let labels: Vec<Arc<str>> = (0..branches.len()).map(|at| Arc::from(format!("l{at}"))).collect();
        let name: Arc<str> = Arc::from(format!("c{at}"));
        let site = self.site();
        let span = self.protocol.sites[site.index()].span;
        self.protocol.choices.push(Choice {
            name: name.clone(),
            owner: RoleId::at(role),
            labels: labels.clone(),
            branches: vec![span; branches.len()],
            told: Vec::new(),
            depth: 0,
            span,
        });
        self.protocol.decisions.push(Decision::Asked { name, labels });
        Stmt::Choice { choice: ChoiceId::at(at), decision: DecisionId::at(at), branches, site }
    }

    /// A label for [`World::rec`], [`World::again`] and [`World::out`].
    pub(crate) fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels)
    }

    /// `rec label { … }`
    pub(crate) fn rec(&mut self, label: Label, block: Block) -> Stmt {
        Stmt::Labelled(label, block)
    }

    /// `continue label`
    pub(crate) fn again(&mut self, label: Label) -> Stmt {
        Stmt::Continue(label, self.site())
    }

    /// `break label`
    pub(crate) fn out(&mut self, label: Label) -> Stmt {
        Stmt::Break(label, self.site())
    }

    /// `loop (count: turns) { … }`; the count may be 0 where it is.
    pub(crate) fn count(&mut self, turns: i64, body: Block) -> Stmt {
        let count = Expr::Const(Value::Int(turns));
        Stmt::Count { count, zero: turns == 0, turn: None, body, site: self.site() }
    }

    /// `par { … }`; lanes are numbered by [`World::finish`].
    pub(crate) fn par(&mut self, branches: Vec<Block>) -> Stmt {
        let branches = branches.into_iter().map(|block| (LaneId::TRUNK, block)).collect();
        Stmt::Par(branches, self.site())
    }

    /// The protocol with this body.
    pub(crate) fn finish(mut self, mut body: Block) -> Protocol {
        self.protocol.lanes = vec![Lane { parent: LaneId::TRUNK, name: Arc::from("") }];
        self.settle(&mut body, LaneId::TRUNK, 0);
        self.protocol.body = body;
        self.protocol
    }

    /// Numbers lanes and counts the loops around each choice.
    fn settle(&mut self, block: &mut Block, lane: LaneId, depth: u32) {
        for stmt in block {
            match stmt {
                Stmt::Choice { choice, branches, .. } => {
                    self.protocol.choices[choice.index()].depth = depth;
                    branches.iter_mut().for_each(|block| self.settle(block, lane, depth));
                }
                Stmt::Labelled(_, block) | Stmt::Count { body: block, .. } => {
                    self.settle(block, lane, depth + 1);
                }
                Stmt::Par(branches, _) => {
                    for (at, (own, block)) in branches.iter_mut().enumerate() {
                        let parent = self.protocol.lanes[lane.index()].name.clone();
                        let name = if parent.is_empty() {
                            format!("{}", at + 1)
                        } else {
                            format!("{parent}.{}", at + 1)
                        };
                        *own = LaneId::at(self.protocol.lanes.len());
                        self.protocol.lanes.push(Lane { parent: lane, name: Arc::from(name) });
                        let own = *own;
                        self.settle(block, own, depth);
                    }
                }
                _ => {}
            }
        }
    }
}
