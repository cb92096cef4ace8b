"""Which rules earn their place, and where the score is wrong.

`earning` asks of each rule what the score would be without it (`left_out`); `misses` finds leads that the score got
wrong and what many of them have in common (`in_common`, `features`).
"""
