"""Answers for a reader. ``figures`` writes quantities, ``tables`` matches and tilings, ``memory`` the use of memories,
``timeline`` who was busy when; ``answer`` puts them together. Everything is a rich renderable that needs no terminal.
"""
