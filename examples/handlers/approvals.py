"""A handler of Laban as a process: JSON-RPC 2.0, one object a line, on standard input and output.

It plays the clerk of vault.choreo: it says what to pay, and books what was approved. Only the standard library is needed.
What is printed to standard error is logged by the host; standard output is for answers alone.
"""

import json
import sys


class Failure(Exception):
    """Why there is no answer, and whether trying again can help: "recoverable" or "permanent"."""

    def __init__(self, message, kind="permanent"):
        super().__init__(message)
        self.kind = kind


# What was booked, by idempotency key. A real ledger keeps this in its database, in the transaction that books.
booked = {}


def produce(params):
    """The payload of a message."""
    if params["message"] == "Request":
        # `config` is what the bindings say about the role.
        return {"amount": params["config"]["amount"], "to": params["config"]["to"]}
    raise Failure("the clerk does not know the message " + params["message"])


def book(params):
    """The operation `ledger.book`: the same key is never booked twice."""
    key = params["key"]
    if key not in booked:
        booked[key] = "receipt %d for %s" % (len(booked) + 1, params["args"]["to"])
    return booked[key]


OPERATIONS = {"produce": produce, "ledger.book": book}


def answer(request):
    """The response to one request."""
    response = {"jsonrpc": "2.0", "id": request["id"]}
    try:
        operation = OPERATIONS.get(request["method"])
        if operation is None:
            raise Failure("there is no operation " + request["method"])
        response["result"] = operation(request["params"])
    except Failure as failure:
        response["error"] = {"code": 1, "message": str(failure), "data": {"kind": failure.kind}}
    except Exception as trouble:  # a mistake of ours fails its call, and not the process
        print(repr(trouble), file=sys.stderr)
        response["error"] = {"code": 2, "message": "the handler is broken", "data": {"kind": "permanent"}}
    return response


def say(message):
    # Every message is one line, and leaves at once.
    print(json.dumps(message), flush=True)


def main():
    say({"offer": {"operations": list(OPERATIONS)}})
    # The host closes standard input when it needs this process no longer.
    for line in sys.stdin:
        request = json.loads(line)
        # A message without an id wants no answer: `withdraw` says that nobody waits for a call any longer.
        if "id" in request:
            say(answer(request))


if __name__ == "__main__":
    main()
