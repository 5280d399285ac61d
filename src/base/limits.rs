//! Every bound of Laban: a name, a unit, a reason. Beyond a bound there is a coded refusal, never a crash.
//!
//! Is not: a setting. What a user may change lives in `config`, and is checked against these.

/// Bytes of one source file. Larger files are refused unread: no choreography that a person wrote comes near.
pub const SOURCE_BYTES_MAX: usize = 4 << 20;
/// Depth of nested blocks, expressions and types; keeps every recursion of the front end on a small stack.
pub const NESTING_MAX: usize = 64;
/// Mistakes reported for one file; the rest would be noise.
pub const DIAGNOSTICS_MAX: usize = 100;
/// Roles of one protocol after its families are expanded.
pub const ROLES_MAX: usize = 1_024;
/// States of one global automaton, after calls are expanded in place.
pub const STATES_MAX: usize = 400_000;
/// Parts of the constants of one protocol, each counted as often as it is used.
pub const CONSTANT_PARTS_MAX: usize = 1 << 20;
/// Calls expanded in place for one protocol, nested ones included.
pub const CALLS_MAX: usize = 4_096;
/// Bytes of one configuration file or script. People write them; nothing longer is read.
pub const CONFIG_BYTES_MAX: usize = 1 << 20;
/// Values in one configuration file after its aliases are followed: a short file cannot stand for a long one.
pub const CONFIG_VALUES_MAX: usize = 100_000;
/// Entries in one session's built-in storage, over all roles.
pub const STORAGE_ENTRIES_MAX: usize = 100_000;
/// Lines kept of the built-in console; later ones are counted, not kept.
pub const CONSOLE_LINES_MAX: usize = 10_000;
/// Bytes that one call of `random.bytes` gives.
pub const RANDOM_BYTES_MAX: usize = 65_536;
/// Parts of one generated payload. Beyond it, optional parts and items are left out, then there is none.
pub const GENERATED_PARTS_MAX: usize = 10_000;
/// Bytes of one text or bytes value; what a session makes beyond it fails that session.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// Items of one list.
pub const LIST_ITEMS_MAX: usize = 1 << 16;
/// Parts of one value, counted through lists and records: a value is walked when it is shown, compared or checked.
pub const VALUE_PARTS_MAX: usize = 1 << 16;
/// Exponents of exact powers, either way: a decimal has 28 digits, so more is only work.
pub const EXPONENT_MAX: u64 = 1_024;
/// Instructions of one program; a jump's target has 32 bits, and a table is walked when it is verified.
pub const INSTRUCTIONS_MAX: usize = 1 << 20;
/// Entries of one table of a program: an operand has 16 bits, and the last number means *none*.
pub const TABLE_MAX: usize = u16::MAX as usize;
/// Slots of one role.
pub const SLOTS_MAX: usize = 16_384;
/// Bytes of one encoded program.
pub const PROGRAM_BYTES_MAX: usize = 16 << 20;
/// Messages in a mailbox for which no bound could be proved; then the sender waits.
pub const MAILBOX_UNBOUNDED: u32 = 64;
/// Messages in any mailbox: a bound that was proved and is larger holds its sender back all the same.
pub const MAILBOX_MAX: u32 = 4_096;
/// Directories inside each other that are looked into.
pub const DIRECTORY_DEPTH_MAX: usize = 64;
/// Files of one directory that are watched.
pub const DIRECTORY_FILES_MAX: usize = 100_000;
/// Events that wait for a listener; one that is slower loses some and is told so.
pub const EVENTS_WAITING: usize = 4_096;
/// Connections to the control interface at once.
pub const CONNECTIONS_MAX: usize = 1_024;
/// Requests of the control interface that are under way at once, streams of events aside.
pub const REQUESTS_MAX: usize = 512;
/// Bytes of one request's body: a protocol's source is the longest.
pub const REQUEST_BYTES_MAX: usize = SOURCE_BYTES_MAX;
/// Seconds in which a request's head has to be there.
pub const HEADER_SECONDS_MAX: u64 = 10;
/// Seconds in which the rest of a request has to be there.
pub const BODY_SECONDS_MAX: u64 = 10;
/// Seconds that a request may take.
pub const REQUEST_SECONDS_MAX: u64 = 75;
/// Seconds that a request may wait for the end of a session.
pub const WAIT_SECONDS_MAX: u64 = 60;
/// Sessions of one answer.
pub const SESSIONS_LISTED_MAX: usize = 1_000;
/// Facts of one answer.
pub const FACTS_LISTED_MAX: usize = 1_000;
/// Who may listen to events at once.
pub const LISTENERS_MAX: usize = 64;
/// Entries after which a snapshot is made, where the settings say nothing.
pub const SNAPSHOT_ENTRIES: u64 = 1_000_000;
/// Bytes of one file of a log; then another is begun.
pub const LOG_SEGMENT_BYTES: u64 = 64 << 20;
/// Entries and looks that wait for a node; then whoever wants something is told to come again.
pub const WANTS_WAITING: usize = 16_384;
/// Entries that a node takes before it passes on what came of them.
pub const WANTS_PER_BATCH: usize = 4_096;
/// Bytes of a batch after which it is passed on, and after which no more batches are joined to one.
pub const BATCH_BYTES: usize = 8 << 20;
/// Bytes of one entry; a start or an answer beyond it is refused. With what is joined to it, it is below what a log takes.
pub const ENTRY_BYTES_MAX: usize = 64 << 20;
/// Batches that wait for the disk; then the node waits.
pub const BATCHES_WAITING: usize = 4;
/// Versions of all protocols that a node keeps while they have sessions; each is a cast of its engine.
pub const VERSIONS_MAX: usize = 32_768;
/// Versions of one protocol that are kept when they are over, so that they can come back.
pub const VERSIONS_KEPT: usize = 8;
/// Sessions that are over and still known by number.
pub const SESSIONS_KEPT: usize = 10_000;
/// Steps of one session that are kept to be shown, the newest.
pub const TRAIL_STEPS_MAX: usize = 256;
/// Bytes of the reason why a session failed.
pub const REASON_BYTES_MAX: usize = 1_024;
/// Answers that a node gives itself in one entry, before it asks to be called again.
pub const INNER_PER_ENTRY: usize = 1_024;
/// Sessions of one engine.
pub const SESSIONS_MAX: usize = 4_000_000;
/// Calls of one engine that wait for their answers.
pub const CALLS_WAITING_MAX: usize = 8_000_000;
/// Casts of one engine.
pub const CASTS_MAX: usize = 65_536;
/// Paced instructions that one `handle` runs before it asks to be called again: a few milliseconds.
pub const STEPS_PER_HANDLE: u32 = 100_000;
/// Time limits that one `handle` sees to before it asks to be called again.
pub const TIMERS_PER_HANDLE: usize = 4_096;
/// Paced instructions that one agent runs before another has its turn.
pub const STEPS_PER_TURN: u32 = 1_024;
/// Sessions of one cast whose room is kept for the next ones.
pub const SPARE_SESSIONS_MAX: usize = 1_024;
/// Steps of the analysis of one program's slots, in words of 64 slots: beyond it the program is refused as too large.
pub const VERIFY_WORK_MAX: usize = 200_000_000;
/// States of one unfolding of a global automaton (a turn of a counted loop stands there twice).
pub const UNFOLDED_MAX: usize = 1_000_000;
/// Positions looked at while one protocol is judged, all roles and rounds together; a few seconds of work.
pub const JUDGE_WORK_MAX: u64 = 400_000_000;
/// Positions looked at while selections that are not needed are taken away again; then the rest stays.
pub const PRUNE_WORK_MAX: u64 = 20_000_000;
/// Scopes around a scope: the numbers of their instances travel with every message inside, in a word of four parts.
pub const SCOPES_NESTED_MAX: usize = 4;
/// Scopes of one protocol, after calls are expanded in place.
pub const SCOPES_MAX: usize = 4_096;
/// States that one exploration of a protocol knows, unless somebody allows more.
pub const EXPLORED_STATES_MAX: usize = 1_000_000;
/// Bytes that one exploration of a protocol holds, about.
pub const EXPLORED_BYTES_MAX: usize = 2 << 30;
/// States that the comparison of one version with the one before knows at deployment, all roles together: a fraction of a
/// second.
pub const COMPARED_STATES_MAX: usize = 20_000;
/// Bytes that such a comparison holds, about.
pub const COMPARED_BYTES_MAX: usize = 64 << 20;
/// Seconds that whoever deploys by hand waits for the comparisons.
pub const COMPARED_SECONDS_MAX: u64 = 10;
/// Moves in a row that one exploration of a protocol makes, unless somebody says otherwise.
pub const EXPLORED_DEPTH_MAX: u32 = 100_000;
/// What one message may cost, a budget may hold and a class of observers may see: sums of a session stay far below 64 bits.
pub const FLOW_COST_MAX: u64 = 1_000_000_000_000_000;
/// Capabilities that the profile of one protocol names: a set of them is one machine word of 128 bits.
pub const CAPABILITIES_MAX: usize = 128;
/// The newest charges that an engine keeps by row; sums are kept for all.
pub const CHARGES_KEPT: usize = 256;
/// Literal turns of a counted loop that are written out to find how long a channel can grow.
pub const TURNS_UNROLLED_MAX: i64 = 64;
/// Bytes of the name of a context, a device, a namespace or a key.
pub const NAME_BYTES_MAX: usize = 256;
/// Canonical bytes of one fact: what a message says in a fact is a summary, not its payload.
pub const FACT_BYTES_MAX: usize = 64 << 10;
/// The greatest place of a fact in its set; every number up to it is exact in JSON too.
pub const FACT_ORDER_MAX: u64 = (1 << 53) - 1;
/// Facts of one context and namespace.
pub const FACTS_MAX: usize = 1 << 20;
/// Facts that one call of `journal.query` gives: with their fields they are still a value that may be walked.
pub const FACTS_QUERIED_MAX: usize = 8_192;
/// Sets of facts of one journal: contexts times their namespaces.
pub const FACT_SETS_MAX: usize = 1 << 16;
/// Canonical bytes of all facts of one journal.
pub const JOURNAL_BYTES_MAX: usize = 256 << 20;
/// Canonical bytes of the facts of one context: a quarter of a journal, so that none fills it for the others.
pub const CONTEXT_BYTES_MAX: usize = JOURNAL_BYTES_MAX / 4;
/// Of the facts of a set, and of the bytes of a journal, the part that is kept for what opens budgets: whoever writes much
/// down must not keep budgets from being filled again.
pub const FACTS_RESERVED: usize = 1 << 16;
/// The same in bytes.
pub const JOURNAL_BYTES_RESERVED: usize = 16 << 20;
/// Rows of one kind of budget of one device: contexts times their peers.
pub const BUDGET_ROWS_MAX: usize = 1 << 20;
/// Charges of one engine that wait for their signatures; then what needs a receipt is denied. More than one
/// `handle` books, so that who takes the rows after each never meets it.
pub const DAYBOOK_ROWS_MAX: usize = 1 << 17;
/// Receipts that are signed at once: some twenty milliseconds.
pub const RECEIPT_BATCH: usize = 1_024;
/// Bytes of one receipt with its signature: names, numbers, two hashes.
pub const RECEIPT_BYTES_MAX: usize = 4 << 10;
/// How far a receipt may come behind the newest of its chain. Beyond it nobody remembers whether it is a replay.
pub const RECEIPT_WINDOW: usize = 64;
/// Chains of receipts that one receiver knows: contexts times senders times receivers.
pub const RECEIPT_CHAINS_MAX: usize = 1 << 14;
/// Times that a profile may have a denied message offered again: with a wait that doubles, nobody lives to see the last.
pub const RETRIES_MAX: u32 = 1_000;
/// Devices that pass on one message, its sender included.
pub const HOPS_MAX: usize = 8;
/// Characters of one token as text: a dozen blocks of some capabilities each.
pub const TOKEN_TEXT_MAX: usize = 32 << 10;
/// Blocks of one token: how often it was narrowed, and its beginning.
pub const TOKEN_BLOCKS_MAX: usize = 32;
/// Facts that the evaluation of one token may know: its rights and the few words of the question.
pub const TOKEN_FACTS_MAX: u64 = 1_024;
/// Rounds of rules of one such evaluation; tokens that are made here have no rules at all.
pub const TOKEN_ROUNDS_MAX: u64 = 32;
/// Milliseconds of one such evaluation. Facts and rounds bound it before; this is for text of strangers that is slow to match.
pub const TOKEN_TIME_MS_MAX: u64 = 1_000;
/// Evaluated sets of capabilities that a wallet remembers; then it begins again.
pub const TOKEN_SETS_MAX: usize = 4_096;
/// Bytes of one message of a handler, whichever way it comes: a text of the greatest length, every character escaped.
pub const HANDLER_MESSAGE_BYTES_MAX: usize = 8 << 20;
/// Bytes of one line that a handler's process logs; the rest of it is left out.
pub const HANDLER_LOG_BYTES_MAX: usize = 4 << 10;
/// Calls to one handler that are under way or wait for room. Beyond it they are refused with a code.
pub const HANDLER_CALLS_MAX: usize = 16_384;
/// Calls to one handler at once, where its bindings say nothing.
pub const HANDLER_CONCURRENCY: u32 = 64;
/// Milliseconds that an answer may take, where the bindings say nothing.
pub const HANDLER_DEADLINE_MS: u64 = 30_000;
/// Messages in a row that are no answer to anything: then a handler's process is started anew, or its socket closed.
pub const HANDLER_GARBAGE_MAX: u32 = 100;
/// Milliseconds before a process that has ended is started again; they double each time.
pub const HANDLER_RESTART_MS: u64 = 100;
/// Milliseconds before such a start, at most.
pub const HANDLER_RESTART_MS_MAX: u64 = 30_000;
/// Milliseconds after which a process that ends counts as one that worked: its waits begin anew.
pub const HANDLER_LIVED_MS: u64 = 10_000;
/// Milliseconds that a process has to end by itself when its input is closed; then it is killed.
pub const HANDLER_STOP_MS: u64 = 3_000;
/// Milliseconds that a connection to an HTTP service may take to come about.
pub const HANDLER_CONNECT_MS: u64 = 10_000;
/// Milliseconds that a service which connects has to say its token.
pub const HANDLER_GREETING_MS: u64 = 10_000;
/// Milliseconds between two pings of a service that is connected.
pub const HANDLER_PING_MS: u64 = 15_000;
/// Milliseconds in which nothing comes from a service: then it is gone.
pub const HANDLER_SILENCE_MS: u64 = 45_000;
/// Services that are connected at once.
pub const HANDLER_SOCKETS_MAX: usize = 1_024;
/// Handlers that one service offers.
pub const HANDLER_OFFERS_MAX: usize = 64;
/// Operations that one service or process declares for one handler.
pub const HANDLER_OPERATIONS_MAX: usize = 1_024;
/// Characters of what a handler says of its failure.
pub const HANDLER_REASON_CHARS_MAX: usize = 200;
/// Bytes of a file that holds a secret to be sent.
pub const SECRET_BYTES_MAX: usize = 8 << 10;
