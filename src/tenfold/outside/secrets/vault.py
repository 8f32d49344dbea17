"""HashiCorp Vault (and OpenBao): one secret of the KV engine, version 2, with a field for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult

from tenfold.outside.secrets.asking import (
    SECONDS,
    credential,
    package,
    steps,
    unread,
    web_address,
)


class Vault:
    """Asked with a token, or as an AppRole that signs in when its token is refused."""

    def __init__(self, address: str, mount: str, path: str, environment: Mapping[str, str]) -> None:
        hvac = package("hvac", "vault")
        self._failures = (hvac.exceptions.VaultError, package("requests", "vault").RequestException)
        self._refusals = (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized)
        self._where, self._mount, self._path = f"Vault at {address}", mount, path
        self._role = environment.get("VAULT_ROLE_ID", "")
        word = credential(environment, "VAULT_SECRET_ID" if self._role else "VAULT_TOKEN")
        self._secret = word
        self._client: Any = hvac.Client(
            address,
            token="" if self._role else word,
            namespace=environment.get("VAULT_NAMESPACE") or None,
            timeout=SECONDS,
            allow_redirects=False,
        )

    @classmethod
    def of(cls, place: SplitResult, environment: Mapping[str, str]) -> Vault:
        """That of `vault://host:8200/mount/path`."""
        mount, *path = steps(place, 2, "vault://host:8200/mount/path")
        return cls(web_address(place), mount, "/".join(path), environment)

    def read(self) -> Mapping[str, str]:
        """The fields of the secret's newest version."""
        try:
            if self._role and not self._client.token:
                self._sign_in()
            try:
                return self._fields()
            except self._refusals:
                if not self._role:
                    raise
                self._sign_in()
                return self._fields()
        except self._failures as error:
            raise unread(self._where, _why(error)) from None
        except (KeyError, TypeError, AttributeError):
            raise unread(self._where, "it answers otherwise than KV version 2 does") from None

    def _fields(self) -> Mapping[str, str]:
        answer: Any = self._client.secrets.kv.v2.read_secret_version(
            path=self._path, mount_point=self._mount, raise_on_deleted_version=True
        )
        return {name: str(value) for name, value in answer["data"]["data"].items()}

    def _sign_in(self) -> None:
        self._client.auth.approle.login(role_id=self._role, secret_id=self._secret)


def _why(error: Exception) -> str:
    known = {
        "Forbidden": "it refuses these credentials, or they may not read this",
        "Unauthorized": "it refuses these credentials",
        "InvalidRequest": "it refuses these credentials",
        "InvalidPath": "there is no such secret",
        "VaultDown": "it is sealed",
    }
    return known.get(type(error).__name__, "it does not answer as it should")
