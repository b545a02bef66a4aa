# SPDX-License-Identifier: Apache-2.0
"""Is a history of questions, answers, stored decisions and effects one that the product may have?

A history is a list of tuples, in the order in which they were seen:
  ("ask", HOLD, DIGEST)             an operation stopped and asked
  ("request", CLIENT, HOLD, WORD, STATUS)  somebody answered "allow" or "deny"; the status of the HTTP answer, None without one
  ("state", HOLD, STATE, DIGEST)    what the store said of a hold at some moment: pending, approved, denied, expired, abandoned
  ("effect", HOLD, DIGEST, STATE)   an independent witness saw the operation happen; what the store said of the hold at that moment
  ("refused", HOLD)                 the witness saw it refused
"""

TERMINAL = ("approved", "denied", "expired", "abandoned")
MEANS = {"allow": "approved", "deny": "denied"}


def effects(history):
    """An effect implies an earlier durable allow with the same digest; at most one for each answer."""
    asked = {e[1]: e[2] for e in history if e[0] == "ask"}
    seen = set()
    for kind, hold, *rest in history:
        if kind != "effect":
            continue
        digest, state = rest
        if hold not in asked:
            yield f"hold {hold}: an effect of what nobody asked"
        elif asked[hold] != digest:
            yield f"hold {hold}: an effect under digest {digest}, asked was {asked[hold]}"
        if state != "approved":
            yield f"hold {hold}: an effect while the store said {state}"
        if hold in seen:
            yield f"hold {hold}: a second effect of one answer"
        seen.add(hold)


def states(history):
    """One terminal state for each hold, under the digest that was asked; it is never left again."""
    asked = {e[1]: e[2] for e in history if e[0] == "ask"}
    last = {}
    for kind, hold, *rest in history:
        if kind != "state":
            continue
        state, digest = rest
        if asked.get(hold) != digest:
            yield f"hold {hold}: stored under digest {digest}, asked was {asked.get(hold)}"
        if last.get(hold) in TERMINAL and last[hold] != state:
            yield f"hold {hold}: {state} after {last[hold]}"
        last[hold] = state
    for hold in asked:
        if last.get(hold) not in TERMINAL:
            yield f"hold {hold}: no terminal state: {last.get(hold, 'it was lost')}"


def requests(history):
    """What a client was told is what is stored; nobody is told two things; what was refused after a stored denial has no effect."""
    final = {e[1]: e[2] for e in history if e[0] == "state"}
    for kind, *rest in history:
        if kind == "request":
            client, hold, word, status = rest
            if status == 200 and final.get(hold) != MEANS[word]:
                yield f"hold {hold}: client {client} was told {word}, stored is {final.get(hold)}"
    happened = {e[1] for e in history if e[0] == "effect"}
    for hold in sorted({e[1] for e in history if e[0] == "refused"} & happened):
        yield f"hold {hold}: refused, and it happened"
    for hold in sorted(h for h, state in final.items() if state in ("denied", "expired", "abandoned") and h in happened):
        yield f"hold {hold}: {final[hold]}, and it happened"


def check(history):
    """What is wrong with it, in words."""
    return [wrong for rule in (effects, states, requests) for wrong in rule(history)]
