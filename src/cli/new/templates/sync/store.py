"""The backup's store: it keeps items in files. Edit `keep`; only the standard library is needed.

JSON-RPC 2.0, one object a line, on standard input and output. What is printed to standard error is logged by the engine.
"""

import json
import os
import sys


def keep(params):
    """The operation `store.keep`: gives how many items are kept.

    It may be asked again with the same `key`: the same file is then written with the same items.
    """
    items = params["args"]["items"]
    os.makedirs("kept", exist_ok=True)
    path = os.path.join("kept", "%d.txt" % params["session"])
    with open(path + ".new", "w") as file:
        file.writelines(item + "\n" for item in items)
    # What is read there is whole.
    os.replace(path + ".new", path)
    return len(items)


OPERATIONS = {"store.keep": keep}


def answer(request):
    """The response to one request."""
    response = {"jsonrpc": "2.0", "id": request["id"]}
    try:
        response["result"] = OPERATIONS[request["method"]](request["params"])
    except Exception as trouble:  # fails this call, and not the program; "recoverable" asks for another try
        print(repr(trouble), file=sys.stderr)
        response["error"] = {"code": 1, "message": "the store is broken", "data": {"kind": "permanent"}}
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
