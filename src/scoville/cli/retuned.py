"""What a person sees of a re-tuned model: what changes and why, what it gains, which rules may go or come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from scoville.cli.output import out
from scoville.words import counted, rounded

if TYPE_CHECKING:
    from pathlib import Path

    from scoville.learn.retuning.retune import Retuned
    from scoville.learn.retuning.tuned import Tuned

_LITTLE = 0.001


def print_retuned(found: Retuned, output: Path | None) -> None:
    """A few lines, old and new side by side, suggestions, and the next command."""
    console = out()
    console.print(Text(_over(found), style="dim"))
    if found.why_not is not None:
        console.print(Text(_sentence(found.why_not), style="bold yellow"))
    if found.gain is not None:
        console.print(Text(_gain(found), style="bold green" if found.better else "bold yellow"))
    if found.values:
        console.print()
        console.print(_values(found))
    for drop in found.drop:
        console.print(Text("may go: ", style="yellow") + Text(f"{drop.rule}: {drop.why}"))
    if found.further is not None:
        console.print(Text("may come: ", style="yellow") + Text("; ".join(found.further_says)))
        console.print(Text(found.further.rstrip(), style="dim"))
    for note in found.notes:
        console.print(Text("note: ", style="yellow") + Text(note))
    if found.text is not None:
        console.print(Text("next: ", style="bold") + Text(_next(found, output)))


def _over(found: Retuned) -> str:
    seen = f"{found.name} · {counted(found.leads, 'lead')}, {found.conversions:,} converted, {found.rows:,} rows"
    ahead = "" if found.horizon_days is None else f", {found.horizon_days:g} days ahead"
    return f"{seen}{ahead}" + (f" · judged on rows from {found.held_out_from}" if found.held_out_from else "")


def _gain(found: Retuned) -> str:
    gain = found.gain
    where = "later leads" if found.held_out_from else "other leads"
    if gain is None or gain.auc_a is None or gain.auc_b is None or gain.low is None or gain.high is None:
        return f"On {where} no difference can be told. {_sentence(found.advice)}"
    return (
        f"On {where} AUC {gain.auc_a:.3f} instead of {gain.auc_b:.3f}: {gain.difference:+.3f} "
        f"({gain.low:+.3f} to {gain.high:+.3f}). {_sentence(found.advice)}"
    )


def _values(found: Retuned) -> Table:
    """What changes first in each rule's place; what is not looked at last."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in ("rule", ""):
        table.add_column(title, overflow="fold")
    for title in ("old", "new", "95% interval", "p"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    last = None
    for value in found.values:
        style = "bold" if value.changed else "dim"
        name = value.rule if (value.section, value.rule) != last else ""
        new = f"{rounded(value.new):g}" if value.changed else "kept"
        cells = (name, value.label, f"{rounded(value.old):g}", new, _interval(value), _chance(value), value.why)
        table.add_row(*cells, style=style)
        last = (value.section, value.rule)
    return table


def _interval(value: Tuned) -> str:
    return "-" if value.low is None or value.high is None else f"{value.low:.0f} to {value.high:.0f}"


def _chance(value: Tuned) -> str:
    if value.p is None:
        return "-"
    return f"<{_LITTLE}" if value.p < _LITTLE else f"{value.p:.3f}" if value.p < 1 else "1"


def _next(found: Retuned, output: Path | None) -> str:
    if not found.better:
        return "leave the model as it is; --anyway writes the new points all the same"
    if output is None:
        return "-o new.yaml writes it"
    return f"scoville compare MODEL {output} ...    scoville check {output}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
