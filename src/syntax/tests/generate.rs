//! Trees made at random, deeper and odder than anybody writes: their canonical text has the same tree.

use proptest::prelude::*;

use crate::base::random::Random;
use crate::syntax::tests::read;
use crate::syntax::tree::*;
use crate::syntax::{Parsed, format};

/// Makes trees. `depth` is what may still be nested.
struct Maker {
    random: Random,
    depth: usize,
}

const NAMES: [&str; 14] =
    ["A", "B", "W", "x", "at", "type", "on", "choice", "loop", "with", "collect", "of", "rec", "größe"];

impl Maker {
    fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn chance(&mut self) -> bool {
        self.below(3) == 0
    }

    fn name(&mut self) -> Name {
        // Words of expressions are no names of values; the language has them only where a name must stand.
        let at = self.below(NAMES.len() as u64) as usize;
        Name { text: NAMES[at].to_owned(), place: Place::default() }
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.chance() { Some(make(self)) } else { None }
    }

    fn several<T>(&mut self, least: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = if self.depth == 0 { least } else { least + self.below(3) };
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        let made = (0..count).map(|_| make(self)).collect();
        self.depth = depth;
        made
    }

    fn docs(&mut self) -> Docs {
        let lines = [vec![], vec![], vec!["what it is".to_owned(), String::new(), "  indented".to_owned()]];
        lines[self.below(3) as usize].clone()
    }

    fn path(&mut self) -> Path {
        let segments = (0..=self.below(2)).map(|_| self.name()).collect();
        Path { segments, place: Place::default() }
    }

    fn expr(&mut self) -> Expr {
        if self.depth == 0 {
            return self.leaf();
        }
        self.depth -= 1;
        let one = |maker: &mut Self| Box::new(maker.expr());
        let kind = match self.below(12) {
            0 => ExprKind::List(self.several(0, Self::expr)),
            1 => ExprKind::Record(self.several(0, Self::entry)),
            2 => {
                let segments = vec![self.name(), self.name()];
                ExprKind::Variant(
                    Path { segments, place: Place::default() },
                    Some(self.several(0, Self::entry)),
                )
            }
            3 => ExprKind::Field(one(self), self.name()),
            4 => ExprKind::Index(one(self), one(self)),
            5 => ExprKind::Unary(if self.chance() { Unary::Not } else { Unary::Negate }, one(self)),
            6 => ExprKind::If(one(self), one(self), one(self)),
            7 => ExprKind::Apply(self.name(), self.several(0, Self::argument), Spelling::Function),
            8 => {
                let mut args = vec![self.expr()];
                args.extend(self.several(0, Self::argument));
                ExprKind::Apply(self.name(), args, Spelling::Method)
            }
            9 => ExprKind::Text(vec![TextPart::Str("a {b} \"c\"\n".into()), TextPart::Hole(self.expr())]),
            _ => ExprKind::Binary(self.operator(), one(self), one(self)),
        };
        self.depth += 1;
        Expr { kind, place: Place::default() }
    }

    fn leaf(&mut self) -> Expr {
        let kind = match self.below(8) {
            0 => ExprKind::Int(self.below(1 << 62) as i64),
            1 => ExprKind::Float(self.below(1000) as f64 / 7.0),
            2 => ExprKind::Duration(self.below(1 << 20) * 1_000_000),
            3 => ExprKind::Bool(self.chance()),
            4 => ExprKind::None,
            5 => ExprKind::Text(vec![TextPart::Str("é\\".into())]),
            _ => ExprKind::Name(self.name()),
        };
        Expr { kind, place: Place::default() }
    }

    fn argument(&mut self) -> Expr {
        let value = self.expr();
        if !self.chance() {
            return value;
        }
        Expr { kind: ExprKind::Lambda(self.name(), Box::new(value)), place: Place::default() }
    }

    fn operator(&mut self) -> Binary {
        use Binary as B;
        let all = [
            B::Add,
            B::Subtract,
            B::Multiply,
            B::Divide,
            B::Remainder,
            B::Power,
            B::Equal,
            B::NotEqual,
            B::Less,
            B::LessEqual,
            B::Greater,
            B::GreaterEqual,
            B::In,
            B::And,
            B::Or,
            B::Otherwise,
        ];
        all[self.below(all.len() as u64) as usize]
    }

    fn entry(&mut self) -> Entry {
        match self.below(3) {
            0 => Entry::Field(self.name(), self.expr()),
            1 => Entry::Short(self.name()),
            _ => Entry::Spread(self.expr()),
        }
    }

    fn record(&mut self) -> Expr {
        Expr { kind: ExprKind::Record(self.several(0, Self::entry)), place: Place::default() }
    }

    fn ty(&mut self) -> TypeRef {
        let kind = match if self.depth == 0 { 3 } else { self.below(5) } {
            0 => TypeKind::Optional(Box::new(self.nested(Self::ty))),
            1 => TypeKind::Record(self.several(0, Self::field)),
            2 => TypeKind::Named(self.path(), self.several(1, Self::ty)),
            _ => TypeKind::Named(self.path(), Vec::new()),
        };
        TypeRef { kind, place: Place::default() }
    }

    fn nested<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        self.depth -= 1;
        let made = make(self);
        self.depth += 1;
        made
    }

    fn field(&mut self) -> Field {
        let (docs, name, optional) = (self.docs(), self.name(), self.chance());
        let (ty, default) = (Some(self.ty()), self.maybe(Self::expr));
        Field { docs, name, optional, ty, default }
    }

    fn bare_field(&mut self) -> Field {
        let bare = |name| Field { docs: Vec::new(), name, optional: false, ty: None, default: None };
        if self.chance() { bare(self.name()) } else { self.field() }
    }

    fn annotation(&mut self) -> Annotation {
        Annotation { name: self.name(), value: self.maybe(Self::expr) }
    }

    fn role(&mut self) -> RoleRef {
        let selector = match self.below(8) {
            0 => Some(Selector::All),
            1 => Some(Selector::Index(self.expr())),
            2 => Some(Selector::Range(self.expr(), self.expr())),
            3 => Some(Selector::In(self.expr())),
            _ => None,
        };
        RoleRef { name: self.name(), selector, annotations: Vec::new(), place: Place::default() }
    }

    fn noted_role(&mut self) -> RoleRef {
        let annotations = if self.chance() { self.several(1, Self::annotation) } else { Vec::new() };
        RoleRef { annotations, ..self.role() }
    }

    fn block(&mut self) -> Block {
        Block { stmts: self.several(0, Self::stmt), place: Place::default() }
    }

    fn stmt(&mut self) -> Stmt {
        let annotations = if self.chance() { self.several(1, Self::annotation) } else { Vec::new() };
        Stmt { docs: self.docs(), annotations, kind: self.kind(), place: Place::default() }
    }

    fn kind(&mut self) -> StmtKind {
        let name = self.name();
        match self.below(if self.depth == 0 { 8 } else { 17 }) {
            0 | 1 => StmtKind::Exchange(Box::new(self.exchange())),
            2 => StmtKind::Relay(self.relay()),
            3 => StmtKind::Does(Does {
                role: self.role(),
                effect: name,
                operation: self.name(),
                args: self.several(0, |maker| Arg { name: maker.maybe(Self::name), value: maker.expr() }),
                bind: self.maybe(Self::name),
            }),
            4 => StmtKind::Let(Let { role: self.role(), name, value: self.expr() }),
            5 => StmtKind::Call(Call {
                path: self.path(),
                roles: self.several(0, |maker| (maker.name(), maker.role())),
                args: self.several(0, |maker| (maker.name(), maker.expr())),
                bind: self.maybe(Self::name),
            }),
            6 => StmtKind::Fail(Fail { name, with: self.maybe(Self::record), at: self.role() }),
            7 => StmtKind::Return(self.record()),
            8 => StmtKind::Choice(Choice {
                owner: self.role(),
                on: self.maybe(Self::expr),
                within: self.maybe(|maker| (maker.expr(), maker.maybe(Self::role))),
                branches: self.several(0, Self::branch),
            }),
            9 => {
                let (condition, at, then) = (self.expr(), self.maybe(Self::role), self.block());
                StmtKind::If(If { condition, at, then, otherwise: self.maybe(Self::block) })
            }
            10 => StmtKind::Loop(self.repeated()),
            11 => StmtKind::Rec(Rec { label: name, body: self.block() }),
            12 => StmtKind::For(For {
                par: self.chance(),
                index: name,
                family: self.role(),
                body: self.block(),
            }),
            13 => StmtKind::Par(Par { branches: self.several(0, Self::block), bare: false }),
            14 => StmtKind::Sub(Sub { name, body: self.block() }),
            15 => {
                StmtKind::Loop(Loop { label: None, head: LoopHead::Bare, turn: None, body: self.jumping() })
            }
            _ => StmtKind::Try(Try {
                owner: self.role(),
                within: self.maybe(Self::expr),
                body: self.block(),
                handlers: self.several(0, Self::handler),
            }),
        }
    }

    /// A block that ends by a jump; nothing can follow one.
    fn jumping(&mut self) -> Block {
        let mut block = self.block();
        let label = Name { text: "again".to_owned(), place: Place::default() };
        let label = if self.chance() { Some(label) } else { None };
        let kind = if self.chance() { StmtKind::Break(label) } else { StmtKind::Continue(label) };
        block.stmts.push(Stmt { docs: Vec::new(), annotations: Vec::new(), kind, place: Place::default() });
        block
    }

    fn exchange(&mut self) -> Exchange {
        let listed = self.several(1, Self::noted_role);
        Exchange {
            from: self.noted_role(),
            to: if self.chance() { Receivers::Others } else { Receivers::Listed(listed) },
            message: self.path(),
            declares: self.declares(),
            with: self.maybe(Self::record),
            collect: self.maybe(|maker| Collect {
                until: maker.maybe(Self::expr),
                within: maker.maybe(Self::expr),
                bind: maker.maybe(Self::name),
                place: Place::default(),
            }),
        }
    }

    fn declares(&mut self) -> Option<Declares> {
        match self.below(5) {
            0 => Some(Declares::Fields(self.several(0, Self::bare_field))),
            1 => Some(Declares::Types(self.several(1, Self::ty), self.several(0, Self::name))),
            2 => Some(Declares::Of(self.path())),
            _ => None,
        }
    }

    fn relay(&mut self) -> Relay {
        let swap = self.chance();
        let message = self.maybe(Self::path);
        let least = if message.is_some() { 3 } else { 2 };
        let mut hops: Vec<_> = (0..least).map(|_| self.role()).collect();
        hops.truncate(if swap { 2 } else { least });
        let declares = if message.is_some() { self.declares() } else { None };
        Relay { hops, swap, message, declares }
    }

    fn branch(&mut self) -> Branch {
        Branch {
            docs: self.docs(),
            label: self.name(),
            bind: self.maybe(Self::name),
            when: self.maybe(Self::expr),
            body: self.block(),
        }
    }

    fn repeated(&mut self) -> Loop {
        let head = match self.below(6) {
            0 => LoopHead::Bare,
            1 => LoopHead::Count(self.expr()),
            2 => LoopHead::Max(self.expr()),
            3 => LoopHead::Decides(self.role()),
            4 => LoopHead::While(self.expr(), self.maybe(Self::role)),
            _ => LoopHead::Custom("a \"b\" {c}".to_owned(), Place::default()),
        };
        Loop { label: self.maybe(Self::name), head, turn: self.maybe(Self::name), body: self.block() }
    }

    fn handler(&mut self) -> Handler {
        let cause = match self.below(6) {
            0 => Cause::Timeout,
            1 => Cause::Denied,
            2 => Cause::Failed(None),
            3 => Cause::Failed(Some(self.name())),
            4 => Cause::Refused,
            _ => Cause::Cancelled,
        };
        Handler { cause, bind: self.maybe(Self::name), body: self.block(), place: Place::default() }
    }

    fn item(&mut self) -> Item {
        let (docs, name, place) = (self.docs(), self.name(), Place::default());
        let schema = |text: &str| (text.to_owned(), Place::default());
        match self.below(9) {
            0 => Item::Import(Import {
                path: "a\\b.choreo".to_owned(),
                path_place: place,
                alias: self.maybe(Self::name),
                place,
            }),
            1 => Item::Const(Const { docs, name, value: self.expr(), place }),
            2 => {
                let shape = MessageShape::Record(self.several(0, Self::field));
                Item::Message(Message { docs, name, shape, place })
            }
            3 => {
                let (file, at) = schema("m.json");
                Item::Message(Message { docs, name, shape: MessageShape::Schema(file, at), place })
            }
            4 => Item::Type(TypeAlias { docs, name, shape: TypeShape::Type(self.ty()), place }),
            5 => {
                let variant = |maker: &mut Self| Variant {
                    docs: maker.docs(),
                    name: maker.name(),
                    fields: maker.several(0, Self::field),
                    place: Place::default(),
                };
                Item::Enum(Enum { docs, name, variants: self.several(0, variant), place })
            }
            6 => Item::Effect(Effect { docs, name, operations: self.several(0, Self::operation), place }),
            _ => Item::Choreography(self.choreography(2)),
        }
    }

    fn operation(&mut self) -> Operation {
        let repetitions =
            [None, Some(Repetition::Pure), Some(Repetition::Idempotent), Some(Repetition::Once)];
        Operation {
            docs: self.docs(),
            name: self.name(),
            params: self.several(0, Self::field),
            result: self.maybe(Self::ty),
            repetition: repetitions[self.below(4) as usize],
            place: Place::default(),
        }
    }

    fn choreography(&mut self, nested: u64) -> Choreography {
        let place = Place::default();
        let inner = if nested > 0 { self.below(nested) } else { 0 };
        Choreography {
            docs: self.docs(),
            attributes: self.several(0, |maker| Attribute { name: maker.name(), value: maker.leaf(), place }),
            name: self.name(),
            params: self.several(0, |maker| Param {
                name: maker.name(),
                ty: maker.ty(),
                default: maker.maybe(Self::expr),
                at: maker.maybe(Self::role),
            }),
            returns: self.maybe(|maker| maker.several(0, Self::field)),
            roles: self.several(1, Self::role_decl),
            nested: (0..inner).map(|_| self.choreography(nested - 1)).collect(),
            body: self.block(),
            place,
        }
    }

    fn role_decl(&mut self) -> RoleDecl {
        let size = match self.below(5) {
            0 => Some(Size::Any),
            1 => Some(Size::Named(self.name())),
            2 => Some(Size::Count(self.below(9), Place::default())),
            _ => None,
        };
        // Behind a comma that may be the last, a word that begins a line and a statement is not a role.
        let mut name = self.name();
        while ["choice", "loop", "rec"].contains(&name.text.as_str()) {
            name = self.name();
        }
        RoleDecl { docs: self.docs(), name, size }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_survives_its_canonical_text(seed in any::<u64>()) {
        let mut maker = Maker { random: Random::new(seed), depth: 4 };
        let file = File { items: maker.several(1, Maker::item) };
        let parsed = Parsed { file, ..Parsed::default() };
        let once = format(&parsed);
        let again = read(&once);
        let said: Vec<_> = again.diagnostics.iter().map(|one| (&one.message, &once[..one.primary.span.start as usize])).collect();
        prop_assert!(said.is_empty(), "{said:#?}\n-- in --\n{once}");
        prop_assert!(again.file == parsed.file, "another tree:\n{once}\n-- gives --\n{}", format(&again));
        prop_assert_eq!(format(&again), once);
    }
}
