"""How much of what a search seems to win is the luck of the winner, and what is left without it.

The best of many trials is best partly by luck: its validation value is too good by about the expected maximum of the
errors of as many independent trials.
"""
