//! Other spellings, and annotations.

use super::{becomes, says};

#[test]
fn rumpsteak_spelling() {
    becomes(
        "choreography! { #[namespace = \"chat\"] Chat {
           roles: A, B[2], C[N], D[*]
           protocol Hello { roles: A, B[2]  A -> B[0]: Hi<String>(text) }
           A[guard_capability = \"chat:send\", flow_cost = 50] -> B[1]: Msg<u32, String>;
           call Hello
           parallel { A -> C[*]: X | D[0] -> A: Y; D[1] -> A: Y2 }
           [@cost = 100, @critical] A ->* : Bye
         } }",
        "
        A -> B[1]: Msg <- ask
        A -> B[0]: Hi <- ask
        par
          lane 1:
            A -> C[0]: X
            A -> C[1]: X
            A -> C[2]: X
          lane 2:
            D[0] -> A: Y
            D[1] -> A: Y2
        A -> B[0]: Bye
        A -> B[1]: Bye
        A -> C[0]: Bye
        A -> C[1]: Bye
        A -> C[2]: Bye
        A -> D[0]: Bye
        A -> D[1]: Bye
        A -> D[2]: Bye
        ",
    );
}

#[test]
fn annotations_and_attributes() {
    says(
        "#[ammend = \"deny\"] choreography P { roles A, B
           [@colour = 3] A[guard_capability = \"send\"] -> B: M }",
        &[
            "1:3 E0135 nothing knows the attribute `ammend`",
            "2:14 E0131 nothing knows the annotation `colour`",
            "2:47 E0137 the capability `send` has no namespace",
        ],
    );
}

#[test]
fn jumps() {
    says(
        "choreography P { roles A, B
           loop (count: 3) { A -> B: M  break }
           loop L (count: 2) as i { A -> B: K  continue L }
           par { { A -> B: X  return { a: 1 } } { B -> A: Y } }
           break }",
        &[
            "2:41 E0119 `break` may not leave a counted loop",
            "4:31 E0119 `return` may not leave a branch of `par`",
            "4:31 E0127 this choreography declares no result",
            "5:12 E0110 no loop stands around this `break`",
        ],
    );
}

#[test]
fn choices() {
    says(
        "enum V { Yes, No }
         choreography P { roles A, B  A -> B: M(v: V, n: Int)
           choice at B on M.v { Yes: B -> A: Y  Nope: B -> A: N }
           choice at B on M.n { one: B -> A: O }
           choice at A { a: A -> B: C1  a: A -> B: C2 }
           choice at B { early: B -> A: E  late when (M.n > 1): B -> A: L }
           if M.n > 2 { A let k = 1 } }",
        &[
            "3:27 E0123 this choice on `M.v` misses `No`",
            "3:49 E0109 enum `V` has no variant `Nope`",
            "4:27 E0121 `on` takes an enum, and `M.n` is of type `Int`",
            "5:41 E0114 two branches are called `a`",
            "6:26 E0117 branch `early` has no `when`, and is not the last",
        ],
    );
}
