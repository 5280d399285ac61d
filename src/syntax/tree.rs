//! The tree of a file: one type per production of the grammar, in the canonical form.
//!
//! Variants of spelling (the `choreography!` wrapper, `Option<T>`, `&&`, a branch without braces) are gone here;
//! relays, `<->`, `->*` and `sub_protocol` are kept, because their meaning needs names.
//! Equality ignores places, so that `parse(format(tree)) == tree` is one line.
//! Is not: resolved. Names are text; `global` says what they stand for.

use crate::diag::source::Span;

/// Where a node stands. All places are equal, so equality of trees ignores them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place(pub Span);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

/// A name as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The text.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// `alias::Name` or `Name`: one segment or more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// At least one.
    pub segments: Vec<Name>,
    /// The whole path.
    pub place: Place,
}

/// The lines of `///` before a node, without the slashes and one space after them.
pub type Docs = Vec<String>;

/// A file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct File {
    /// In order.
    pub items: Vec<Item>,
}

/// A declaration at the top of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each variant is named as its production, whose type says what it is")]
pub enum Item {
    Import(Import),
    Const(Const),
    Message(Message),
    Type(TypeAlias),
    Enum(Enum),
    Effect(Effect),
    Choreography(Choreography),
}

/// `import "path" as alias`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import {
    /// The path as written, relative to the importing file.
    pub path: String,
    /// Where the path stands.
    pub path_place: Place,
    /// The alias; without one, the file's stem.
    pub alias: Option<Name>,
    /// The whole declaration.
    pub place: Place,
}

/// `const NAME = expr`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Const {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// The whole declaration.
    pub place: Place,
}

/// `message NAME { … }` or `message NAME = schema "file"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// Its fields.
    pub shape: MessageShape,
    /// The whole declaration.
    pub place: Place,
}

/// Where a message or type gets its shape from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MessageShape {
    /// Fields.
    Record(Vec<Field>),
    /// A JSON Schema under `schemas/`.
    Schema(String, Place),
}

/// `type NAME = T` or `type NAME = schema "file"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeAlias {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub shape: TypeShape,
    /// The whole declaration.
    pub place: Place,
}

/// The right side of a `type`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TypeShape {
    /// A type.
    Type(TypeRef),
    /// A JSON Schema under `schemas/`.
    Schema(String, Place),
}

/// `enum NAME { A, B { x: Int } }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enum {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// Its variants.
    pub variants: Vec<Variant>,
    /// The whole declaration.
    pub place: Place,
}

/// A variant of an enum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variant {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// Its fields, none where it has no braces.
    pub fields: Vec<Field>,
    /// With its fields.
    pub place: Place,
}

/// `effect NAME { op(x: Int) -> T : pure }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Effect {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// Its operations.
    pub operations: Vec<Operation>,
    /// The whole declaration.
    pub place: Place,
}

/// An operation of an effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// What it takes.
    pub params: Vec<Field>,
    /// What it gives, if anything.
    pub result: Option<TypeRef>,
    /// What may be done with a call whose outcome was lost.
    pub repetition: Option<Repetition>,
    /// The whole operation.
    pub place: Place,
}

/// What may be done with a call whose outcome was lost.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Repetition {
    /// May be cached and run again.
    Pure,
    /// May be issued again with the same key.
    Idempotent,
    /// Never issued again.
    Once,
}

/// `name?: T = literal`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// Whether `?` stands behind the name.
    pub optional: bool,
    /// Its type; absent where a message's first use only names its fields.
    pub ty: Option<TypeRef>,
    /// Its default.
    pub default: Option<Expr>,
}

/// A type as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeRef {
    /// What it says.
    pub kind: TypeKind,
    /// Where.
    pub place: Place,
}

/// What a type says. Built-in types are names here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TypeKind {
    /// `Int`, `path::Name`, `List<T>`, `Map<String, T>`; `Vec<T>` is written `List<T>`.
    Named(Path, Vec<TypeRef>),
    /// `T?`, also written `Option<T>`.
    Optional(Box<TypeRef>),
    /// `{ a: T }`
    Record(Vec<Field>),
}

/// `#[name = literal]`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// The whole attribute.
    pub place: Place,
}

/// A choreography: at the top of a file, or nested in another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choreography {
    /// What documents it.
    pub docs: Docs,
    /// `#[…]` before it.
    pub attributes: Vec<Attribute>,
    /// Its name.
    pub name: Name,
    /// What a session is given at its start.
    pub params: Vec<Param>,
    /// What it gives back, if anything.
    pub returns: Option<Vec<Field>>,
    /// Its roles, at least one in a tree without diagnostics.
    pub roles: Vec<RoleDecl>,
    /// Choreographies declared inside.
    pub nested: Vec<Choreography>,
    /// What happens.
    pub body: Block,
    /// From its first keyword to its closing brace.
    pub place: Place,
}

/// `name: T = literal at ROLE`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeRef,
    /// Its default.
    pub default: Option<Expr>,
    /// The only role that knows it; all do where none is named.
    pub at: Option<RoleRef>,
}

/// A role, or a family of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleDecl {
    /// What documents it.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// How many, if it is a family.
    pub size: Option<Size>,
}

/// The size of a family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Size {
    /// `[3]`
    Count(u64, Place),
    /// `[N]`
    Named(Name),
    /// `[*]`
    Any,
}

/// Statements in a row.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Block {
    /// In order.
    pub stmts: Vec<Stmt>,
    /// From brace to brace, or over the statements where there are none.
    pub place: Place,
}

/// A statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stmt {
    /// What documents it.
    pub docs: Docs,
    /// `[@…]` before it.
    pub annotations: Vec<Annotation>,
    /// What it does.
    pub kind: StmtKind,
    /// The whole statement.
    pub place: Place,
}

/// `@name = value`, or `name = value` in a guard annotation `R[name = value]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Annotation {
    /// Its name.
    pub name: Name,
    /// Its value; true where none is given.
    pub value: Option<Expr>,
}

/// What a statement does.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "statements are made once and then read; boxes would only cost"
)]
#[expect(missing_docs, reason = "each variant is named as its production, whose type says what it is")]
pub enum StmtKind {
    Exchange(Box<Exchange>),
    Relay(Relay),
    Does(Does),
    Let(Let),
    Choice(Choice),
    If(If),
    Loop(Loop),
    Rec(Rec),
    Continue(Option<Name>),
    Break(Option<Name>),
    For(For),
    Par(Par),
    Call(Call),
    Sub(Sub),
    Try(Try),
    Fail(Fail),
    Return(Expr),
}

/// A role, one member of a family, or several: `R`, `R[i]`, `R[*]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleRef {
    /// The role or family.
    pub name: Name,
    /// Which members.
    pub selector: Option<Selector>,
    /// `R[@…]` and guard annotations behind it.
    pub annotations: Vec<Annotation>,
    /// With its selector, without annotations.
    pub place: Place,
}

/// Which members of a family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// `[*]`
    All,
    /// `[e]`; a name that nothing binds stands for each member in turn.
    Index(Expr),
    /// `[a..b]`, half open.
    Range(Expr, Expr),
    /// `[in e]`
    In(Expr),
}

/// `A -> B, C: M(…) with { … } collect …`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// Who sends.
    pub from: RoleRef,
    /// Who receives.
    pub to: Receivers,
    /// What.
    pub message: Path,
    /// The fields it is given here.
    pub declares: Option<Declares>,
    /// Its payload: a record expression.
    pub with: Option<Expr>,
    /// Taking them in the order of arrival.
    pub collect: Option<Collect>,
}

/// Who receives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Receivers {
    /// These.
    Listed(Vec<RoleRef>),
    /// `->*`: everybody else.
    Others,
}

/// The fields that an exchange gives its message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Declares {
    /// `(a: T, b)`
    Fields(Vec<Field>),
    /// `<T, U>`, or `<T, U>(a, b)` with names for them.
    Types(Vec<TypeRef>, Vec<Name>),
    /// `of path`
    Of(Path),
}

/// `collect until (e) within d as x`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collect {
    /// When it is enough.
    pub until: Option<Expr>,
    /// How long.
    pub within: Option<Expr>,
    /// What the list is called.
    pub bind: Option<Name>,
    /// The whole clause.
    pub place: Place,
}

/// `A -> B -> C: M` (three or more hops' ends), or `A <-> B: M` (which is `A -> B -> A`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relay {
    /// In order, at least two.
    pub hops: Vec<RoleRef>,
    /// Whether it was written `<->`, with exactly two hops.
    pub swap: bool,
    /// What is passed on; without it, each hop is a message of its own.
    pub message: Option<Path>,
    /// The fields it is given here.
    pub declares: Option<Declares>,
}

/// `R does effect.op(args) as x`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Does {
    /// Who.
    pub role: RoleRef,
    /// Which effect, and which operation of it.
    pub effect: Name,
    /// The operation.
    pub operation: Name,
    /// With what.
    pub args: Vec<Arg>,
    /// What the outcome is called.
    pub bind: Option<Name>,
}

/// An argument, perhaps named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arg {
    /// Its name.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

/// `R let x = e`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Let {
    /// Who.
    pub role: RoleRef,
    /// The name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `choice at R on e within d { … }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// Who decides.
    pub owner: RoleRef,
    /// The enum value whose variant decides.
    pub on: Option<Expr>,
    /// How long the decision may take, and who waits.
    pub within: Option<(Expr, Option<RoleRef>)>,
    /// What may be chosen.
    pub branches: Vec<Branch>,
}

/// `label as x when (e): { … }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// What documents it.
    pub docs: Docs,
    /// Its label.
    pub label: Name,
    /// What the variant's fields are called.
    pub bind: Option<Name>,
    /// When it is taken.
    pub when: Option<Expr>,
    /// What happens.
    pub body: Block,
}

/// `if e at R { … } else { … }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// Who decides; the sender of the block's first exchange where none is named.
    pub at: Option<RoleRef>,
    /// When it is true.
    pub then: Block,
    /// When it is false; `else if` is a block with one `if`.
    pub otherwise: Option<Block>,
}

/// `loop L (…) as n { … }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loop {
    /// What `break` and `continue` call it.
    pub label: Option<Name>,
    /// What ends it.
    pub head: LoopHead,
    /// What the turn is called, from 1.
    pub turn: Option<Name>,
    /// One turn.
    pub body: Block,
}

/// What ends a loop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoopHead {
    /// `break`.
    Bare,
    /// `(count: e)`: so many turns; every role counts.
    Count(Expr),
    /// `(max: e)`: `break`, and at most so many turns.
    Max(Expr),
    /// `(decides: R)`: R, asked at each turn.
    Decides(RoleRef),
    /// `(while: e at R)`: R's condition at each turn.
    While(Expr, Option<RoleRef>),
    /// `(custom: "text")`: a condition, asked for by its text if nothing defines its names.
    Custom(String, Place),
}

/// `rec L { … }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rec {
    /// What `continue` calls it.
    pub label: Name,
    /// What happens.
    pub body: Block,
}

/// `par for i in W[…] { … }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct For {
    /// Side by side, each member in a lane, rather than one after another.
    pub par: bool,
    /// What the member's index is called.
    pub index: Name,
    /// Whose members.
    pub family: RoleRef,
    /// What each does.
    pub body: Block,
}

/// `par { { … } { … } }`
#[derive(Clone, Debug)]
pub struct Par {
    /// What happens at the same time.
    pub branches: Vec<Block>,
    /// Whether a bare exchange stood as a branch, which earns a warning. A matter of spelling: equality ignores it.
    pub bare: bool,
}

impl PartialEq for Par {
    fn eq(&self, other: &Self) -> bool {
        self.branches == other.branches
    }
}

impl Eq for Par {}

/// `call path(A = B; x = e) as y`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// What is run.
    pub path: Path,
    /// Its role, and who plays it; roles not named are played by those of the same name.
    pub roles: Vec<(Name, RoleRef)>,
    /// Its parameters.
    pub args: Vec<(Name, Expr)>,
    /// What the result is called.
    pub bind: Option<Name>,
}

/// `sub_protocol NAME { … }`: declared and run here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sub {
    /// Its name.
    pub name: Name,
    /// What happens.
    pub body: Block,
}

/// `try at R within d { … } on cause { … }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Try {
    /// Who decides.
    pub owner: RoleRef,
    /// How long.
    pub within: Option<Expr>,
    /// What is tried.
    pub body: Block,
    /// What happens instead.
    pub handlers: Vec<Handler>,
}

/// `on cause as x { … }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handler {
    /// What it is for.
    pub cause: Cause,
    /// What the cause carried is called.
    pub bind: Option<Name>,
    /// What happens.
    pub body: Block,
    /// From `on` to the closing brace.
    pub place: Place,
}

/// Why a scope ended early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The owner's time is up.
    Timeout,
    /// A guard refused a send.
    Denied,
    /// An effect, a participant or a `fail` of this name failed; any, where none is named.
    Failed(Option<Name>),
    /// An `observe` refused a payload.
    Refused,
    /// From outside.
    Cancelled,
}

/// `fail name with { … } at R`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fail {
    /// What is raised.
    pub name: Name,
    /// What it carries.
    pub with: Option<Expr>,
    /// Who raises it.
    pub at: RoleRef,
}

/// An expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// Where.
    pub place: Place,
}

/// What an expression computes.
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// Text with holes, in order; adjacent `Str` parts do not occur.
    Text(Vec<TextPart>),
    /// A whole number.
    Int(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// A span of time, in nanoseconds.
    Duration(u64),
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: e, b, ..c }`
    Record(Vec<Entry>),
    /// A name.
    Name(Name),
    /// `Enum::Variant { … }`, or `alias::CONST`; at least two segments.
    Variant(Path, Option<Vec<Entry>>),
    /// `a.b`
    Field(Box<Expr>, Name),
    /// `a[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `-a`, `not a`
    Unary(Unary, Box<Expr>),
    /// `a + b`
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `if c then a else b`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `count(xs)`, or `xs.map(x => e)`, whose first argument is then `xs` and whose second the lambda.
    Apply(Name, Vec<Expr>, Spelling),
    /// `x => e`, as an argument of an `Apply` only.
    Lambda(Name, Box<Expr>),
}

impl Eq for ExprKind {}

/// How a function was written; both mean the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spelling {
    /// `count(xs)`
    Function,
    /// `xs.map(x => e)`
    Method,
}

/// A part of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TextPart {
    /// These characters, escapes resolved.
    Str(String),
    /// `{e}`
    Hole(Expr),
}

/// An entry of a record expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// `a: e`
    Field(Name, Expr),
    /// `a`, short for `a: a`
    Short(Name),
    /// `..e`
    Spread(Expr),
}

/// An operator before its operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unary {
    /// `-`
    Negate,
    /// `not`, also written `!`
    Not,
}

/// An operator between its operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the operators are named as everywhere")]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    And,
    Or,
    /// `??`: the left side unless it is none.
    Otherwise,
}
