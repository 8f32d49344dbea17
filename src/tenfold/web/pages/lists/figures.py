"""The sums of a board's lanes, asked for after the board is there: they look at every record."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tenfold.engine.aggregate import Aggregate, aggregate
from tenfold.kernel import digits
from tenfold.web.pages import words
from tenfold.web.pages.lists.board import money_of
from tenfold.web.pages.lists.lane import spelled
from tenfold.web.pages.lists.question import Question


async def figures(question: Question) -> dict[str, str]:
    """The sum of each lane by its id, one for each currency."""
    field, money = question.group, money_of(question)
    if field is None or money is None:
        return {}
    wanted = Aggregate((field,), (("sum", money),), question.asked.narrowed())
    guest = question.guest
    json, _ = await aggregate(
        guest.reader, guest.person, question.definition, guest.desk.query, wanted
    )
    rows: list[dict[str, Any]] = digits.decode(json)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        total, currency = row.get(f"sum_{money.name}"), row.get(f"{money.name}_currency")
        value = row.get(field.json_name)
        if total and currency:
            text = words.money(Decimal(str(total)), currency)
            found[spelled(value)].append(text)
    return {lane: ", ".join(texts) for lane, texts in found.items()}
