"""How each of our columns shows itself in files of others: the names that exports use, and what the values must be."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from scoville.data.columns import EMAILS, KNOWN_AS, PEOPLE
from scoville.data.identity import ADDRESS
from scoville.data.recognise.abroad import ABROAD, WON_ABROAD
from scoville.data.recognise.roles import (
    DOMAIN,
    KEY_NAME,
    MAYBE,
    PHONE,
    Clue,
    a_time,
    category,
    event_names,
    how_distinct,
    json_objects,
    key,
    key_by_looks,
    like,
    of_type,
    pointer,
    shared,
    titles,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.data.recognise.looks import ColumnLook


def words(text: str) -> tuple[str, ...]:
    """Names in a text, apart from each other by blanks: the best first."""
    return tuple(text.split())


# Times of what happens to a lead later, or happened to a person before.
_AFTER = (
    r"(?:^|_)(?:updat\w+|modif\w+|clos\w+|cancel\w*|convert\w*|conversion|won|lost|last|birth\w*|dob|deal|expir\w*|end)"
    r"(?:_|$)"
)
_TIME_WORD = r"(?:^|_)(?:at|on|date|time|timestamp|ts|day|when)(?:_|$)"

EMAIL = Clue(
    "email",
    (*EMAILS, "work_email", "business_email", "contact_email"),
    "mail",
    like(ADDRESS.strip("^$"), "e-mail addresses"),
    by_values=True,
    abroad=ABROAD["email"],
)
OUTCOME_TIME_NAMES = (
    words(
        "converted_at won_at won_date closed_at close_date closed_date closed_won_date conversion_date "
        "converted_date date_converted became_a_customer_date purchased_at purchase_date paid_at "
        "sale_date"
    )
    + ABROAD["won_at"]
)

LEADS = (
    Clue(
        "lead_id",
        (*KNOWN_AS["leads"]["lead_id"], "record_id", "lead_number"),
        KEY_NAME,
        key_by_looks,
        by_values=True,
        abroad=ABROAD["lead_id"],
    ),
    EMAIL,
    Clue(
        "phone",
        words("phone phone_number mobile mobile_phone telephone tel work_phone cell"),
        "phone|mobile",
        like(PHONE, "phone numbers"),
        abroad=ABROAD["phone"],
    ),
    Clue(
        "job_title",
        words("job_title jobtitle title position designation job_position role job"),
        r"(?:^|_)(?:title|job|position)(?:_|$)",
        titles,
        abroad=ABROAD["job_title"],
    ),
    Clue(
        "company_domain",
        words("company_domain domain company_website website website_url web_site homepage company_url url"),
        r"website|(?:^|_)domain(?:_|$)",
        like(DOMAIN, "domains"),
        abroad=ABROAD["company_domain"],
    ),
    Clue(
        "company",
        words("company company_name organization organisation account_name employer firm business_name"),
        r"(?:company|organi[sz]ation)(?:_name)?$",
        lambda column: how_distinct(column) if column.type == "text" else None,
        never=r"size|type|domain",
        abroad=ABROAD["company"],
    ),
    Clue(
        "country",
        ("country", "country_code", "country_name", "country_region"),
        "country",
        category,
        abroad=ABROAD["country"],
    ),
    Clue(
        "created_at",
        words(
            "created_at created create_date created_date created_on date_created creation_date signup_date "
            "signed_up_at registered_at registration_date join_date first_contact_date first_seen"
        ),
        r"(?:^|_)(?:creat\w+|sign_?up|signed_up|regist\w*|enrol\w*|inquiry|enquiry)(?:_|$)",
        a_time,
        never=_AFTER,
        abroad=ABROAD["created_at"],
    ),
    Clue(
        "created_at",
        (),
        r"(?:^|_)(?:first|join\w*|received|opt_in|start\w*|date)(?:_|$)",
        a_time,
        never=_AFTER,
        near=MAYBE,
    ),
    Clue(
        "updated_at",
        words("updated_at last_modified last_modified_date modified_at date_modified modified_date updated"),
        None,
        a_time,
        abroad=ABROAD["updated_at"],
    ),
    Clue(
        "owner",
        words("owner lead_owner contact_owner owner_name owner_id sales_rep salesperson assigned_to account_executive"),
        r"(?:^|_)owner(?:_|$)",
        shared,
        never="home|house|car",
        abroad=ABROAD["owner"],
    ),
    Clue(
        "source",
        words("source lead_source original_source utm_source traffic_source channel acquisition_channel origin"),
        r"(?:^|_)(?:source|channel|origin)(?:_|$)",
        category,
        abroad=ABROAD["source"],
    ),
    Clue(
        "cost",
        ("cost", "cost_per_lead", "cpl", "acquisition_cost", "ad_spend"),
        None,
        of_type("number"),
        abroad=ABROAD["cost"],
    ),
)
# Traits of a lead that models speak of by these names, where files have others: a person may take them for these.
TRAITS = (
    Clue(
        "first_name",
        words("first_name firstname given_name forename"),
        None,
        of_type("text"),
        abroad=ABROAD["first_name"],
    ),
    Clue(
        "last_name", words("last_name lastname surname family_name"), None, of_type("text"), abroad=ABROAD["last_name"]
    ),
    Clue("name", words("name full_name contact_name lead_name"), None, of_type("text"), abroad=ABROAD["name"]),
    Clue(
        "employees",
        words("employees number_of_employees no_of_employees employee_count num_employees company_size"),
        None,
        of_type("number", "text"),
        abroad=ABROAD["employees"],
    ),
    Clue("industry", words("industry company_industry sector"), None, category, abroad=ABROAD["industry"]),
)

_POINTER = Clue(
    "lead_id", (*PEOPLE, "lead", "contact", *EMAILS), KEY_NAME, pointer, abroad=ABROAD["lead_id"] + ABROAD["email"]
)

EVENTS = (
    _POINTER,
    Clue(
        "event",
        (*KNOWN_AS["events"]["event"], "activity_type", "action_type", "event_action", "activity_name", "verb"),
        r"(?:^|_)(?:event|activity|action)(?:_|$)",
        event_names,
        abroad=ABROAD["event"],
    ),
    Clue("occurred_at", KNOWN_AS["events"]["occurred_at"], _TIME_WORD, a_time, abroad=ABROAD["occurred_at"]),
    Clue("event_id", ("event_id", "message_id", "uuid", "id"), None, key),
    Clue("properties", ("properties", "props", "metadata", "payload", "attributes", "params"), None, json_objects),
)

OUTCOMES = (
    _POINTER,
    Clue(
        "outcome",
        words("outcome goal result conversion converted won deal_stage stage status"),
        r"(?:^|_)(?:outcome|goal|result)(?:_|$)",
        lambda column: category(column) or (f"{column.distinct} values" if is_binary(column) else None),
        abroad=ABROAD["outcome"],
    ),
    Clue(
        "at",
        ("at", *OUTCOME_TIME_NAMES, "date", "timestamp", "occurred_at"),
        _TIME_WORD,
        a_time,
        abroad=ABROAD["occurred_at"],
    ),
    Clue(
        "value",
        words("value amount revenue deal_value deal_amount price total"),
        r"(?:^|_)(?:amount|revenue|value)(?:_|$)",
        of_type("number"),
        abroad=ABROAD["value"],
    ),
)

ACCOUNTS = (
    Clue("account_id", KNOWN_AS["accounts"]["account_id"], KEY_NAME, key),
    *(clue for clue in LEADS if clue.role in {"company", "company_domain", "country"}),
)

CLUES: Mapping[str, tuple[Clue, ...]] = MappingProxyType(
    {"leads": LEADS, "events": EVENTS, "outcomes": OUTCOMES, "accounts": ACCOUNTS}
)
REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leads": ("lead_id",),
        "events": ("lead_id", "event", "occurred_at"),
        "outcomes": ("lead_id",),
        "accounts": ("account_id",),
    }
)

# --- the outcome -----------------------------------------------------------------------------------------------------

OUTCOME_NAMES = (
    words(
        "converted is_converted conversion has_converted won is_won closed_won is_customer "
        "became_customer customer purchased purchase bought sale sold subscribed deposit outcome "
        "deal_outcome goal result revenue target label y response success accepted paid deal_status "
        "lead_status status lifecycle_stage stage"
    )
    + ABROAD["won"]
)
# Words for won, in order of how surely they say it.
WON = (
    *words("1 yes true y t won"),
    "closed won",
    "closed-won",
    *words("converted customer client sold purchased paid accepted approved success successful subscribed"),
    *WON_ABROAD,
)
NOT_WON = frozenset({"0", "no", "false", "n", "f", "nein", "non"})


def is_binary(column: ColumnLook) -> bool:
    """Whether it has two values, one of which says yes."""
    return len(column.top) == 2 and any(value.strip().lower() in WON for value, _ in column.top)  # noqa: PLR2004


def won_values(column: ColumnLook) -> tuple[str, ...]:
    """Which of its values mean won, as they stand in the file; empty when none says so."""
    by_word = {value.strip().lower(): value for value, _ in column.top}
    return tuple(by_word[word] for word in WON if word in by_word)
