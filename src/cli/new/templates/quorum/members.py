"""The members of a quorum: they see a proposal, and vote on it. Edit `produce`; only the standard library is needed.

JSON-RPC 2.0, one object a line, on standard input and output. What is printed to standard error is logged by the engine.
"""

import json
import sys

# What was proposed, by session: `observe` sees it, and `produce` needs it.
proposals = {}


def observe(params):
    """Whether a member accepts what it received: True, or {"refused": "why"}."""
    if params["message"] == "Proposal":
        proposals[params["session"]] = params["payload"]
    else:
        # It is decided, and nothing more will be asked.
        proposals.pop(params["session"], None)
    return True


def produce(params):
    """The payload of a message: here always a `Vote`."""
    proposal = proposals.get(params["session"])
    if proposal is None:
        # This program was started after the proposal came.
        return {"yes": False, "reason": "I have not seen the proposal"}
    # `config` is what the bindings say about the role.
    limit = params["config"]["limit"]
    if proposal["cost"] <= limit:
        return {"yes": True, "reason": "%s is worth %d" % (proposal["title"], proposal["cost"])}
    return {"yes": False, "reason": "more than %d is too much" % limit}


OPERATIONS = {"observe": observe, "produce": produce}


def answer(request):
    """The response to one request."""
    response = {"jsonrpc": "2.0", "id": request["id"]}
    try:
        response["result"] = OPERATIONS[request["method"]](request["params"])
    except Exception as trouble:  # fails this call, and not the program; "recoverable" asks for another try
        print(repr(trouble), file=sys.stderr)
        response["error"] = {"code": 1, "message": "the members are broken", "data": {"kind": "permanent"}}
    return response


def say(message):
    # Every message is one line, and leaves at once.
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    say({"offer": {"operations": list(OPERATIONS)}})
    # The engine closes standard input when it needs this program no longer.
    for line in sys.stdin:
        request = json.loads(line)
        # A message without an id wants no answer: it says that nobody waits for a call any longer.
        if "id" in request:
            say(answer(request))
