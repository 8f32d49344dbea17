"""What the career-services pack declares, as its users meet it."""

from __future__ import annotations

import httpx
import pytest
from tests.factories import Somebody

pytestmark = pytest.mark.anyio


async def test_nobody_graduates_before_starting(client: httpx.AsyncClient, admin: Somebody) -> None:
    student = {"username": "ada", "email": "ada@example.com", "first_name": "Ada"}
    student |= {"last_name": "Li", "school_year": "junior", "starts_on": "2024-08-24"}
    early = {**student, "graduates_on": "2024-08-23"}
    answer = await client.post("/v1/students", json=early, headers=admin.headers)
    assert answer.status_code == 400, answer.text
    assert "can't be before “Starts on”" in answer.text
    in_time = {**student, "graduates_on": "2028-05-20"}
    answer = await client.post("/v1/students", json=in_time, headers=admin.headers)
    assert answer.status_code == 201, answer.text
