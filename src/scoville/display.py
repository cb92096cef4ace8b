"""Results as small pieces of HTML, for notebooks: no script, nothing loaded from anywhere, every text escaped.

In: plain values. Out: HTML text. Called by `scoring.py` and `explain/page.py`. Colours are chosen to be told apart, and
read, on white and on black, and by people who see red and green alike: what lifts a score is blue and points right,
what lowers it is orange.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from scoville import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from scoville.data.quality import Quality, RelationQuality
    from scoville.model.load import Model

Row = dict[str, Any]
_STYLE = """<style>
.scoville{font:13px/1.45 system-ui,sans-serif;max-width:84em;color:inherit}
.scoville h4{font-size:1.15em;margin:.2em 0}.scoville p{margin:.2em 0 .6em}
.scoville small,.scoville .quiet{opacity:.72;font-weight:normal}
.scoville table{border-collapse:collapse;border:0;margin:.4em 0;background:transparent;color:inherit}
.scoville caption{text-align:left;caption-side:top;opacity:.72;padding:0 0 .3em;color:inherit}
.scoville th,.scoville td{text-align:left;padding:.28em .7em;border:0;border-bottom:1px solid rgba(128,128,128,.28);
 background:transparent;color:inherit;vertical-align:baseline;font-weight:normal;white-space:normal}
.scoville thead th,.scoville thead td{font-weight:600;border-bottom-width:2px}
.scoville .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.scoville .bar{min-width:7em;width:7em;vertical-align:top;padding-top:.5em}
.scoville .steps .bar{min-width:13em;width:18em}
.scoville .why{min-width:24em}
.scoville .bar i{display:block;height:.85em;border-radius:2px;min-width:2px;background:#3b82c4}
.scoville .bar i.down{background:#d9782d}.scoville .bar i.sum{background:#80868e}
.scoville tfoot td,.scoville tfoot th{font-weight:600;border-bottom:0}
.scoville .stage{white-space:nowrap;border:1px solid rgba(128,128,128,.55);border-radius:1em;padding:.05em .6em}
.scoville ul{margin:.2em 0 .8em;padding-left:1.4em}
</style>"""


# Columns that only some models fill; an empty one would push the reasons off the page.
_OPTIONAL = {
    "Grade": ("grade", "level"), "Stage": ("stage",), "Priority": ("priority",), "Probability": ("probability",),
}  # fmt: skip


def ranking_html(model: Model, as_of: datetime, rows: Sequence[Row], quality: Quality | None) -> str:
    """The model, the best leads (rows of `scores`) with bars, and one line on the data."""
    about = f"version {model.version}, as of {words.moment_of(as_of)}"
    title = f"{escape(model.name)} <small>{escape(about)}</small>"
    low, high = float(model.scale.min), float(model.scale.max)
    given = [title for title, names in _OPTIONAL.items() if any(row.get(n) is not None for row in rows for n in names)]
    body = "".join(_lead_row(row, low, high, given) for row in rows)
    head = head_row("Rank", "Lead", "Score", "", "Fit", "Engagement", *given, "Reasons")
    caption = f"The best {words.counted(len(rows), 'lead')}" if rows else "No leads"
    table = f"<table><caption>{caption}</caption>{head}<tbody>{body}</tbody></table>"
    return block(f"<h4>{title}</h4>{table}<p class=quiet>{escape(quality_line(quality))}</p>")


def quality_line(quality: Quality | None) -> str:
    """One line on the data.

    Example: `2,000 leads. 41,002 events out of 41,100 rows: 98 rejected (90 no time, 8 unknown lead).`
    """
    parts = [_relation_line(one) for one in quality.relations] if quality is not None else []
    notices = words.counted(len(quality.notices), "notice") if quality is not None and quality.notices else ""
    return " ".join([*parts, f"{notices} in `.quality.notices`." if notices else ""]).strip()


def _relation_line(one: RelationQuality) -> str:
    aside = [f"{one.merged:,} merged"] if one.merged else []
    if one.rejected:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in one.rejected.items())
        aside.append(f"{sum(one.rejected.values()):,} rejected ({reasons})")
    used = words.counted(one.used, one.relation.removesuffix("s"))
    if not aside:
        return f"{used}."
    return f"{used} out of {one.rows:,} rows: {', '.join(aside)}."


def _lead_row(row: Row, low: float, high: float, given: Sequence[str]) -> str:
    optional = {
        "Grade": _cell(f"{row['grade'] or ''}{row['level'] or ''}"),
        "Stage": f"<td>{_pill(row['stage'])}</td>",
        "Priority": _cell(row["priority"]),
        "Probability": number_cell(probability(row) or ""),
    }
    cells = [
        number_cell(f"{row['rank']:,}"),
        f"<th scope=row>{escape(row['lead_id'])}</th>",
        number_cell(words.number(row["score"])),
        bar_cell(low, row["score"], low, high, "up"),
        number_cell(words.number(row["fit"])),
        number_cell(words.number(row["engagement"])),
        *(optional[title] for title in given),
        f'<td class="why">{escape(row["reasons"] or "")}</td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


def probability(row: Row) -> str | None:
    """The probability of a row of `scores` as a share, `8 %`; None where there is none."""
    found = row.get("probability")
    return words.share(found) if found is not None else None


def block(content: str) -> str:
    """Content with the style that it needs."""
    return f'<div class="scoville">{_STYLE}{content}</div>'


def head_row(*titles: str) -> str:
    """The head of a table; an empty title leaves its cell without one."""
    cells = "".join(f"<th scope=col>{title}</th>" if title else "<td></td>" for title in titles)
    return f"<thead><tr>{cells}</tr></thead>"


def _cell(text: str | None) -> str:
    return f"<td>{escape(text or '')}</td>"


def number_cell(text: str) -> str:
    """A cell with a number, right aligned."""
    return f'<td class="n">{escape(text)}</td>'


def _pill(stage: str | None) -> str:
    return f'<span class="stage">{escape(stage)}</span>' if stage else ""


def titled_list(title: str, items: Iterable[str]) -> str:
    """A list under its title; nothing for no items."""
    entries = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<p><b>{escape(title)}</b></p><ul>{entries}</ul>" if entries else ""


def bar_cell(start: float, end: float, low: float, high: float, kind: str) -> str:
    """A bar from `start` to `end` on a line from `low` to `high`.

    It is hidden from screen readers, because the number beside it says the same.
    """
    span = high - low or 1.0
    left, width = (min(start, end) - low) / span * 100, abs(end - start) / span * 100
    place = f"margin-left:{left:.2f}%;width:{width:.2f}%"
    return f'<td class="bar" aria-hidden="true"><i class="{kind}" style="{place}"></i></td>'
