//! The room that a search takes: what is held is counted, and that states share it changes nothing of what is found.

use laban::check::search::{Cut, Found, Options, Orders, search};
use laban::check::turn::Free;
use laban::global::Sizes;
use laban::local::Amend;
use laban::machine::{Cast, Session};
use laban::pipeline::{Front, Options as Build, Root, Unread};

fn cast(text: &str) -> Cast {
    let root = Root { name: "p.choreo".to_owned(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |path| panic!("{path}: {:?}", None::<Unread>));
    let build = Build { sizes: Sizes::default(), amend: Amend::Auto };
    let built = front.build(&front.choreographies[0], &build);
    assert!(!built.programs.is_empty(), "{:?}", built.diagnostics);
    Cast::link(built.programs).unwrap()
}

fn gathering(members: usize) -> Cast {
    cast(&format!(
        "choreography P {{\n roles: M, W[{members}]\n M -> W[*]: Ask\n\
         W[*] -> M: Vote(n: Int) collect until (len(votes) >= 2) within 5s as votes\n}}\n"
    ))
}

fn found(cast: &Cast, bytes: usize) -> Found {
    let options = Options { states: 100_000, bytes, depth: 10_000, orders: Orders::Few, free: Free::ALL };
    search(cast, &options, &mut |_| {})
}

#[test]
fn states_that_share_their_room_are_the_same_states() {
    let cast = gathering(3);
    // So much that nothing is shared, and so little that almost everything is.
    let (whole, shared) = (found(&cast, 1 << 34), found(&cast, 1 << 22));
    assert_eq!((whole.cut, shared.cut), (None, None));
    assert!(whole.states() > 200);
    assert_eq!(whole.states(), shared.states());
    assert_eq!(whole.moves(), shared.moves());
    assert_eq!((whole.ends, whole.depth), (shared.ends, shared.depth));
    assert_eq!(whole.reached, shared.reached);
}

#[test]
fn what_a_session_carries_is_counted() {
    let items = (0..5_000).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let cast = cast(&format!(
        "choreography P {{\n roles: A, B\n A -> B: Numbers(all: List<Int>) with {{ all: [{items}] }}\n B -> A: Thanks\n}}\n"
    ));
    assert_eq!(found(&cast, 1 << 20).cut, None);
    // The message alone is heavier.
    assert_eq!(found(&cast, 100_000).cut, Some(Cut::Bytes));
}

#[test]
fn states_take_a_small_part_of_what_their_sessions_weigh() {
    let cast = gathering(40);
    let bytes = 8 << 20;
    let found = found(&cast, bytes);
    assert_eq!(found.cut, Some(Cut::Bytes));
    assert!(found.states() > 3 * bytes / Session::new(&cast).weight(), "{}", found.states());
}
