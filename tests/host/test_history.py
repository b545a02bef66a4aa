# SPDX-License-Identifier: Apache-2.0
"""The checker of histories finds each thing that must not be, and nothing in what may."""
import unittest

import history

GOOD = [("ask", 1, 77), ("state", 1, "pending", 77), ("request", "a", 1, "allow", 200), ("state", 1, "approved", 77),
        ("effect", 1, 77, "approved"), ("request", "b", 1, "deny", 409),
        ("ask", 2, 78), ("request", "a", 2, "deny", None), ("state", 2, "denied", 78), ("refused", 2), ("state", 1, "approved", 77)]


def without(*at):
    return [e for i, e in enumerate(GOOD) if i not in at]


class Checker(unittest.TestCase):
    def wrong(self, events, *words):
        found = history.check(events)
        self.assertTrue(any(all(w in one for w in words) for one in found), found)

    def test_what_may_be(self):
        self.assertEqual(history.check(GOOD), [])
        self.assertEqual(history.check([]), [])

    def test_an_effect_without_a_stored_allow(self):
        self.wrong(GOOD[:4] + [("effect", 1, 77, "pending")] + GOOD[5:], "while the store said pending")
        self.wrong(GOOD[:4] + [("effect", 1, 77, None)] + GOOD[5:], "while the store said None")

    def test_an_effect_under_another_digest(self):
        self.wrong(GOOD[:4] + [("effect", 1, 99, "approved")] + GOOD[5:], "under digest 99")

    def test_an_effect_that_nobody_asked_for(self):
        self.wrong(GOOD + [("effect", 9, 77, "approved")], "nobody asked")

    def test_two_effects_of_one_answer(self):
        self.wrong(GOOD + [GOOD[4]], "second effect")

    def test_two_terminal_states(self):
        self.wrong(GOOD + [("state", 1, "denied", 77)], "denied after approved")
        self.wrong(GOOD + [("state", 2, "pending", 78)], "pending after denied")

    def test_a_hold_that_is_lost(self):
        self.wrong(without(8), "hold 2", "lost")
        self.wrong(GOOD + [("ask", 3, 79), ("state", 3, "pending", 79)], "hold 3", "no terminal state")

    def test_a_hold_stored_under_another_digest(self):
        self.wrong(GOOD + [("state", 1, "approved", 12)], "stored under digest 12")

    def test_an_answer_that_was_not_kept(self):
        self.wrong(GOOD + [("request", "c", 1, "deny", 200)], "client c was told deny, stored is approved")

    def test_what_was_refused_and_happened(self):
        self.wrong(GOOD + [("refused", 1)], "refused, and it happened")
        self.wrong(GOOD + [("effect", 2, 78, "approved")], "denied, and it happened")


if __name__ == "__main__":
    unittest.main()
