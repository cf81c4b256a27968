"""The benchmark, `ussd bench`: our engine, a floor below it, and other engines, in one run and by turns.

One core serves, another one asks: what is compared is what a server does with one core. The machine under it may be
twice as fast a minute later, so each round has a turn of everybody, and only ratios within a round are said to mean
anything.
"""
