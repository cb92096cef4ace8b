"""Companies: the accounts that most leads belong to. Every number makes its own name and domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scoville.demo import pools
from scoville.demo.columns import numbered, words

if TYPE_CHECKING:
    from scoville.demo.columns import Floats, Ints

KINDS = tuple(kind for _, _, kinds in pools.INDUSTRIES for kind in kinds)
KINDS_PER_INDUSTRY = 3
LARGEST_COMPANY = 250_000  # employees; a lognormal tail has no end by itself


@dataclass(frozen=True)
class Companies:
    """One entry per company; `industry` and `country` are indices into the pools, `employees` is never missing."""

    number: Ints
    industry: Ints
    country: Ints
    employees: Floats

    def __len__(self) -> int:
        """How many companies."""
        return len(self.number)

    def table(self) -> pa.Table:
        """The relation `accounts`."""
        return pa.table(
            {
                "account_id": numbered("A", self.number, digits=8),
                "company": company_names(self),
                "company_domain": company_domains(self),
                "industry": words([industry[0] for industry in pools.INDUSTRIES], self.industry),
                "employees": pa.array(self.employees).cast(pa.int64()),
                "country": words([country[0] for country in pools.COUNTRIES], self.country),
            }
        )


def draw_companies(rng: np.random.Generator, first_number: int, count: int) -> Companies:
    """`count` companies, numbered from `first_number`. Half have 12 to 230 employees (lognormal)."""
    return Companies(
        number=first_number + np.arange(count),
        industry=draw_shares(rng, [industry[1] for industry in pools.INDUSTRIES], count),
        country=draw_shares(rng, [country[1] for country in pools.COUNTRIES], count),
        employees=np.clip(np.round(rng.lognormal(np.log(52), 2.15, count)), 1, LARGEST_COMPANY),
    )


def draw_shares(rng: np.random.Generator, shares: list[float], count: int) -> Ints:
    """`count` indices, each drawn as often as its share says; shares need not add up to 1."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(edges, rng.random(count), side="right").astype(np.int64)


def company_names(companies: Companies) -> pa.Array:
    """Such as `Cedarflow Systems`."""
    head, tail, kind, again = _name_parts(companies)
    kinds = words([f" {kind}" for kind in KINDS], kind)
    return pc.binary_join_element_wise(
        words(pools.COMPANY_HEADS, head), words(pools.COMPANY_TAILS, tail), kinds, _counted(again, " "), ""
    )


def company_domains(companies: Companies) -> pa.Array:
    """Such as `cedarflow-systems.example`; no two companies share one."""
    head, tail, kind, again = _name_parts(companies)
    kinds = words([f"-{kind.lower()}" for kind in KINDS], kind)
    heads, tails = words(pools.COMPANY_HEADS, head), words(pools.COMPANY_TAILS, tail)
    text = pc.binary_join_element_wise(heads, tails, kinds, _counted(again, "-"), ".example", "")
    return pc.ascii_lower(text)


def _name_parts(companies: Companies) -> tuple[Ints, Ints, Ints, Ints]:
    """Mixed digits of a scrambled number: neighbours get names that differ, no two companies get the same."""
    heads, tails = len(pools.COMPANY_HEADS), len(pools.COMPANY_TAILS)
    names = heads * tails * KINDS_PER_INDUSTRY
    again, place = np.divmod(companies.number, names)
    scrambled = (place * 7_919_001_283 + 12_345) % names  # a prime larger than `names`: one to one
    scrambled, kind = np.divmod(scrambled, KINDS_PER_INDUSTRY)
    head, tail = np.divmod(scrambled, tails)
    return head, tail, companies.industry * KINDS_PER_INDUSTRY + kind, again


def _counted(again: Ints, separator: str) -> pa.Array:
    """Nothing the first time a name is used, then a number."""
    text = pc.binary_join_element_wise(separator, pa.array(again + 1).cast(pa.string()), "")
    return pc.if_else(pa.array(again == 0), "", text)
