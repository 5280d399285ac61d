//! The texts that are checked: protocols of the library, and rows of exchanges as long as wanted.
//!
//! Out: `.choreo` text. Is not: a measure.

use std::fmt::Write;

/// The load balancer of the library.
pub(crate) const LOAD_BALANCER: &str = include_str!("../../protocols/load_balancer.choreo");
/// The logging protocol of the library.
pub(crate) const LOGGING: &str = include_str!("../../protocols/logging.choreo");
/// The ring election of the library.
pub(crate) const RING: &str = include_str!("../../protocols/ring_election.choreo");
/// The double buffering of the library.
pub(crate) const DOUBLE_BUFFERING: &str = include_str!("../../protocols/double_buffering.choreo");

/// A load balancer whose workers write to a log, which must be told of every turn: a selection for each worker.
pub(crate) const LOGGED: &str = "choreography Logged {
    roles Client, Balancer, Log, Worker[N]

    Balancer let next = 0
    loop (decides: Client) {
        Client -> Balancer: Request
        Balancer -> Worker[next]: Job
        Worker[next] -> Balancer: Result
        Worker[next] -> Log: Entry
        Balancer -> Client: Answer
        Balancer let next = (next + 1) % N
    }
    Client -> Balancer: Stop
    Balancer -> Worker[*]: Stop
}
";

/// Every member at the same time.
pub(crate) const SIDE_BY_SIDE: &str = "choreography SideBySide {
    roles Master, Worker[N]

    par for i in Worker {
        Master -> Worker[i]: Task
        Worker[i] -> Master: Result
    }
    Master -> Worker[*]: Thanks
}
";

/// So many exchanges in a row between so many roles.
pub(crate) fn row(roles: usize, exchanges: usize) -> String {
    let names: Vec<String> = (0..roles).map(|at| format!("R{at}")).collect();
    let mut text = format!("choreography Row {{\n    roles {}\n\n", names.join(", "));
    for at in 0..exchanges {
        let from = (at * 7) % roles;
        let to = (from + 1 + at % (roles - 1)) % roles;
        let _ = writeln!(text, "    R{from} -> R{to}: M{}", at % 50);
    }
    text.push_str("}\n");
    text
}
