"""The desk: it looks answers up. Edit `lookup`; only the standard library is needed.

JSON-RPC 2.0, one object a line, on standard input and output. What is printed to standard error is logged by the engine.
"""

import json
import sys

ANSWERS = {
    "library": "The library opens at nine.",
    "cost": "It costs nothing.",
}


def lookup(params):
    """The operation `desk.lookup`: gives a text."""
    question = params["args"]["question"].lower()
    for word, text in ANSWERS.items():
        if word in question:
            return text
    return "Nobody has asked that before."


OPERATIONS = {"desk.lookup": lookup}


def answer(request):
    """The response to one request."""
    response = {"jsonrpc": "2.0", "id": request["id"]}
    try:
        response["result"] = OPERATIONS[request["method"]](request["params"])
    except Exception as trouble:  # fails this call, and not the program; "recoverable" asks for another try
        print(repr(trouble), file=sys.stderr)
        response["error"] = {"code": 1, "message": "the desk is broken", "data": {"kind": "permanent"}}
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
