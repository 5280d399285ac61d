//! What statements become.

use super::becomes;

#[test]
fn with_is_judged_and_filled() {
    becomes(
        "message M { a: Int, b?: String, c: Int = 7 }
         choreography P { roles A, B  A -> B: M with { a: 1 }  B let x = M.a + M.c  B -> A: R(y: Int) with { y: x } }",
        "
        A -> B: M <- {a: 1, b: none, c: 7}
        B let x = (M.a + M.c)
        B -> A: R <- {y: x}
        ",
    );
}

#[test]
fn a_family_gathers_a_list_only_where_it_is_used() {
    becomes(
        "choreography P { roles M, W[2]  M -> W[*]: Job  W[*] -> M: Done(ok: Bool) }",
        "
        M -> W[0]: Job
        M -> W[1]: Job
        W[0] -> M: Done <- ask
        W[1] -> M: Done <- ask
        ",
    );
    becomes(
        "choreography P { roles M, W[2]  W[*] -> M: Done(ok: Bool)
           M let n = count(Done, d => d.ok)  M -> W[Done[0].from]: Prize }",
        "
        W[0] -> M: Done <- ask
        M let Done$list = append([], from(Done, 0))
        W[1] -> M: Done <- ask
        M let Done$list = append(Done$list, from(Done, 1))
        M let Done = Done$list
        M let n = count(Done, d => d.ok)
        choice W[Done[0].from] at M
          W[0] when (Done[0].from == 0):
            M -> W[0]: Prize
          W[1] when (Done[0].from == 1):
            M -> W[1]: Prize
        ",
    );
}

#[test]
fn index_names_without_a_binder_form_one_for() {
    becomes(
        "choreography P { roles M, W[2]  M -> W[i]: Job  W[i] -> M: Done  M -> W[*]: Bye }",
        "
        M -> W[0]: Job
        W[0] -> M: Done
        M -> W[1]: Job
        W[1] -> M: Done
        M -> W[0]: Bye
        M -> W[1]: Bye
        ",
    );
    becomes(
        "choreography Ring { roles W[3]  for i in W { if i < 2 { W[i] -> W[i + 1]: Token } }  W[i] -> W[*]: All }",
        "
        W[0] -> W[1]: Token
        W[1] -> W[2]: Token
        W[0] -> W[1]: All
        W[0] -> W[2]: All
        W[1] -> W[0]: All
        W[1] -> W[2]: All
        W[2] -> W[0]: All
        W[2] -> W[1]: All
        ",
    );
}

#[test]
fn members_in_a_list() {
    becomes(
        "choreography P { roles M, W[2]  M let chosen = [1]  M -> W[in chosen]: Job }",
        "
        M let chosen = [1]
        choice 0 in chosen at M
          yes when (0 in chosen):
            M -> W[0]: Job
          no:
        choice 1 in chosen at M
          yes when (1 in chosen):
            M -> W[1]: Job
          no:
        ",
    );
}

#[test]
fn loops_of_every_kind() {
    becomes(
        "choreography P { roles A, B
           loop { A -> B: M  choice A { go: A -> B: Go  stop: { A -> B: Stop  break } } }
           loop (decides: B) { B -> A: N } loop (count: 2) as n { A -> B: K(n: Int) with { n } } }",
        "
        L1:
          A -> B: M
          choice A#1 at A
            go <- ask:
              A -> B: Go
            stop <- ask:
              A -> B: Stop
              break L1
          continue L1
        L2:
          choice B#1 at B
            again <- ask:
              B -> A: N
              continue L2
            done <- ask:
        count 2 as n
          A -> B: K <- {n: n}
        ",
    );
    becomes(
        "choreography P { roles A, B  loop (max: 2) as n { A -> B: M(n: Int) with { n }  choice at B { ok: { B -> A: Ok break } no: B -> A: No } } }",
        "
        A let n = 0
        A let turn$0 = 0
        L1:
          A let n = (n + 1)
          A let turn$0 = (turn$0 + 1)
          choice turn > 2 at A
            exhausted when (turn$0 > 2):
              A fail exhausted
            next:
              A -> B: M <- {n: n}
              choice B#1 at B
                ok <- ask:
                  B -> A: Ok
                  break L1
                no <- ask:
                  B -> A: No
              continue L1
        ",
    );
    becomes(
        "choreography P { roles A, B  A let n = 3  loop (while: n > 0) { A -> B: M  A let n = n - 1 } rec L { A -> B: X  if n > 5 at A { A -> B: Y  continue L } } }",
        "
        A let n = 3
        L1:
          choice n > 0 at A
            again when (n > 0):
              A -> B: M
              A let n = (n - 1)
              continue L1
            done:
        L2:
          A -> B: X
          choice n > 5 at A
            yes when (n > 5):
              A -> B: Y
              continue L2
            no:
        ",
    );
}

#[test]
fn calls_are_expanded() {
    becomes(
        "choreography Main { roles A, B  call Ask(X = A, Y = B; q = 7) as r  A let z = r.answer  call Ask(X = B, Y = A; q = 1) }
         choreography Ask(q: Int) returns { answer: Int } { roles X, Y
           X -> Y: Q(q: Int) with { q }  Y -> X: R(n: Int)  return { answer: R.n } }",
        "
        L1:
          A let q = 7
          A -> B: Q <- {q: q}
          B -> A: R <- ask
          A let r = {answer: R.n}
          break L1
        A let z = r.answer
        L2:
          B let q = 1
          B -> A: Q <- {q: q}
          A -> B: R <- ask
          break L2
        ",
    );
}

#[test]
fn a_call_at_its_own_end_is_a_loop() {
    becomes(
        "choreography Ping { roles A, B  A -> B: M  call Ping(A = B, B = A) }",
        "
        L0:
          A -> B: M
          B -> A: M
          continue L0
        ",
    );
    becomes(
        "choreography Down { roles A, B  protocol Go(n: Int) { roles A, B  A -> B: M(n: Int) with { n }
           choice at A { more: { A -> B: More  call Go(; n = n - 1) } done: A -> B: Done } }
           call Go(; n = 3) }",
        "
        A let n = 3
        L1:
          A -> B: M <- {n: n}
          choice A#1 at A
            more <- ask:
              A -> B: More
              A let n$next = (n - 1)
              A let n = n$next
              continue L1
            done <- ask:
              A -> B: Done
        ",
    );
}

#[test]
fn branches_of_par_share_nothing() {
    becomes(
        "choreography P { roles A, B, C  A let n = 1
           par { { A -> B: M(n: Int) with { n }  B -> A: R(k: Int)  A let n = R.k } { A -> C: M with { n } } }
           A -> B: End(n: Int, k: Int) with { n, k: R.k } }",
        "
        A let n = 1
        par
          lane 1:
            A -> B: M <- {n: n}
            B -> A: R <- ask
            A let n = R.k
          lane 2:
            A -> C: M <- {n: n}
        A let n = n
        A let R = R
        A -> B: End <- {k: R.k, n: n}
        ",
    );
    becomes(
        "choreography P { roles M, W[2]  par for i in W { M -> W[i]: Job  W[i] -> M: Done } }",
        "
        par
          lane 1:
            M -> W[0]: Job
            W[0] -> M: Done
          lane 2:
            M -> W[1]: Job
            W[1] -> M: Done
        ",
    );
}

#[test]
fn choices_by_condition_and_by_variant() {
    becomes(
        "enum V { Yes { n: Int }, No }
         choreography P { roles A, B  A -> B: M(v: V)
           choice at B on M.v { Yes as y: { B -> A: Got(n: Int) with { n: y.n } } No: B -> A: Nothing }
           choice at A { big when (1 > 2): A -> B: Big  other: A -> B: Other } }",
        "
        A -> B: M <- ask
        choice M.v at B
          Yes when (M.v is Yes):
            B let y = fields(M.v)
            B -> A: Got <- {n: y.n}
          No when (M.v is No):
            B -> A: Nothing
        choice A#1 at A
          big when false:
            A -> B: Big
          other:
            A -> B: Other
        ",
    );
}

#[test]
fn effects_and_failure() {
    becomes(
        "effect bank { reserve(amount: Int) -> Bool : once }
         choreography P(limit: Int at A) { roles A, B
           A does time.now() as t  A does bank.reserve(limit) as ok
           if not ok { A -> B: No  fail broke with { limit } at A } A -> B: Yes(at: Time) with { at: t } }",
        "
        A does time.now() as t
        A does bank.reserve(amount: limit) as ok
        choice not ok at A
          yes when not ok:
            A -> B: No
            A fail broke with {limit: limit}
          no:
        A -> B: Yes <- {at: t}
        ",
    );
}

#[test]
fn relays_and_others() {
    becomes(
        "choreography P { roles A, B, C  A -> B -> C: M(x: Int)  A -> B -> C  A <-> B  B ->* : Bye }",
        "
        A -> B: M <- ask
        B -> C: M <- M
        A -> B: P_1
        B -> C: P_2
        A -> B: P_3
        B -> A: P_4
        B -> A: Bye
        B -> C: Bye
        ",
    );
}

#[test]
fn choices_are_numbered_as_they_stand() {
    becomes(
        "choreography P { roles A, B  choice A { x: { A -> B: X  choice A { y: A -> B: Y  z: A -> B: Z } } w: A -> B: W }
           loop (decides: A) { A -> B: V  choice A { y: A -> B: Y  z: A -> B: Z } } }",
        "
        choice A#1 at A
          x <- ask:
            A -> B: X
            choice A#2 at A
              y <- ask:
                A -> B: Y
              z <- ask:
                A -> B: Z
          w <- ask:
            A -> B: W
        L1:
          choice A#3 at A
            again <- ask:
              A -> B: V
              choice A#4 at A
                y <- ask:
                  A -> B: Y
                z <- ask:
                  A -> B: Z
              continue L1
            done <- ask:
        ",
    );
}

#[test]
fn conditions_written_as_text() {
    becomes(
        "choreography P { roles A, B  A let n = 3  loop (custom: \"n > 0\") { A -> B: M  A let n = n - 1 }
           loop (custom: \"still hungry\") { B -> A: N } }",
        "
        A let n = 3
        L1:
          choice n > 0 at A
            again when (n > 0):
              A -> B: M
              A let n = (n - 1)
              continue L1
            done:
        L2:
          choice still hungry at B
            yes <- ask:
              B -> A: N
              continue L2
            no <- ask:
        ",
    );
}

#[test]
fn a_payload_declares_its_message() {
    becomes(
        "choreography P { roles A, B  A -> B: M  A -> B: M with { x: 1 }  B let y = M.x + 1  B -> A: N with { y } }",
        "
        A -> B: M <- ask
        A -> B: M <- {x: 1}
        B let y = (M.x + 1)
        B -> A: N <- {y: y}
        ",
    );
}

#[test]
fn arguments_that_are_left_out() {
    becomes(
        "effect bank { hold(amount: Int, note: String = \"none\", tag?: String) }
         choreography P { roles A, B  A does bank.hold(5)  A does bank.hold(tag: \"t\", amount: 1)  A does storage.list()
           A does random.int(10) as n  A -> B: M(n: Int) with { n } }",
        "
        A does bank.hold(amount: 5, note: \"none\", tag: none)
        A does bank.hold(amount: 1, note: \"none\", tag: \"t\")
        A does storage.list(prefix: none)
        A does random.int(below: 10) as n
        A -> B: M <- {n: n}
        ",
    );
}

#[test]
fn a_member_picked_by_an_index_stays_picked() {
    becomes(
        "choreography P { roles M, W[2]  M let i = 1  M -> W[i]: Job  W[i] does time.now()  W[i] -> M: Done  M -> W[0]: Bye }",
        "
        M let i = 1
        choice W[i] at M
          W[0] when (i == 0):
            M -> W[0]: Job
            W[0] does time.now()
            W[0] -> M: Done
          W[1] when (i == 1):
            M -> W[1]: Job
            W[1] does time.now()
            W[1] -> M: Done
        M -> W[0]: Bye
        ",
    );
    becomes(
        "choreography P { roles M, W[2]  M let i = 0  M -> W[i]: Job  M let i = 1  M -> W[i]: Job }",
        "
        M let i = 0
        choice W[i] at M
          W[0] when (i == 0):
            M -> W[0]: Job
          W[1] when (i == 1):
            M -> W[1]: Job
        M let i = 1
        choice W[i] at M
          W[0] when (i == 0):
            M -> W[0]: Job
          W[1] when (i == 1):
            M -> W[1]: Job
        ",
    );
}

#[test]
fn what_nobody_wrote_waits_for_its_role() {
    becomes(
        "choreography P { roles A, B
           choice at A { x: call Q(X = A, Y = B; n = 1)  y: { A -> B: No  A -> B: Bye } } }
         choreography Q(n: Int) { roles X, Y  X -> Y: M  Y -> X: R(n: Int) with { n }  X let m = n  X -> Y: S(m: Int) with { m } }",
        "
        choice A#1 at A
          x <- ask:
            A let n = 1
            A -> B: M
            B let n = 1
            B -> A: R <- {n: n}
            A let m = n
            A -> B: S <- {m: m}
          y <- ask:
            A -> B: No
            A -> B: Bye
        ",
    );
}

#[test]
fn numbers_as_decimals() {
    becomes(
        "message M { price: Decimal, more: Decimal? }
         choreography P { roles A, B  A -> B: M with { price: 12.50, more: 1.5 }  B let x = M.price * 1.1 + 2 }",
        "
        A -> B: M <- {more: 1.5, price: 12.5}
        B let x = ((M.price * 1.1) + 2)
        ",
    );
}
