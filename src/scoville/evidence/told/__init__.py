"""What a backtest comes to, told in words.

`sentences` has the headline and the next steps, `answers` one answer for each question. Read by the report and by the
command line. Pure.
"""
