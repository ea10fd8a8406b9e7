"""Emergency access: trusted persons and the release engine (F73-F76, decision 12).

`machine` holds the states and knows no storage; `persons` are the people, `requests` what they ask for, `release` how
a step is taken, `vetoes` the signs of life, `history` what is told and kept. Which folders exist is vault's affair.
"""
