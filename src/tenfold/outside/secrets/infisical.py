"""Infisical, by its REST API: all secrets of one environment of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult

import httpx

from tenfold.outside.secrets.asking import SECONDS, credential, steps, unread, web_address


@dataclass(frozen=True, slots=True)
class Infisical:
    """Asked as a machine identity with universal auth; signs in for each reading."""

    address: str
    client_id: str
    client_secret: str = field(repr=False)
    project: str
    environment: str
    folder: str

    @classmethod
    def of(cls, place: SplitResult, environment: Mapping[str, str]) -> Infisical:
        """That of `infisical://host/project/environment`, and a folder where one is named."""
        takes = "infisical://host/project-id/environment"
        project, slug, *folder = steps(place, 2, takes)
        return cls(
            web_address(place),
            credential(environment, "INFISICAL_CLIENT_ID"),
            credential(environment, "INFISICAL_CLIENT_SECRET"),
            project,
            slug,
            "/" + "/".join(folder),
        )

    def read(self) -> Mapping[str, str]:
        """The secrets of the folder, with references to others filled in."""
        where = f"Infisical at {self.address}"
        try:
            with httpx.Client(base_url=self.address, timeout=SECONDS) as client:
                secrets = self._secrets(client)
        except httpx.HTTPStatusError as error:
            raise unread(where, _why(error.response.status_code)) from None
        except httpx.HTTPError:
            raise unread(where, "it does not answer") from None
        except (KeyError, TypeError, ValueError):
            raise unread(where, "it answers otherwise than Infisical does") from None
        if any(one.get("secretValueHidden") for one in secrets):
            raise unread(where, "the identity may see their names, but not their values")
        return {one["secretKey"]: one["secretValue"] for one in secrets}

    def _secrets(self, client: httpx.Client) -> list[dict[str, Any]]:
        said = {"clientId": self.client_id, "clientSecret": self.client_secret}
        token = _json(client.post("/api/v1/auth/universal-auth/login", json=said))["accessToken"]
        asked = {
            "environment": self.environment,
            "secretPath": self.folder,
            "expandSecretReferences": "true",
        }
        headers = {"authorization": f"Bearer {token}"}
        newer = {**asked, "projectId": self.project}
        answer = client.get("/api/v4/secrets", params=newer, headers=headers)
        if answer.status_code == 404:  # servers from before the end of 2025
            older = {**asked, "workspaceId": self.project}
            answer = client.get("/api/v3/secrets/raw", params=older, headers=headers)
        return _json(answer)["secrets"]


def _json(answer: httpx.Response) -> Any:
    if answer.is_redirect:
        raise ValueError
    answer.raise_for_status()
    return answer.json()


def _why(status: int) -> str:
    if status in (400, 401, 403):
        return "it refuses these credentials, or they may not read this"
    return "there is no such project or environment" if status == 404 else f"it answers {status}"
