//! The table of opcodes: name, operands, where control goes, a sentence. Encoder, decoder, verifier, disassembler and
//! the page in the docs are made from it.
//!
//! A row reads `Name "mnemonic" [operands] Flow Pace "sentence"`. An opcode's number is its row; new rows go to the
//! end, because programs that are stored carry the numbers.
//! Is not: execution; that is `machine`, one arm for each row.

/// What an operand is. Slots come in kinds, which are the effect on slots.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operand {
    /// Unused; encoded as 0.
    Nothing,
    /// A slot that is read.
    Get,
    /// A slot that is read, and holds nothing afterwards.
    Take,
    /// A slot that is written.
    Set,
    /// A slot that is read and written.
    Edit,
    /// The first of as many slots as the third operand says; they hold nothing afterwards.
    Run,
    /// The first of as many slots as the shape in the third operand has fields; they hold nothing afterwards.
    Fields,
    /// The first of as many slots as the operation in the first operand has arguments; they hold nothing afterwards.
    Arguments,
    /// A number.
    Count,
    /// A constant.
    Constant,
    /// A constant that is a text.
    Name,
    /// A shape.
    Shape,
    /// A message.
    Message,
    /// An outgoing channel.
    Channel,
    /// A table of what may arrive.
    Receive,
    /// A choice.
    Decision,
    /// A label of the choice in the first operand.
    Label,
    /// An operation of an effect.
    Operation,
    /// A constant, wide.
    WideConstant,
    /// An instruction, wide.
    Jump,
    /// A table of branches, wide: one for each label of the choice in the first operand.
    Branches,
    /// A table of threads, wide.
    Fork,
    /// A scope.
    Scope,
}

/// Where control goes after an instruction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Flow {
    /// To the next instruction.
    Next,
    /// To the wide operand.
    Jump,
    /// To the next instruction or to the wide operand.
    Branch,
    /// To the next instruction or to the one after it.
    Skip,
    /// Where the table in an operand says.
    Table,
    /// To the next instruction, when all threads of the table have joined.
    Fork,
    /// To the next instruction, into a scope; from inside also to the scope's exit and handlers.
    Enter,
    /// Nowhere: the thread ends.
    Halt,
}

/// Whether a loop through the instruction gives others their turn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pace {
    /// It does not: a loop of such instructions alone is refused.
    Free,
    /// It does: the instruction is counted against the budget of a step.
    Paced,
}

macro_rules! ops {
    ($($name:ident $text:literal [$a:ident $b:ident $c:ident] $flow:ident $pace:ident $doc:literal)+) => {
        /// An opcode.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = $doc] $name,)+
        }

        impl Op {
            /// Every opcode; an opcode's number is its place.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The opcode as it is written.
            #[must_use]
            pub const fn mnemonic(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What it does, in a sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $doc,)+ }
            }

            /// Its operands `a`, `b` and `c`; a wide one stands in the place of `b`.
            #[must_use]
            pub const fn operands(self) -> [Operand; 3] {
                match self { $(Self::$name => [Operand::$a, Operand::$b, Operand::$c],)+ }
            }

            /// Where control goes.
            #[must_use]
            pub const fn flow(self) -> Flow {
                match self { $(Self::$name => Flow::$flow,)+ }
            }

            /// Whether a loop through it gives others their turn.
            #[must_use]
            pub const fn pace(self) -> Pace {
                match self { $(Self::$name => Pace::$pace,)+ }
            }
        }
    };
}

ops! {
    End       "end"        [Nothing Nothing Nothing]        Halt   Free  "The role is done."
    Send      "send"       [Channel Message Get]            Next   Paced "Sends what the slot holds, once it is cleared; waits for room."
    SendTake  "send.take"  [Channel Message Take]           Next   Paced "Sends what the slot holds and empties it, once it is cleared; waits for room."
    SendConst "send.const" [Channel Message Constant]       Next   Paced "Sends the constant, once it is cleared; waits for room."
    Select    "select"     [Channel Message Nothing]        Next   Paced "Sends the selection, once it is cleared; waits for room."
    Receive   "receive"    [Receive Nothing Nothing]        Table  Paced "Waits for one of the messages in the table, binds it and goes where the table says."
    Produce   "produce"    [Channel Message Set]            Next   Paced "Asks the participant for the payload of the message."
    Decide    "decide"     [Decision Branches Nothing]      Table  Paced "Asks the participant for a label and goes where the table says."
    Perform   "perform"    [Operation Arguments Set]        Next   Paced "Calls the operation with the arguments and keeps its outcome."
    Decided   "decided"    [Decision Label Nothing]         Next   Free  "Tells that a condition has decided for the label."
    NoBranch  "no_branch"  [Decision Nothing Nothing]       Halt   Free  "Fails the session: no condition of the choice holds."
    Fail      "fail"       [Name Nothing Nothing]           Halt   Paced "Fails the session with the cause."
    FailWith  "fail.with"  [Name Take Nothing]              Halt   Paced "Fails the session with the cause, which carries what the slot holds."
    Fork      "fork"       [Nothing Fork Nothing]           Fork   Paced "Starts the threads of the table and goes on when all have joined."
    Join      "join"       [Nothing Nothing Nothing]        Halt   Free  "Ends a thread."
    Jump      "jump"       [Nothing Jump Nothing]           Jump   Free  "Goes to the instruction."
    JumpIf    "jump.if"    [Get Jump Nothing]               Branch Free  "Goes to the instruction if the slot holds true."
    JumpUnless "jump.unless" [Get Jump Nothing]             Branch Free  "Goes to the instruction if the slot holds false."
    JumpSome  "jump.some"  [Get Jump Nothing]               Branch Free  "Goes to the instruction unless the slot holds none."
    Count     "count"      [Set Get Nothing]                Next   Free  "Keeps how many turns a loop has: a whole number, not negative."
    Turn      "turn"       [Edit Get Nothing]               Skip   Paced "Adds one turn and skips an instruction, unless there were as many as the second slot says."
    Next      "next"       [Set Get Edit]                   Skip   Paced "Takes the list's item at the index, adds one to the index and skips an instruction, unless the list is at its end."
    Const     "const"      [Set WideConstant Nothing]       Next   Free  "Keeps the constant."
    Copy      "copy"       [Set Get Nothing]                Next   Free  "Keeps what the other slot holds."
    Move      "move"       [Set Take Nothing]               Next   Free  "Keeps what the other slot holds and empties it."
    Negate    "negate"     [Set Get Nothing]                Next   Free  "Keeps the negative of a number or a span."
    Not       "not"        [Set Get Nothing]                Next   Free  "Keeps the opposite of a truth value."
    Add       "add"        [Set Get Get]                    Next   Free  "Keeps the sum of numbers or spans, or two texts or lists joined."
    Subtract  "subtract"   [Set Get Get]                    Next   Free  "Keeps the difference."
    Multiply  "multiply"   [Set Get Get]                    Next   Free  "Keeps the product."
    Divide    "divide"     [Set Get Get]                    Next   Free  "Keeps the quotient; of whole numbers the whole part."
    Remainder "remainder"  [Set Get Get]                    Next   Free  "Keeps the remainder, with the sign of the dividend."
    Power     "power"      [Set Get Get]                    Next   Free  "Keeps the power."
    Equal     "equal"      [Set Get Get]                    Next   Free  "Keeps whether both are equal."
    Unequal   "unequal"    [Set Get Get]                    Next   Free  "Keeps whether both differ."
    Less      "less"       [Set Get Get]                    Next   Free  "Keeps whether the first is less."
    LessEqual "less_equal" [Set Get Get]                    Next   Free  "Keeps whether the first is less or equal."
    In        "in"         [Set Get Get]                    Next   Free  "Keeps whether a list holds the item, a record the name, a text the part."
    Text      "text"       [Set Run Count]                  Next   Free  "Shows the values and joins them to a text."
    List      "list"       [Set Run Count]                  Next   Free  "Makes a list of the values."
    Record    "record"     [Set Fields Shape]               Next   Free  "Makes a record of the values, in the order of the shape's names."
    Merge     "merge"      [Set Get Get]                    Next   Free  "Joins two records; the fields of the second one stand."
    Variant   "variant"    [Set Get Name]                   Next   Free  "Makes a variant of an enum with the fields of the record."
    Field     "field"      [Set Get Name]                   Next   Free  "Keeps a field of a record or variant."
    Index     "index"      [Set Get Get]                    Next   Free  "Keeps the item of a list by number, or of a record by name."
    Is        "is"         [Set Get Name]                   Next   Free  "Keeps whether the value is this variant."
    FieldsOf  "fields_of"  [Set Get Nothing]                Next   Free  "Keeps the fields of a variant as a record."
    From      "from"       [Set Get Count]                  Next   Free  "Keeps the record with the number of the family's member that sent it."
    Append    "append"     [Edit Get Nothing]               Next   Free  "Adds the item to the end of the list."
    Sum       "sum"        [Set Get Nothing]                Next   Paced "Keeps the sum of a list; 0 of an empty one."
    Min       "min"        [Set Get Nothing]                Next   Paced "Keeps the least item of a list; none of an empty one."
    Max       "max"        [Set Get Nothing]                Next   Paced "Keeps the greatest item of a list; none of an empty one."
    Len       "len"        [Set Get Nothing]                Next   Free  "Keeps how many items, characters, bytes or fields there are."
    First     "first"      [Set Get Nothing]                Next   Free  "Keeps the first item of a list, or none."
    Last      "last"       [Set Get Nothing]                Next   Free  "Keeps the last item of a list, or none."
    Enter     "enter"      [Scope Nothing Nothing]          Enter  Paced "Begins an instance of the scope."
    EnterFor  "enter.for"  [Scope Get Nothing]              Enter  Paced "Begins an instance of the scope, whose time is up after the span in the slot."
    Leave     "leave"      [Scope Nothing Nothing]          Next   Free  "Ends the instance of the scope; what is still under way inside is dropped."
    Gather    "gather"     [Scope Set Edit]                 Skip   Paced "Takes what a member has sent, marks it in the list of members and skips an instruction; unless all are heard of, or time is up."
    Pending   "pending"    [Set Get Count]                  Next   Free  "Keeps whether nothing is known of a member, by the list of members and its place."
    Missing   "missing"    [Scope Set Get]                  Next   Free  "Keeps who has not come, and why, by the list of members."
    Stay      "stay"       [Nothing Nothing Nothing]        Halt   Paced "Waits for the end of a scope or of the session: there is no other way on."
}

impl Op {
    /// The opcode with this number.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}
